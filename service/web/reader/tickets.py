"""The door at which a page's script gets its form's ticket and, under attack, a challenge."""

from flask import Blueprint, Response, g, jsonify, request

from service.db import db
from service.intake.admission import challenge_for, ticket_for
from service.web.context import house, site_of_path
from service.web.headers import allow_origin
from service.web.reading import key_of
from service.web.speech import speak_for

bp = Blueprint("tickets", __name__)


@bp.get("/s/<slug>/ticket")
def show(slug: str) -> Response:
    """Answer with a ticket for a form of this page; nothing is stored.

    `ticket` in the query is the one the form has already: it is kept while it is good.

    Raises:
        NotFoundError: no such site.
        InvalidError: `page` is not one of the site's.
    """
    site = site_of_path(slug)
    g.origins = list(site.origins)
    speak_for(site)
    page = key_of(site, request.args.get("page", ""))
    held = request.args.get("ticket", "")
    session = db.session()
    ticket = ticket_for(session, house(), site.id, page, held)
    return jsonify(ticket=ticket, challenge=challenge_for(session, house(), site, ticket))


@bp.after_request
def let_the_site_read(response: Response) -> Response:
    """Let scripts of the site's pages read the answer; caches must tell them apart."""
    return allow_origin(response, request.headers.get("Origin"), g.get("origins", []))

"""Doors to a site's endpoints."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import EventType, Role, Site
from service import endpoint_secrets, endpoints
from service.db import db
from service.errors import BadRequestError, InvalidError
from service.queries.outbox import recent_deliveries
from service.web.context import house
from service.web.guarding import guard, own_site, person

bp = Blueprint("endpoints", __name__)
guard(bp)


@bp.get("/sites/<slug>/endpoints")
def index(slug: str) -> ResponseReturnValue:
    """List a site's webhook endpoints with their newest deliveries."""
    return _page(own_site(slug, Role.OWNER), {}, {})


@bp.post("/sites/<slug>/endpoints")
def add(slug: str) -> ResponseReturnValue:
    """Add a webhook endpoint."""
    site = own_site(slug, Role.OWNER)
    try:
        endpoints.add_endpoint(
            house(),
            site.id,
            url=request.form.get("url", "").strip(),
            types=request.form.getlist("types[]"),
        )
    except InvalidError as error:
        return _page(site, request.form, error.errors), error.status
    return redirect(url_for("endpoints.index", slug=slug), code=303)


@bp.post("/sites/<slug>/endpoints/<public_id>")
def change(slug: str, public_id: str) -> ResponseReturnValue:
    """Pause, resume or test an endpoint."""
    site = own_site(slug, Role.OWNER)
    action = request.form.get("action", "")
    if action == "test":
        endpoints.test_endpoint(house(), site.id, public_id)
    elif action == "pause":
        endpoints.pause(house(), site.id, public_id)
    elif action == "resume":
        endpoints.resume(house(), site.id, public_id)
    else:
        raise BadRequestError("The action is pause, resume or test.")
    return redirect(url_for("endpoints.index", slug=slug), code=303)


def _page(site: Site, typed: Any, errors: dict[str, list[str]]) -> str:
    found = endpoints.endpoints(site.id)
    return render_template(
        "moderator/endpoints.html",
        site=site,
        endpoints=[
            (
                endpoint,
                endpoint_secrets.live_secrets(house(), endpoint)[0].shown,
                recent_deliveries(db.session(), endpoint.id),
            )
            for endpoint in found
        ],
        types=list(EventType),
        typed=typed,
        errors=errors,
        person=person(),
    )

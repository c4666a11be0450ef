"""Check my embed: an owner names a page; it is loaded, looked at, and tried."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from models import Role, Site
from service.embed.checkup import Checkup, check_up, send_test, take_over_words
from service.errors import BadRequestError, InvalidError, ServiceError
from service.web.context import client_network, house
from service.web.forms import HONEYPOT
from service.web.moderator.guarding import guard, own_site, person
from service.web.reading import PUBLIC_ID

bp = Blueprint("check", __name__)
guard(bp)

TEST_TEXT = "This is a test comment, sent to see whether comments arrive."


@bp.get("/sites/<slug>/check")
def show(slug: str) -> ResponseReturnValue:
    """Ask for a page; nothing is loaded yet."""
    return _page(own_site(slug, Role.OWNER), request.args.get("url", ""))


@bp.post("/sites/<slug>/check")
def run(slug: str) -> ResponseReturnValue:
    """Check a page, take over its words, or send a test comment to it."""
    site = own_site(slug, Role.OWNER)
    action, url = request.form.get("action", ""), request.form.get("url", "")
    if action == "comment":
        return _send(site, url)
    if action not in ("check", "words"):
        raise BadRequestError("The action is check, words or comment.")
    try:
        found = check_up(house(), site, url, honeypot=HONEYPOT)
        if action == "words":
            take_over_words(house(), site, found)
    except InvalidError as error:
        return _page(site, url, errors=error.errors), error.status
    if action == "words":
        return _back(slug, url=url, words="1")
    return _page(site, url, found=found)


def _send(site: Site, url: str) -> ResponseReturnValue:
    slug, page = site.slug, request.form.get("page", "")
    try:
        accepted = send_test(
            house(), site, page, request.form.get("text", ""), network=client_network()
        )
    except ServiceError as refusal:
        errors = refusal.errors if isinstance(refusal, InvalidError) else {}
        shown = own_site(slug)  # the refusal rolled back, and forgot the rows
        page = _page(shown, url, errors=errors or {"text": [refusal.message]}, page=page)
        return page, refusal.status
    return _back(slug, url=url, sent=accepted.public_id)


def _back(slug: str, **query: str) -> ResponseReturnValue:
    return redirect(f"/sites/{slug}/check?{urlencode(query)}", code=303)


def _page(
    site: Site,
    url: str,
    *,
    found: Checkup | None = None,
    errors: dict[str, list[str]] | None = None,
    page: str = "",
) -> str:
    sent = request.args.get("sent", "")
    return render_template(
        "moderator/check.html",
        site=site,
        url=url,
        found=found,
        errors=errors or {},
        page=page or (found.key if found else ""),
        text=request.form.get("text", TEST_TEXT),
        sent=sent if PUBLIC_ID.fullmatch(sent) else "",
        words="words" in request.args,
        person=person(),
    )

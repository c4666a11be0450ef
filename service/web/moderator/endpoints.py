"""Doors to a site's endpoints: what is told of events, how it fares, and with what it is signed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Attempt, Delivery, Endpoint, EndpointKind, Event, Role, Site
from service.db import db
from service.errors import BadRequestError, InvalidError
from service.queries.deliveries import attempts_of, deliveries_page
from service.web.context import house
from service.web.moderator.guarding import fresh, guard, own_site, person, prove_again
from service.webhooks import endpoints, secrets
from service.webhooks.endpoints import OFFERED
from service.webhooks.secrets import LiveSecret

bp = Blueprint("endpoints", __name__)
guard(bp)

NEWEST = 5  # deliveries shown beside an endpoint; the log has all
OVERLAPS = (
    ("24", "24 hours"),
    ("72", "3 days"),
    ("168", "7 days"),
    ("1", "1 hour"),
    ("0", "not at all: all older ones end at once"),
)
PROVED = frozenset({"reveal", "rotate", "revoke", "remove"})
"""What asks for a fresh proof of who one is."""
DONE = {
    "add": "Added.",
    "change": "Saved.",
    "test": "The test is on its way. Load this page again in a moment to see what came of it.",
    "pause": "Paused. What happens meanwhile waits.",
    "resume": "Resumed.",
    "let_go": "What was held is on its way.",
    "rotate": "Rotated. Show the secrets and give the new one to your receiver.",
    "revoke": "The older secrets have ended.",
    "remove": "Removed.",
}


@bp.get("/sites/<slug>/endpoints")
def index(slug: str) -> ResponseReturnValue:
    """List a site's endpoints and how they fare."""
    return _list_page(own_site(slug, Role.OWNER), {}, {})


@bp.post("/sites/<slug>/endpoints")
def add(slug: str) -> ResponseReturnValue:
    """Add an endpoint."""
    site = own_site(slug, Role.OWNER)
    typed = request.form
    build = typed.get("kind") == EndpointKind.BUILD
    try:
        made = endpoints.add_endpoint(
            house(),
            site.id,
            url=typed.get("url", "").strip(),
            types=[] if build else typed.getlist("types[]"),
            kind=EndpointKind.BUILD if build else EndpointKind.WEBHOOK,
        )
    except InvalidError as error:
        return _list_page(site, typed, error.errors), error.status
    return _shown(slug, made.endpoint.public_id, "add")


@bp.get("/sites/<slug>/endpoints/<public_id>")
def show(slug: str, public_id: str) -> ResponseReturnValue:
    """Show one endpoint: its state in words, its secrets' ends, its newest deliveries."""
    return _page(own_site(slug, Role.OWNER), public_id)


@bp.post("/sites/<slug>/endpoints/<public_id>")
def change(slug: str, public_id: str) -> ResponseReturnValue:
    """Do one of the acts of its page."""
    site = own_site(slug, Role.OWNER)
    action = request.form.get("action", "")
    if action != "reveal" and action not in ACTS:
        raise BadRequestError(f"The action is reveal, {', '.join(ACTS)}.")
    if action in PROVED and not fresh():
        return prove_again(url_for("endpoints.show", slug=slug, public_id=public_id))
    if action == "reveal":
        return _secrets_page(site, public_id)
    try:
        ACTS[action](site.id, public_id)
    except InvalidError as error:
        return _page(site, public_id, errors=error.errors), error.status
    if action == "remove":
        return redirect(url_for("endpoints.index", slug=slug, done=action), code=303)
    return _shown(slug, public_id, action)


def _shown(slug: str, public_id: str, done: str) -> ResponseReturnValue:
    path = url_for("endpoints.show", slug=slug, public_id=public_id, done=done)
    return redirect(path, code=303)


def _change(site_id: int, public_id: str) -> None:
    url, types = request.form.get("url", "").strip(), request.form.getlist("types[]")
    endpoints.change_endpoint(house(), site_id, public_id, url=url, types=types)


def _resume(site_id: int, public_id: str) -> None:
    endpoints.resume(house(), site_id, public_id, held="held" in request.form)


def _rotate(site_id: int, public_id: str) -> None:
    typed, seen = request.form.get("overlap", ""), request.form.get("seen", "")
    if typed not in dict(OVERLAPS) or not (seen.isascii() and seen.isdigit()):
        raise InvalidError({"overlap": ["Choose one of the list."]})
    overlap = timedelta(hours=int(typed))
    secrets.rotate_secret(house(), site_id, public_id, overlap=overlap, seen=int(seen[:9]))


ACTS: Mapping[str, Callable[[int, str], object]] = {
    "test": lambda site_id, public_id: endpoints.test_endpoint(house(), site_id, public_id),
    "pause": lambda site_id, public_id: endpoints.pause(house(), site_id, public_id),
    "resume": _resume,
    "let_go": lambda site_id, public_id: endpoints.let_held_go(house(), site_id, public_id),
    "change": _change,
    "rotate": _rotate,
    "revoke": lambda site_id, public_id: secrets.revoke_old_secrets(house(), site_id, public_id),
    "remove": lambda site_id, public_id: endpoints.remove_endpoint(house(), site_id, public_id),
}


def _list_page(site: Site, typed: Any, errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/endpoints.html",
        site=site,
        standings=[endpoints.standing(house(), one) for one in endpoints.endpoints(site.id)],
        types=OFFERED,
        typed=typed,
        errors=errors,
        done=DONE.get(request.args.get("done", "")),
        person=person(),
    )


def _secrets_page(site: Site, public_id: str) -> ResponseReturnValue:
    live = secrets.reveal_secrets(house(), site.id, public_id)
    answer = make_response(_page(site, public_id, revealed=live))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(
    site: Site,
    public_id: str,
    *,
    errors: dict[str, list[str]] | None = None,
    revealed: Sequence[LiveSecret] = (),
) -> str:
    endpoint = endpoints.endpoint_of(site.id, public_id)
    return render_template(
        "moderator/endpoint.html",
        site=site,
        standing=endpoints.standing(house(), endpoint),
        live=secrets.live_secrets(house(), endpoint),
        revealed={one.version: one.shown for one in revealed},
        deliveries=_newest(endpoint),
        overlaps=OVERLAPS,
        types=OFFERED,
        typed=request.form if errors else {},
        errors=errors or {},
        done=DONE.get(request.args.get("done", "")),
        person=person(),
    )


def _newest(endpoint: Endpoint) -> list[tuple[Delivery, Event, list[Attempt]]]:
    session = db.session()
    rows = deliveries_page(session, endpoint.site_id, endpoint.id, limit=NEWEST)
    tries = attempts_of(session, [delivery.id for delivery, _ in rows])
    return [(delivery, event, tries[delivery.id]) for delivery, event in rows]

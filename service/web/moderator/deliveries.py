"""Doors to what was sent to an endpoint: the log, one delivery, and sending again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import (
    DeliveryState,
    Endpoint,
    EndpointKind,
    EndpointState,
    EventType,
    Outcome,
    ReplayOnly,
    Role,
    Site,
)
from service.db import db
from service.errors import BadRequestError, ConflictError, InvalidError
from service.queries import deliveries as queries
from service.queries.deliveries import LogFilter
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person
from service.webhooks import deliveries, endpoints
from service.webhooks.deliveries import MOST, Wanted
from service.webhooks.endpoints import endpoint_of

bp = Blueprint("deliveries", __name__)
guard(bp)

SEVERAL_DAYS = timedelta(days=3)  # what a replay's form offers first
STATES = {
    DeliveryState.DUE: "waits",
    DeliveryState.LEASED: "under way",
    DeliveryState.DONE: "arrived",
    DeliveryState.DEAD: "given up",
    DeliveryState.HELD: "held back",
}
OUTCOMES = {
    Outcome.OK: "taken (2xx)",
    Outcome.HTTP: "another status",
    Outcome.TIMEOUT: "no answer in time",
    Outcome.CONNECT: "no connection",
    Outcome.TLS: "TLS failed",
    Outcome.DNS: "name not found",
    Outcome.BLOCKED: "address not allowed",
    Outcome.PROTOCOL: "answer not readable",
    Outcome.INTERNAL: "our own fault",
}
ORIGINS = {"auto": "by its event", "replay": "sent again", "test": "a test"}
NO_DAY = "Enter a day, like 2026-11-23."
FILTERS = ("state", "type", "outcome", "from", "to")

_Kind = TypeVar("_Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Typed:
    """A form to send a range again, as it was typed; days are whole days in UTC."""

    since: str
    until: str
    only: str

    def wanted(self) -> Wanted:
        """Return what shall be sent.

        Raises:
            InvalidError: what is no day, or no choice of the form.
        """
        errors: dict[str, list[str]] = {}
        since, until = _day(self.since), _day(self.until)
        if since is None:
            errors["since"] = [NO_DAY]
        if until is None:
            errors["until"] = [NO_DAY]
        if self.only not in list(ReplayOnly):
            errors["only"] = ["Choose one of the two."]
        if since is None or until is None or errors:
            raise InvalidError(errors)
        return Wanted(since, until + timedelta(days=1), ReplayOnly(self.only))


@bp.get("/sites/<slug>/endpoints/<endpoint_id>/deliveries")
def index(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """List what was sent to an endpoint, newest first."""
    site = own_site(slug, Role.OWNER)
    today = house().now()
    typed = Typed(f"{today - SEVERAL_DAYS:%Y-%m-%d}", f"{today:%Y-%m-%d}", ReplayOnly.FAILED)
    return _list(site, endpoint_of(site.id, endpoint_id), typed, {})


@bp.post("/sites/<slug>/endpoints/<endpoint_id>/deliveries")
def act(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Send a range again, after its number was shown; or stop that; or call a build hook once."""
    site = own_site(slug, Role.OWNER)
    endpoint = endpoint_of(site.id, endpoint_id)
    form, action = request.form, request.form.get("action", "")
    typed = Typed(form.get("since", ""), form.get("until", ""), form.get("only", ""))
    try:
        if action == "count":
            return _sure(site, endpoint, typed)
        if action == "replay":
            wanted = typed.wanted()
            deliveries.replay_since(
                house(), site.id, endpoint_id, wanted.since, wanted.until, wanted.only
            )
            return _back(site, endpoint, "began")
        if action == "call":
            endpoints.test_endpoint(house(), site.id, endpoint_id)
            return _back(site, endpoint, "called")
    except InvalidError as error:
        return _list(site, endpoint, typed, error.errors), error.status
    except ConflictError as error:
        return _list(site, endpoint, typed, {"action": [error.message]}), error.status
    if action != "stop":
        raise BadRequestError("The action is count, replay, call or stop.")
    deliveries.stop_replay(house(), site.id, endpoint_id, form.get("replay", ""))
    return _back(site, endpoint, "stopped")


@bp.get("/sites/<slug>/endpoints/<endpoint_id>/deliveries/<delivery_id>")
def show(slug: str, endpoint_id: str, delivery_id: str) -> ResponseReturnValue:
    """Show one delivery: what was sent, and every attempt with its answer."""
    site = own_site(slug, Role.OWNER)
    return _one(site, endpoint_of(site.id, endpoint_id), delivery_id, {})


@bp.post("/sites/<slug>/endpoints/<endpoint_id>/deliveries/<delivery_id>")
def replay(slug: str, endpoint_id: str, delivery_id: str) -> ResponseReturnValue:
    """Send one delivery again."""
    site = own_site(slug, Role.OWNER)
    endpoint = endpoint_of(site.id, endpoint_id)
    try:
        made = deliveries.replay_one(house(), site.id, delivery_id)
    except ConflictError as error:
        return _one(site, endpoint, delivery_id, {"action": [error.message]}), error.status
    return redirect(
        url_for(
            "deliveries.show",
            slug=slug,
            endpoint_id=endpoint_id,
            delivery_id=made.public_id,
            done="replayed",
        ),
        code=303,
    )


def _list(site: Site, endpoint: Endpoint, typed: Typed, errors: dict[str, list[str]]) -> str:
    session, asked = db.session(), request.args
    days = {name: _day(asked.get(name, "")) for name in ("from", "to")}
    wanted = LogFilter(
        state=_member(DeliveryState, "state"),
        type=_member(EventType, "type"),
        outcome=_member(Outcome, "outcome"),
        since=days["from"],
        until=None if days["to"] is None else days["to"] + timedelta(days=1),
    )
    before = asked.get("before") or None
    rows = queries.deliveries_page(
        session, site.id, endpoint.id, wanted, before=before, limit=queries.PAGE + 1
    )
    page = rows[: queries.PAGE]
    chosen = {name: asked[name] for name in FILTERS if asked.get(name)}
    return render_template(
        "moderator/deliveries.html",
        site=site,
        endpoint=endpoint,
        rows=page,
        statuses=queries.last_statuses(session, [delivery.id for delivery, _ in page]),
        older=page[-1][0].public_id if len(rows) > queries.PAGE else None,
        chosen=chosen,
        jobs=queries.jobs_of(session, endpoint.id),
        served=endpoint.state is EndpointState.ACTIVE,
        build=endpoint.kind is EndpointKind.BUILD,
        most=MOST,
        typed=typed,
        errors=errors,
        types=list(EventType),
        done=asked.get("done", ""),
        moment=timedelta(seconds=1),
        **_words(),
    )


def _sure(site: Site, endpoint: Endpoint, typed: Typed) -> str:
    """Say how much would be sent before any of it is."""
    wanted = typed.wanted()
    number = deliveries.number_of_replay(site.id, endpoint.public_id, wanted)
    return render_template(
        "moderator/replay.html",
        site=site,
        endpoint=endpoint,
        typed=typed,
        number=number,
        most=MOST,
        person=person(),
    )


def _one(site: Site, endpoint: Endpoint, delivery_id: str, errors: dict[str, list[str]]) -> str:
    session = db.session()
    delivery, event = deliveries.delivery_to(endpoint, delivery_id)
    build = endpoint.kind is EndpointKind.BUILD
    return render_template(
        "moderator/delivery.html",
        site=site,
        endpoint=endpoint,
        delivery=delivery,
        event=event,
        attempts=queries.attempts_of(session, [delivery.id])[delivery.id],
        body=event.body.decode("utf-8", "replace"),
        open=delivery.is_open,
        served=endpoint.state is EndpointState.ACTIVE,
        build=build,
        erased=not build and queries.was_erased(session, event),
        errors=errors,
        done=request.args.get("done", ""),
        **_words(),
    )


def _words() -> dict[str, object]:
    return {"states": STATES, "outcomes": OUTCOMES, "origins": ORIGINS, "person": person()}


def _back(site: Site, endpoint: Endpoint, done: str) -> ResponseReturnValue:
    path = url_for("deliveries.index", slug=site.slug, endpoint_id=endpoint.public_id, done=done)
    return redirect(path, code=303)


def _member(kind: type[_Kind], name: str) -> _Kind | None:
    """Return the choice of a filter; None where none is made.

    Raises:
        BadRequestError: there is no such choice.
    """
    value = request.args.get(name, "")
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        raise BadRequestError(f"There is no such {name}.") from None


def _day(typed: str) -> datetime | None:
    """Return the beginning of a day in UTC; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(typed.strip()), time(), UTC)
    except ValueError:
        return None

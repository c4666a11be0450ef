"""The deeds of an owner on the addresses that are told of events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from models import Endpoint, EndpointKind, EndpointState, EventType, Site
from service.db import db, transaction
from service.errors import ConflictError, InvalidError, NotFoundError
from service.house import House
from service.http.guarded import SendError, check_url
from service.queries import endpoints as queries
from service.queries.outbox import lease_clock
from service.records.announce import ping
from service.records.audit import note
from service.webhooks.signing import derive_secret, show_secret

URL_LENGTH = 2000
LET_GO_BATCH = 500
OFFERED = tuple(kind for kind in EventType if kind is not EventType.PING)
"""What an endpoint may want: everything that happens; a test goes where it is sent."""
NO_ENDPOINT = "There is no such endpoint."
NOT_ACTIVE = "Nothing goes to this endpoint just now. Resume it first."
FAILURES = {
    "dns": "its name could not be looked up",
    "blocked": "its name led to an address that is not dialled",
    "connect": "the connection was refused",
    "tls": "its certificate or its TLS was not good",
    "timeout": "no answer came in time",
    "protocol": "the answer could not be read",
    "internal": "Gatepost failed itself",
}
"""What a class of failure means, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint just made, with the secret that is shown to its owner."""

    endpoint: Endpoint
    secret: str
    """`whsec_…`; empty for a build hook."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint stands.

    Args:
        waiting: deliveries that wait or are under way.
        held: deliveries that wait for its owner's word.
        next_at: when the first of them is tried next, None when none is.
        rests: after five failures in a row nothing is tried for a while.
        failure: what went wrong the last time, as the end of a sentence; empty while all is well.
    """

    endpoint: Endpoint
    waiting: int
    held: int
    next_at: datetime | None
    rests: bool
    failure: str


def add_endpoint(
    house: House,
    site_id: int,
    *,
    url: str,
    types: Sequence[str] = (),
    kind: EndpointKind = EndpointKind.WEBHOOK,
) -> NewEndpoint:
    """Add an address and return its secret.

    Args:
        types: event types wanted; empty = all. A build hook has no choice.

    Raises:
        InvalidError: an address we would not dial, or an unknown event type.
    """
    _check(house, kind, url, types)
    with transaction() as session:
        endpoint = Endpoint(
            public_id=f"ep_{house.token(20)}",
            site_id=site_id,
            kind=kind,
            url=url,
            types=list(types),
            state=EndpointState.ACTIVE,
            secret_version=1,
            created_at=house.now(),
        )
        session.add(endpoint)
        note(session, house, "endpoint.add", site_id, endpoint=endpoint.public_id)
    build = kind is EndpointKind.BUILD
    secret = "" if build else show_secret(derive_secret(house.ring, endpoint.public_id, 1))
    return NewEndpoint(endpoint, secret)


def change_endpoint(
    house: House, site_id: int, public_id: str, *, url: str, types: Sequence[str] = ()
) -> Endpoint:
    """Change where an endpoint is and what it wants; a new address begins without failures.

    Raises:
        NotFoundError: no such endpoint on this site.
        InvalidError: an address we would not dial, or an unknown event type.
    """
    with transaction() as session:
        endpoint = held_endpoint(session, site_id, public_id)
        _check(house, endpoint.kind, url, types)
        if endpoint.url != url:
            forget_failures(endpoint)
        endpoint.url, endpoint.types = url, list(types)
        note(session, house, "endpoint.change", site_id, endpoint=public_id)
    house.wake()
    return endpoint


def pause(house: House, site_id: int, public_id: str) -> Endpoint:
    """Let nothing go to an endpoint until it is resumed; what happens meanwhile waits.

    Raises:
        NotFoundError: no such endpoint on this site.
        ConflictError: it is disabled, and so rests already.
    """
    with transaction() as session:
        endpoint = held_endpoint(session, site_id, public_id)
        if endpoint.state is EndpointState.DISABLED:
            raise ConflictError("This endpoint is disabled: nothing goes to it anyway.")
        if endpoint.state is EndpointState.ACTIVE:
            endpoint.state, endpoint.state_reason = EndpointState.PAUSED, ""
            endpoint.check_at = None
            note(session, house, "endpoint.paused", site_id, endpoint=public_id)
    return endpoint


def resume(house: House, site_id: int, public_id: str, *, held: bool = False) -> Endpoint:
    """Serve a paused or disabled endpoint again, its failures forgotten.

    Args:
        held: let the deliveries go out too that were held while it was disabled; without that
            they stay, and `let_held_go` can do so later. A build hook is always called.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    with transaction() as session:
        endpoint = held_endpoint(session, site_id, public_id)
        if endpoint.state is not EndpointState.ACTIVE:
            endpoint.state, endpoint.state_reason = EndpointState.ACTIVE, ""
            forget_failures(endpoint)
            queries.give_time_anew(session, endpoint.id)
            note(session, house, "endpoint.active", site_id, endpoint=public_id)
    if held or endpoint.kind is EndpointKind.BUILD:
        let_held_go(house, site_id, public_id)
    house.wake()
    return endpoint


def let_held_go(house: House, site_id: int, public_id: str) -> int:
    """Let all held deliveries of an active endpoint go out under their ids; return how many.

    Each has all its attempts again. Of a build hook's only the newest goes: it shows all.

    Raises:
        NotFoundError: no such endpoint on this site.
        ConflictError: it is not active.
    """
    gone, more = 0, LET_GO_BATCH
    while more == LET_GO_BATCH:
        with transaction() as session:
            endpoint = held_endpoint(session, site_id, public_id)
            _refuse_resting(endpoint)
            if endpoint.kind is EndpointKind.BUILD:
                queries.drop_held_but_newest(session, endpoint.id)
            due = lease_clock(session, house.now())
            more = queries.let_held_go(session, endpoint.id, due, LET_GO_BATCH)
            if more and not gone:
                note(session, house, "endpoint.let_go", site_id, endpoint=public_id)
            gone += more
    house.wake()
    return gone


def test_endpoint(house: House, site_id: int, public_id: str) -> None:
    """Send a `ping` to one endpoint; a build hook is called as if something had changed.

    Raises:
        NotFoundError: no such endpoint on this site.
        ConflictError: it is not active.
    """
    with transaction() as session:
        endpoint = held_endpoint(session, site_id, public_id)
        _refuse_resting(endpoint)
        ping(session, house, endpoint, session.get_one(Site, site_id))
        note(session, house, "endpoint.test", site_id, endpoint=public_id)
    house.wake()


def remove_endpoint(house: House, site_id: int, public_id: str) -> None:
    """Take an endpoint away; what waited for it never goes out.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    with transaction() as session:
        endpoint = held_endpoint(session, site_id, public_id)
        endpoint.state, endpoint.removed_at = EndpointState.DISABLED, house.now()
        endpoint.check_at = None
        queries.give_up_open(session, endpoint.id)
        queries.end_old_secrets(session, endpoint.id, below=endpoint.secret_version)
        note(session, house, "endpoint.remove", site_id, endpoint=public_id)


def endpoints(site_id: int) -> Sequence[Endpoint]:
    """Return a site's endpoints, oldest first."""
    return queries.endpoints_of(db.session(), site_id)


def endpoint_of(site_id: int, public_id: str) -> Endpoint:
    """Return one endpoint of a site.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    endpoint = queries.endpoint_of_site(db.session(), site_id, public_id)
    if endpoint is None:
        raise NotFoundError(NO_ENDPOINT)
    return endpoint


def standing(house: House, endpoint: Endpoint) -> Standing:
    """Return how an endpoint stands now."""
    session = db.session()
    number, due = queries.waiting(session, endpoint.id)
    active = endpoint.state is EndpointState.ACTIVE
    now = lease_clock(session, house.now())
    rests = endpoint.open_until is not None and endpoint.open_until > now
    next_at = max(filter(None, (due, endpoint.open_until)), default=None) if rests else due
    return Standing(
        endpoint=endpoint,
        waiting=number,
        held=queries.held(session, endpoint.id),
        next_at=next_at if active and number else None,
        rests=active and rests,
        failure=told_failure(endpoint) if endpoint.failing_since is not None else "",
    )


def host_of(endpoint: Endpoint) -> str:
    """Return the host of an endpoint: the rest of its address may be a secret."""
    return urlsplit(endpoint.url).hostname or ""


def told_failure(endpoint: Endpoint) -> str:
    """Return what went wrong the last time, as the end of a sentence."""
    last = endpoint.last_failure
    return FAILURES.get(last, f"it answered {last}")


def held_endpoint(session: Session, site_id: int, public_id: str) -> Endpoint:
    """Return one endpoint of a site, locked until the transaction ends.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    endpoint = queries.endpoint_of_site(session, site_id, public_id, lock=True)
    if endpoint is None:
        raise NotFoundError(NO_ENDPOINT)
    return endpoint


def _check(house: House, kind: EndpointKind, url: str, types: Sequence[str]) -> None:
    errors: dict[str, list[str]] = {}
    try:
        check_url(url, house.settings.webhook_allow)
    except SendError as error:
        errors["url"] = [str(error)]
    if len(url) > URL_LENGTH:
        errors["url"] = [f"Use at most {URL_LENGTH:,} characters."]
    unknown = sorted(set(types) - {one.value for one in EventType})
    if unknown:
        errors["types"] = [f"Unknown event type: {', '.join(unknown)}."]
    elif types and kind is EndpointKind.BUILD:
        errors["types"] = ["A build hook is called for every change that the public sees."]
    if errors:
        raise InvalidError(errors)


def _refuse_resting(endpoint: Endpoint) -> None:
    if endpoint.state is not EndpointState.ACTIVE:
        raise ConflictError(NOT_ACTIVE)


def forget_failures(endpoint: Endpoint) -> None:
    """Let an endpoint stand as one that never failed."""
    endpoint.streak, endpoint.blocked, endpoint.told = 0, 0, 0
    endpoint.last_failure = ""
    endpoint.failing_since = endpoint.last_failed_at = None
    endpoint.open_until = endpoint.check_at = None

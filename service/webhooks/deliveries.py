"""The deeds round deliveries: one sent again, or a range of them, a hundred at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointKind,
    EndpointState,
    Event,
    Origin,
    ReplayJob,
    ReplayOnly,
)
from service.db import db, transaction
from service.errors import ConflictError, InvalidError, NotFoundError
from service.house import House
from service.queries import deliveries as queries
from service.queries.outbox import endpoint_for_change, lease_clock
from service.records.audit import note
from service.webhooks.endpoints import endpoint_of

MOST = 10_000
"""Events that one replay sends; who needs more begins the next one where it ended."""
BATCH = 100
"""Deliveries made in one transaction, and no more while so many wait at the endpoint: what
happens meanwhile need not stand behind all of the replay."""
NOT_SERVED = "This endpoint is not served. Resume it first."
UNDER_WAY = "This delivery is under way at this moment."
ERASED = "The comment was erased since: what was said of it before is not sent again."
NO_RANGE = (
    "A build hook is sent no events, so there is no range to send again. Call it once now instead"
    " (in the API: POST /endpoints/{endpoint}/test)."
)
NO_DELIVERY = "There is no such delivery."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a replay shall send.

    Args:
        since: occurred then or later.
        until: occurred before then.
    """

    since: datetime
    until: datetime
    only: ReplayOnly


def new_delivery(
    house: House, event: Event, endpoint: Endpoint, due: datetime, origin: Origin
) -> Delivery:
    """Return a delivery that is due then, not yet stored."""
    return Delivery(
        public_id=f"dlv_{house.token(20)}",
        event_id=event.id,
        endpoint_id=endpoint.id,
        origin=origin,
        ahead=origin is Origin.TEST,
        state=DeliveryState.DUE,
        due_at=due,
        created_at=due,
    )


def delivery_of(site_id: int, public_id: str) -> tuple[Delivery, Event, Endpoint]:
    """Return a delivery of a site with what it carries and where to.

    Raises:
        NotFoundError: no such delivery on this site.
    """
    found = queries.delivery_of_site(db.session(), site_id, public_id)
    if found is None:
        raise NotFoundError(NO_DELIVERY)
    return found


def delivery_to(endpoint: Endpoint, public_id: str) -> tuple[Delivery, Event]:
    """Return a delivery to one endpoint with what it carries.

    Raises:
        NotFoundError: no such delivery to it.
    """
    delivery, event, whither = delivery_of(endpoint.site_id, public_id)
    if whither.id != endpoint.id:
        raise NotFoundError(NO_DELIVERY)
    return delivery, event


def replay_one(house: House, site_id: int, delivery_id: str) -> Delivery:
    """Send what a delivery carries once more, now, even if the endpoint's breaker is open.

    The webhook-id is the same, the timestamp and the signature are new. A delivery that waits for
    its next attempt is brought forward instead, so that nothing is sent twice by one click. A build
    hook is called, and told nothing: also where the comment was erased since.

    Args:
        delivery_id: its public id.

    Returns:
        The delivery that will be attempted.

    Raises:
        NotFoundError: no such delivery on this site.
        ConflictError: it is under way, its comment was erased, or the endpoint is not served.
    """
    with transaction() as session:
        _, event, endpoint = delivery_of(site_id, delivery_id)
        # Before its deliveries, as everybody does who changes both.
        endpoint = _served(endpoint_for_change(session, endpoint.id))
        if endpoint.kind is EndpointKind.WEBHOOK and queries.was_erased(session, event):
            raise ConflictError(ERASED)
        now = lease_clock(session, house.now())
        newest = queries.newest_delivery(session, event.id, endpoint.id)
        delivery = _again(house, newest, event, endpoint, now)
        session.add(delivery)
        session.flush()
        note(session, house, "delivery.replay", site_id, delivery=delivery.public_id)
    house.wake()
    return delivery


def _again(
    house: House, newest: Delivery, event: Event, endpoint: Endpoint, now: datetime
) -> Delivery:
    if newest.state is DeliveryState.LEASED and newest.due_at > now:
        raise ConflictError(UNDER_WAY)
    if newest.is_open:
        newest.due_at, newest.ahead = now, True
        return newest
    delivery = new_delivery(house, event, endpoint, now, Origin.REPLAY)
    delivery.replay, delivery.ahead = newest.replay + 1, True
    return delivery


def replay_since(
    house: House,
    site_id: int,
    endpoint_id: str,
    since: datetime,
    until: datetime,
    only: ReplayOnly,
) -> ReplayJob:
    """Begin to send events of a time once more to one endpoint; `go_on` does the work.

    What is on its way to the endpoint anyway is left alone. The first one goes out even if the
    endpoint's breaker is open.

    Args:
        endpoint_id: its public id.
        only: what never arrived, or all that occurred, the endpoint's wishes of types kept.

    Raises:
        NotFoundError: no such endpoint on this site.
        InvalidError: `until` is not after `since`.
        ConflictError: the endpoint is not served or a build hook, or a replay to it has not ended
            yet.
    """
    wanted = _checked(Wanted(since, until, only))
    with transaction() as session:
        endpoint = endpoint_for_change(session, endpoint_of(site_id, endpoint_id).id)
        _served(_told_events(endpoint))
        running = [job for job in queries.jobs_of(session, endpoint.id) if job.finished_at is None]
        if running:
            raise ConflictError("A replay to this endpoint has not ended yet. Stop it first.")
        job = ReplayJob(
            public_id=f"rpl_{house.token(20)}",
            endpoint_id=endpoint.id,
            since=wanted.since,
            until=wanted.until,
            only=wanted.only,
            place=queries.first_place(session, site_id, wanted.since),
            last=queries.last_position(session),
            number=0,
            made_at=house.now(),
        )
        session.add(job)
        session.flush()
        note(
            session,
            house,
            "endpoint.replay",
            site_id,
            endpoint=endpoint_id,
            replay=job.public_id,
            only=only.value,
        )
    house.wake()
    return job


def number_of_replay(site_id: int, endpoint_id: str, wanted: Wanted) -> int:
    """Return how many events a replay would send, at most `MOST` + 1; changes nothing.

    Raises:
        NotFoundError: no such endpoint on this site.
        InvalidError: `until` is not after `since`.
        ConflictError: the endpoint is a build hook.
    """
    _checked(wanted)
    session = db.session()
    chosen = queries.Range(
        endpoint=_told_events(endpoint_of(site_id, endpoint_id)),
        since=wanted.since,
        until=wanted.until,
        only=wanted.only,
        place=queries.first_place(session, site_id, wanted.since),
        last=queries.last_position(session),
    )
    return queries.number_to_replay(session, chosen, MOST + 1)


def stop_replay(house: House, site_id: int, endpoint_id: str, replay_id: str) -> ReplayJob:
    """Let a replay make no more deliveries; those it made go out. Done twice is done.

    Raises:
        NotFoundError: no such replay of this endpoint.
    """
    with transaction() as session:
        endpoint = endpoint_of(site_id, endpoint_id)
        job = queries.job_of_endpoint(session, endpoint.id, replay_id)
        if job is None:
            raise NotFoundError("There is no such replay.")
        if job.finished_at is None:
            job.finished_at = house.now()
            note(session, house, "endpoint.stop_replay", site_id, replay=replay_id)
    return job


def go_on(house: House) -> int:
    """Make the next deliveries of every replay that has more to do; return how many. A chore.

    One batch a replay and call, in a transaction of its own that moves the replay's place: a
    process that is killed repeats nothing and skips nothing.
    """
    made = 0
    for job_id, endpoint_row in queries.jobs_open(db.session()):
        with transaction() as session:
            endpoint = endpoint_for_change(session, endpoint_row)
            job = queries.job_for_change(session, job_id)
            if job is not None:
                made += _step(session, house, job, endpoint)
    if made:
        house.wake()
    return made


def _step(session: Session, house: House, job: ReplayJob, endpoint: Endpoint) -> int:
    if endpoint.state is EndpointState.DISABLED or endpoint.kind is EndpointKind.BUILD:
        job.finished_at = house.now()
        return 0
    now = lease_clock(session, house.now())
    if queries.waiting_number(session, endpoint.id, now) >= BATCH:
        return 0
    limit = min(BATCH, MOST - job.number)
    chosen = queries.Range(endpoint, job.since, job.until, job.only, job.place, job.last)
    events = queries.events_to_replay(session, chosen, limit)
    for event, times in events:
        delivery = new_delivery(house, event, endpoint, now, Origin.REPLAY)
        delivery.replay = times
        delivery.ahead = job.number == 0
        session.add(delivery)
        job.number += 1
        job.place = event.position or job.place
    if len(events) < BATCH or job.number >= MOST:
        job.finished_at = house.now()
    return len(events)


def _checked(wanted: Wanted) -> Wanted:
    if wanted.until <= wanted.since:
        raise InvalidError({"until": ["Enter a day that is not before the first one."]})
    return wanted


def _told_events(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that is told of events one by one.

    Raises:
        ConflictError: it is a build hook; one call shows it all that changed.
    """
    if endpoint.kind is EndpointKind.BUILD:
        raise ConflictError(NO_RANGE)
    return endpoint


def _served(endpoint: Endpoint) -> Endpoint:
    if endpoint.state is not EndpointState.ACTIVE:
        raise ConflictError(NOT_SERVED)
    return endpoint

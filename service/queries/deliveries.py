"""Questions about deliveries: the log of an endpoint, and what a replay would send again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from models import (
    Attempt,
    Comment,
    Delivery,
    DeliveryState,
    Endpoint,
    Event,
    EventCursor,
    EventType,
    Outcome,
    ReplayJob,
    ReplayOnly,
)
from service.queries.outbox import IS_OPEN

PAGE = 50
UNDELIVERED = (DeliveryState.DEAD, DeliveryState.HELD)
FINISHED = (*UNDELIVERED, DeliveryState.DONE)
LONGEST_HOLD = timedelta(hours=2)
"""More than an event can occur before it gets its position, so that none is passed over."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which deliveries of an endpoint are looked for; None = whichever.

    Args:
        outcome: of the last attempt.
        since: made then or later.
        until: made before then.
    """

    state: DeliveryState | None = None
    type: EventType | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """What a replay takes: events of an endpoint's site that occurred within a time.

    Args:
        place: events up to this position are passed over.
        last: as are those after this one.
    """

    endpoint: Endpoint
    since: datetime
    until: datetime
    only: ReplayOnly
    place: int
    last: int


def deliveries_page(
    session: Session,
    site_id: int,
    endpoint_id: int,
    wanted: LogFilter | None = None,
    *,
    before: str | None = None,
    limit: int = PAGE,
) -> list[tuple[Delivery, Event]]:
    """Return an endpoint's newest deliveries with what they carry, newest first.

    Page 1,000 costs as much as page 1; a state, type or outcome that is rare costs the way back
    to where it stands.

    Args:
        before: public id of the last delivery of the page before this one.
    """
    query = (
        sa.select(Delivery, Event)
        .join(Event, Event.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(
            Delivery.endpoint_id == endpoint_id,
            Endpoint.site_id == site_id,
            *_wanted(wanted or LogFilter()),
        )
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_older_than(before))
    return [(delivery, event) for delivery, event in session.execute(query)]


def _older_than(public_id: str) -> sa.ColumnElement[bool]:
    last = aliased(Delivery)
    place = sa.select(last.created_at, last.id).where(last.public_id == public_id)
    return sa.tuple_(Delivery.created_at, Delivery.id) < place.scalar_subquery()


def _wanted(wanted: LogFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(Delivery.state == wanted.state)
    if wanted.type is not None:
        found.append(Event.type == wanted.type)
    if wanted.outcome is not None:
        found.append(Delivery.outcome == wanted.outcome)
    if wanted.since is not None:
        found.append(Delivery.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(Delivery.created_at < wanted.until)
    return found


def delivery_of_site(
    session: Session, site_id: int, public_id: str
) -> tuple[Delivery, Event, Endpoint] | None:
    """Return a delivery of a site with what it carries and where to."""
    query = (
        sa.select(Delivery, Event, Endpoint)
        .join(Event, Event.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Delivery.public_id == public_id, Endpoint.site_id == site_id)
    )
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1], found[2])


def sent_to(session: Session, site_id: int, endpoint_id: int, event_id: str) -> Event | None:
    """Return the event of that public id if it has a delivery to this endpoint of the site."""
    query = (
        sa.select(Event)
        .join(Delivery, Delivery.event_id == Event.id)
        .where(
            Event.public_id == event_id,
            Event.site_id == site_id,
            Delivery.endpoint_id == endpoint_id,
        )
        .limit(1)
    )
    return session.scalar(query)


def attempts_of(session: Session, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    """Return the attempts of these deliveries, oldest first, by delivery."""
    query = sa.select(Attempt).where(Attempt.delivery_id.in_(delivery_ids)).order_by(Attempt.id)
    found: dict[int, list[Attempt]] = {one: [] for one in delivery_ids}
    for attempt in session.scalars(query):
        found[attempt.delivery_id].append(attempt)
    return found


def last_statuses(session: Session, delivery_ids: Sequence[int]) -> dict[int, int]:
    """Return the HTTP status of each delivery's last attempt, where an answer came."""
    last = (
        sa.select(sa.func.max(Attempt.id))
        .where(Attempt.delivery_id.in_(delivery_ids))
        .group_by(Attempt.delivery_id)
    )
    query = sa.select(Attempt.delivery_id, Attempt.status).where(
        Attempt.id.in_(last), Attempt.status.is_not(None)
    )
    return {delivery: status for delivery, status in session.execute(query) if status is not None}


def last_position(session: Session) -> int:
    """Return the last position that was given out."""
    return session.scalars(sa.select(EventCursor.position).where(EventCursor.id == 1)).one()


def first_place(session: Session, site_id: int, since: datetime) -> int:
    """Return a position before which no event of a site can have occurred after `since`.

    Positions are given in the order of release, so this walks back from the newest one and costs
    what happened since.
    """
    query = (
        sa.select(Event.position)
        .where(
            Event.site_id == site_id,
            Event.position.is_not(None),
            Event.occurred_at < since - LONGEST_HOLD,
        )
        .order_by(Event.position.desc())
        .limit(1)
    )
    return session.scalar(query) or 0


def events_to_replay(session: Session, wanted: Range, limit: int) -> list[tuple[Event, int]]:
    """Return events that a replay sends next, oldest first, and how often each was delivered.

    Left out: what is on its way anyway, tests, and what was said of a comment before it was
    erased.
    """
    query = _to_replay(wanted).order_by(Event.position).limit(limit)
    return [(event, times) for event, times in session.execute(query)]


def number_to_replay(session: Session, wanted: Range, most: int) -> int:
    """Return how many events a replay would send; counts no further than `most`."""
    rows = _to_replay(wanted).with_only_columns(Event.id).limit(most).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0


def _to_replay(wanted: Range) -> sa.Select[Event, int]:
    endpoint, newest = wanted.endpoint, aliased(Delivery)
    newer = aliased(Delivery)
    is_newest = ~sa.exists().where(
        newer.event_id == newest.event_id,
        newer.endpoint_id == newest.endpoint_id,
        newer.replay > newest.replay,
    )
    return (
        sa.select(Event, sa.func.coalesce(newest.replay + 1, 0))
        .outerjoin(
            newest,
            sa.and_(newest.event_id == Event.id, newest.endpoint_id == endpoint.id, is_newest),
        )
        .where(
            Event.site_id == endpoint.site_id,
            Event.position > wanted.place,
            Event.position <= wanted.last,
            Event.occurred_at >= wanted.since,
            Event.occurred_at < wanted.until,
            Event.type != EventType.PING,
            *_of_types(endpoint),
            ~_said_before_erasure(),
            _left_over(wanted, newest.state),
        )
    )


def _of_types(endpoint: Endpoint) -> list[sa.ColumnElement[bool]]:
    return [Event.type.in_(endpoint.types)] if endpoint.types else []


def _said_before_erasure() -> sa.ColumnElement[bool]:
    return sa.and_(
        Event.type != EventType.ERASED,
        sa.exists().where(Comment.id == Event.comment_id, Comment.erased_at.is_not(None)),
    )


def _left_over(
    wanted: Range, state: sa.SQLColumnExpression[DeliveryState]
) -> sa.ColumnElement[bool]:
    if wanted.only is ReplayOnly.ALL:
        return sa.or_(state.is_(None), state.in_(FINISHED))
    # An endpoint that is new did not miss what was there before it.
    missed = sa.and_(state.is_(None), Event.occurred_at >= wanted.endpoint.created_at)
    return sa.or_(missed, state.in_(UNDELIVERED))


def was_erased(session: Session, event: Event) -> bool:
    """Say whether the comment that an event speaks of was erased since."""
    query = sa.select(Event.id).where(Event.id == event.id, _said_before_erasure())
    return session.scalar(query) is not None


def newest_delivery(session: Session, event_id: int, endpoint_id: int) -> Delivery:
    """Return the newest delivery of an event to an endpoint, locked until the transaction ends."""
    query = (
        sa.select(Delivery)
        .where(Delivery.event_id == event_id, Delivery.endpoint_id == endpoint_id)
        .order_by(Delivery.replay.desc())
        .limit(1)
    )
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def waiting_number(session: Session, endpoint_id: int, now: datetime) -> int:
    """Return how many deliveries to an endpoint are due and wait for their turn."""
    query = sa.select(sa.func.count()).where(
        Delivery.endpoint_id == endpoint_id, IS_OPEN, Delivery.due_at <= now
    )
    return session.scalar(query) or 0


def jobs_open(session: Session) -> Sequence[tuple[int, int]]:
    """Return rows of the replays that have more to do and of their endpoints, oldest first."""
    query = (
        sa.select(ReplayJob.id, ReplayJob.endpoint_id)
        .where(ReplayJob.finished_at.is_(None))
        .order_by(ReplayJob.id)
    )
    return [(job, endpoint) for job, endpoint in session.execute(query)]


def job_for_change(session: Session, job_id: int) -> ReplayJob | None:
    """Return a replay, locked until the transaction ends; None while a rival has it."""
    query = sa.select(ReplayJob).where(ReplayJob.id == job_id, ReplayJob.finished_at.is_(None))
    return session.scalar(
        query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    )


def jobs_of(session: Session, endpoint_id: int, *, limit: int = 5) -> Sequence[ReplayJob]:
    """Return an endpoint's newest replays, newest first."""
    query = sa.select(ReplayJob).where(ReplayJob.endpoint_id == endpoint_id)
    return session.scalars(query.order_by(ReplayJob.id.desc()).limit(limit)).all()


def job_of_endpoint(session: Session, endpoint_id: int, public_id: str) -> ReplayJob | None:
    """Return one replay of an endpoint, locked until the transaction ends."""
    query = sa.select(ReplayJob).where(
        ReplayJob.endpoint_id == endpoint_id, ReplayJob.public_id == public_id
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))

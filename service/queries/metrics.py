"""What is in the boxes now, for whoever watches over us: index look-ups, whatever was delivered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Event,
    Job,
    Lesson,
    Mail,
    Notice,
    QueueCount,
    Site,
    Status,
)
from service.queries.outbox import IS_OPEN

# Written into the statement for the same reason as `IS_OPEN`.
IS_UNSENT = Delivery.state.in_(
    sa.bindparam(
        "unsent", (DeliveryState.DEAD, DeliveryState.HELD), expanding=True, literal_execute=True
    )
)
WAITS_FOR_RELEASE = (Event.position.is_(None), Event.cancelled_at.is_(None))


def oldest_delivery(session: Session, now: datetime) -> datetime | None:
    """Return since when the oldest delivery is due that could go out: no breaker open, not paused.

    One look-up an endpoint.
    """
    first = (
        sa.select(sa.func.min(Delivery.due_at))
        .where(Delivery.endpoint_id == Endpoint.id, IS_OPEN, Delivery.due_at <= now)
        .scalar_subquery()
    )
    query = sa.select(sa.func.min(first)).where(
        Endpoint.state == EndpointState.ACTIVE,
        sa.or_(Endpoint.open_until.is_(None), Endpoint.open_until <= now),
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def oldest_event(session: Session, now: datetime) -> datetime | None:
    """Return when the hold ended of the event that waits longest for its release."""
    query = sa.select(sa.func.min(Event.release_at)).where(
        *WAITS_FOR_RELEASE, Event.release_at <= now
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def oldest_of(session: Session, table: type[Mail | Notice | Job], now: datetime) -> datetime | None:
    """Return since when the oldest mail, notice or job is due."""
    query = sa.select(sa.func.min(table.due_at)).where(table.due_at <= now)
    found: datetime | None = session.execute(query).scalar_one()
    return found


def delivery_counts(session: Session) -> Mapping[str, int]:
    """Return how many deliveries are in each state but `done`, which are not counted."""
    counts = {state.value: 0 for state in DeliveryState if state is not DeliveryState.DONE}
    for part in (IS_OPEN, IS_UNSENT):
        query = sa.select(Delivery.state, sa.func.count()).where(part).group_by(Delivery.state)
        counts.update((state.value, number) for state, number in session.execute(query))
    return counts


def waiting_counts(session: Session) -> Mapping[str, int]:
    """Return how many rows wait in each of the other boxes."""
    boxes: Mapping[str, tuple[type[Any], tuple[Any, ...]]] = {
        "event": (Event, WAITS_FOR_RELEASE),
        "mail": (Mail, (Mail.due_at.is_not(None),)),
        "notice": (Notice, (Notice.due_at.is_not(None),)),
        "job": (Job, (Job.due_at.is_not(None),)),
        "lesson": (Lesson, ()),
    }
    return {
        name: session.execute(
            sa.select(sa.func.count()).select_from(table).where(*conditions)
        ).scalar_one()
        for name, (table, conditions) in boxes.items()
    }


def endpoint_counts(session: Session) -> Mapping[str, int]:
    """Return how many endpoints are in each state."""
    counts = {state.value: 0 for state in EndpointState}
    query = sa.select(Endpoint.state, sa.func.count()).group_by(Endpoint.state)
    counts.update((state.value, number) for state, number in session.execute(query))
    return counts


def open_breakers(session: Session, now: datetime) -> int:
    """Return how many endpoints rest now because they failed."""
    query = sa.select(sa.func.count()).where(
        Endpoint.state == EndpointState.ACTIVE, Endpoint.open_until > now
    )
    return session.execute(query).scalar_one()


def pending_by_site(session: Session) -> Mapping[str, int]:
    """Return how many comments wait for a moderator, by the site's slug."""
    query = (
        sa.select(Site.slug, sa.func.sum(QueueCount.number))
        .join(QueueCount, QueueCount.site_id == Site.id)
        .where(QueueCount.status == Status.PENDING)
        .group_by(Site.slug)
    )
    return {slug: int(number) for slug, number in session.execute(query)}

"""What time takes away, in small batches, so that no writer waits long.

Rows are chosen before the lock is taken and looked at once more when they go: to walk past those
that stay can cost a hundred times what it costs to delete a batch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import (
    Attempt,
    Authenticator,
    Contact,
    Delivery,
    DeliveryState,
    Event,
    EventHorizon,
    KeptAnswer,
    Mail,
    Notice,
    PasswordReset,
    RateBucket,
    ReportedExample,
    StaffSession,
    SubmissionKey,
    Subscription,
    Trace,
)
from service.queries.endpoints import IS_HELD
from service.queries.sites import insert_or_leave

BATCH = 500
SUBSCRIBED = sa.exists().where(
    Subscription.contact_id == Contact.id,
    Subscription.confirmed_at.is_not(None),
    Subscription.ended_at.is_(None),
)
"""Who has confirmed that he wants mail keeps his address here until he ends it."""
# Written into the statement, not bound: SQLite uses a partial index only where it can read why.
IS_OVER = Delivery.state.in_(
    sa.bindparam(
        "over", (DeliveryState.DONE, DeliveryState.DEAD), expanding=True, literal_execute=True
    )
)


@dataclass(frozen=True, slots=True)
class Past:
    """Rows of one table whose time is over.

    Args:
        key: their primary key.
        is_past: what makes them so.
        eldest: by what they are found, the eldest first; None = in any order.
        becomes: what such a row becomes where it stays; None = it goes.
        first: what is written down before they go.
    """

    key: InstrumentedAttribute[Any]
    is_past: sa.ColumnElement[bool]
    eldest: InstrumentedAttribute[Any] | None = None
    becomes: Mapping[str, Any] | None = None
    first: Callable[[Session, Sequence[Any]], None] | None = None


def find(session: Session, past: Past) -> Sequence[Any]:
    """Return the keys of a batch of such rows."""
    query = sa.select(past.key).where(past.is_past).limit(BATCH)
    if past.eldest is not None:
        query = query.order_by(past.eldest)
    return session.scalars(query).all()


def let_go(session: Session, past: Past, keys: Sequence[Any]) -> int:
    """Let these rows go, or become what they become; return for how many it still was time."""
    if past.first is not None:
        past.first(session, keys)
    table, still = past.key.class_, sa.and_(past.key.in_(keys), past.is_past)
    over: sa.Delete | sa.Update = sa.delete(table).where(still)
    if past.becomes is not None:
        over = sa.update(table).where(still).values(**past.becomes)
    # Nothing of what goes was loaded.
    unseen = {"synchronize_session": False}
    return len(session.scalars(over.returning(past.key), execution_options=unseen).all())


def submission_keys(before: datetime) -> Past:
    """Return keys of submissions older than that."""
    return Past(SubmissionKey.id, SubmissionKey.created_at < before)


def kept_answers(before: datetime) -> Past:
    """Return answers to repeatable requests older than that."""
    return Past(KeptAnswer.id, KeptAnswer.made_at < before)


def buckets(before: datetime) -> Past:
    """Return rate buckets not used since then."""
    return Past(RateBucket.network, RateBucket.filled_at < before)


def addresses(before: date) -> Past:
    """Return sealed addresses whose author's last comment is older.

    The blind index and the counters stay.
    """
    return Past(
        Contact.id,
        sa.and_(Contact.last_day < before, Contact.email_sealed.is_not(None), ~SUBSCRIBED),
        becomes={"email_sealed": None, "email_kid": None},
    )


def contacts(before: date) -> Past:
    """Return contacts whose last comment is older."""
    return Past(Contact.id, sa.and_(Contact.last_day < before, ~SUBSCRIBED))


def subscriptions(before: datetime) -> Past:
    """Return wishes for mail that nobody confirmed in time."""
    unconfirmed = Subscription.confirmed_at.is_(None)
    return Past(Subscription.id, sa.and_(unconfirmed, Subscription.made_at < before))


def mails(before: datetime) -> Past:
    """Return mails that were sent or given up before that."""
    return Past(Mail.id, sa.and_(Mail.due_at.is_(None), Mail.made_at < before))


def notices(before: datetime) -> Past:
    """Return mails to moderators that were sent or given up before that."""
    return Past(Notice.id, sa.and_(Notice.due_at.is_(None), Notice.made_at < before))


def staff_sessions(before: datetime) -> Past:
    """Return moderators' sessions that began before that."""
    return Past(StaffSession.id, StaffSession.began_at < before)


def enrolments(before: datetime) -> Past:
    """Return authenticator apps that no code has confirmed in time."""
    unconfirmed = Authenticator.confirmed_at.is_(None)
    return Past(Authenticator.id, sa.and_(unconfirmed, Authenticator.made_at < before))


def resets(now: datetime) -> Past:
    """Return links to a new password whose time is over."""
    return Past(PasswordReset.moderator_id, PasswordReset.expires_at <= now)


def traces(before: datetime) -> Past:
    """Return what the guard of learning remembers and has not seen since then."""
    return Past(Trace.id, Trace.seen_at < before)


def reports(before: datetime) -> Past:
    """Return what programs reported as spam or ham before that."""
    return Past(ReportedExample.id, ReportedExample.reported_at < before)


def held_deliveries(before: datetime) -> Past:
    """Return deliveries that have been held since before that: they are given up."""
    is_past = sa.and_(IS_HELD, Delivery.created_at < before)
    return Past(Delivery.id, is_past, becomes={"state": DeliveryState.DEAD})


def attempts(before: datetime) -> Past:
    """Return attempts made before that."""
    # Their numbers grow with time: where the first ones are young, no old one comes after.
    eldest = sa.select(Attempt.id).order_by(Attempt.id).limit(BATCH)
    return Past(Attempt.id, sa.and_(Attempt.id.in_(eldest), Attempt.at < before))


def deliveries(before: datetime) -> Past:
    """Return deliveries that are over and were written before that.

    One that is due stays, however old; so does one of which an attempt is kept.
    """
    tried = sa.exists().where(Attempt.delivery_id == Delivery.id)
    is_past = sa.and_(IS_OVER, Delivery.created_at < before, ~tried)
    return Past(Delivery.id, is_past, Delivery.created_at)


def events(before: datetime) -> Past:
    """Return events that left, or were cancelled, before that; one with a delivery stays.

    How far back a site's events are told is written down.
    """
    left = sa.or_(Event.position.is_not(None), Event.cancelled_at.is_not(None))
    delivered = sa.exists().where(Delivery.event_id == Event.id)
    is_past = sa.and_(left, Event.release_at < before, ~delivered)
    return Past(Event.id, is_past, Event.release_at, first=_note_horizons)


def _note_horizons(session: Session, event_ids: Sequence[int]) -> None:
    last = sa.func.coalesce(sa.func.max(Event.position), 0)
    query = sa.select(Event.site_id, last).where(Event.id.in_(event_ids)).group_by(Event.site_id)
    for site_id, position in session.execute(query.order_by(Event.site_id)).all():
        insert_or_leave(session, EventHorizon, {"site_id": site_id, "position": 0})
        session.execute(
            sa.update(EventHorizon)
            .where(EventHorizon.site_id == site_id, EventHorizon.position < position)
            .values(position=position)
        )

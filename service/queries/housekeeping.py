"""What time takes away, in small batches, so that no writer waits long."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import (
    Attempt,
    Authenticator,
    Contact,
    Delivery,
    DeliveryState,
    Event,
    EventHorizon,
    Mail,
    Notice,
    PasswordReset,
    RateBucket,
    StaffSession,
    SubmissionKey,
    Subscription,
)
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


def forget_submission_keys(session: Session, before: datetime) -> int:
    """Delete a batch of submission keys older than that; return how many."""
    old = sa.select(SubmissionKey.id).where(SubmissionKey.created_at < before).limit(BATCH)
    query = sa.delete(SubmissionKey).where(SubmissionKey.id.in_(old)).returning(SubmissionKey.id)
    return len(session.scalars(query).all())


def forget_buckets(session: Session, before: datetime) -> int:
    """Delete a batch of rate buckets not used since then; return how many."""
    old = sa.select(RateBucket.network).where(RateBucket.filled_at < before).limit(BATCH)
    query = sa.delete(RateBucket).where(RateBucket.network.in_(old)).returning(RateBucket.network)
    return len(session.scalars(query).all())


def forget_addresses(session: Session, before: date) -> int:
    """Delete a batch of sealed addresses whose author's last comment is older; return how many.

    The blind index and the counters stay.
    """
    old = (
        sa.select(Contact.id)
        .where(Contact.last_day < before, Contact.email_sealed.is_not(None), ~SUBSCRIBED)
        .limit(BATCH)
    )
    query = (
        sa.update(Contact)
        .where(Contact.id.in_(old))
        .values(email_sealed=None, email_kid=None)
        .returning(Contact.id)
    )
    return len(session.scalars(query).all())


def forget_contacts(session: Session, before: date) -> int:
    """Delete a batch of contacts whose last comment is older; return how many."""
    old = sa.select(Contact.id).where(Contact.last_day < before, ~SUBSCRIBED).limit(BATCH)
    query = sa.delete(Contact).where(Contact.id.in_(old)).returning(Contact.id)
    return len(session.scalars(query).all())


def forget_subscriptions(session: Session, before: datetime) -> int:
    """Delete a batch of wishes for mail that nobody confirmed in time; return how many."""
    old = sa.select(Subscription.id).where(
        Subscription.confirmed_at.is_(None), Subscription.made_at < before
    )
    query = sa.delete(Subscription).where(Subscription.id.in_(old.limit(BATCH)))
    return len(session.scalars(query.returning(Subscription.id)).all())


def forget_mails(session: Session, before: datetime) -> int:
    """Delete a batch of mails that were sent or given up before that; return how many."""
    old = sa.select(Mail.id).where(Mail.due_at.is_(None), Mail.made_at < before)
    query = sa.delete(Mail).where(Mail.id.in_(old.limit(BATCH))).returning(Mail.id)
    return len(session.scalars(query).all())


def forget_notices(session: Session, before: datetime) -> int:
    """Delete a batch of mails to moderators that were sent or given up before that."""
    old = sa.select(Notice.id).where(Notice.due_at.is_(None), Notice.made_at < before)
    query = sa.delete(Notice).where(Notice.id.in_(old.limit(BATCH))).returning(Notice.id)
    return len(session.scalars(query).all())


def forget_sessions(session: Session, before: datetime) -> int:
    """Delete a batch of moderators' sessions that began before that; return how many."""
    old = sa.select(StaffSession.id).where(StaffSession.began_at < before).limit(BATCH)
    query = sa.delete(StaffSession).where(StaffSession.id.in_(old)).returning(StaffSession.id)
    return len(session.scalars(query).all())


def forget_enrolments(session: Session, before: datetime) -> int:
    """Delete a batch of authenticator apps that no code has confirmed in time; return how many."""
    old = sa.select(Authenticator.id).where(
        Authenticator.confirmed_at.is_(None), Authenticator.made_at < before
    )
    query = sa.delete(Authenticator).where(Authenticator.id.in_(old.limit(BATCH)))
    return len(session.scalars(query.returning(Authenticator.id)).all())


def forget_resets(session: Session, now: datetime) -> int:
    """Delete a batch of links to a new password whose time is over; return how many."""
    key = PasswordReset.moderator_id
    old = sa.select(key).where(PasswordReset.expires_at <= now).limit(BATCH)
    query = sa.delete(PasswordReset).where(key.in_(old)).returning(key)
    return len(session.scalars(query).all())


def forget_attempts(session: Session, before: datetime) -> int:
    """Delete a batch of attempts made before that, the eldest first; return how many."""
    # Their numbers grow with time: where the first ones are young, no old one comes after.
    eldest = sa.select(Attempt.id, Attempt.at).order_by(Attempt.id).limit(BATCH).subquery()
    old = sa.select(eldest.c.id).where(eldest.c.at < before)
    query = sa.delete(Attempt).where(Attempt.id.in_(old)).returning(Attempt.id)
    return len(session.scalars(query).all())


def forget_deliveries(session: Session, before: datetime) -> int:
    """Delete a batch of deliveries that are over and were written before that; return how many.

    One that is due stays, however old; so does one of which an attempt is kept.
    """
    old = (
        sa.select(Delivery.id)
        .where(IS_OVER, Delivery.created_at < before)
        .where(~sa.exists().where(Attempt.delivery_id == Delivery.id))
        .order_by(Delivery.created_at)
        .limit(BATCH)
    )
    query = sa.delete(Delivery).where(Delivery.id.in_(old)).returning(Delivery.id)
    return len(session.scalars(query).all())


def forget_events(session: Session, before: datetime) -> int:
    """Delete a batch of events that left, or were cancelled, before that; return how many.

    One with a delivery stays. How far back a site's events are told is written down.
    """
    left = sa.or_(Event.position.is_not(None), Event.cancelled_at.is_not(None))
    old = (
        sa.select(Event.id)
        .where(left, Event.release_at < before)
        .where(~sa.exists().where(Delivery.event_id == Event.id))
        .order_by(Event.release_at)
        .limit(BATCH)
    )
    query = sa.delete(Event).where(Event.id.in_(old)).returning(Event.site_id, Event.position)
    gone = session.execute(query).all()
    horizons: dict[int, int] = {}
    for site_id, position in gone:
        horizons[site_id] = max(horizons.get(site_id, 0), position or 0)
    for site_id, position in sorted(horizons.items()):
        insert_or_leave(session, EventHorizon, {"site_id": site_id, "position": 0})
        session.execute(
            sa.update(EventHorizon)
            .where(EventHorizon.site_id == site_id, EventHorizon.position < position)
            .values(position=position)
        )
    return len(gone)

"""Questions about events from the side of their causes; the dispatcher's stand in outbox."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Event, EventHorizon

OPEN = (DeliveryState.DUE, DeliveryState.LEASED, DeliveryState.HELD)


def cancel_event(session: Session, decision_id: int, now: datetime) -> bool:
    """Cancel the event of a decision if it has not been released; say whether one was.

    The release locks the same row, so an event is either cancelled or sent, never both.
    """
    query = (
        sa.update(Event)
        .where(
            Event.decision_id == decision_id,
            Event.position.is_(None),
            Event.cancelled_at.is_(None),
        )
        .values(cancelled_at=now)
        .returning(Event.id)
    )
    return session.execute(query).first() is not None


def events_for_change(session: Session, comment_id: int) -> Sequence[Event]:
    """Return all events about a comment, locked until the transaction ends."""
    # In the order in which the dispatcher locks them, so that neither waits for the other for ever.
    query = (
        sa.select(Event).where(Event.comment_id == comment_id).order_by(Event.release_at, Event.id)
    )
    return session.scalars(query.with_for_update()).all()


def stop_deliveries(session: Session, event_ids: Sequence[int]) -> None:
    """Let no open delivery of these events be tried again."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.event_id.in_(event_ids), Delivery.state.in_(OPEN))
        .values(state=DeliveryState.DEAD)
    )


def horizon(session: Session, site_id: int) -> int:
    """Return the highest position among the events of a site that were let go; 0 = none was.

    Whoever asks for what came after an earlier position has missed some and must be told.
    """
    query = sa.select(EventHorizon.position).where(EventHorizon.site_id == site_id)
    return session.scalar(query) or 0


def released_events(session: Session, site_id: int, after: int, limit: int) -> Sequence[Event]:
    """Return a site's events after a position, in order; tests of one endpoint are left out."""
    query = sa.select(Event).where(
        Event.site_id == site_id, Event.position > after, Event.endpoint_id.is_(None)
    )
    return session.scalars(query.order_by(Event.position).limit(limit)).all()

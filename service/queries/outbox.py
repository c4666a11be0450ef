"""Questions of the dispatcher: what leaves the house, what comes next, what became of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import OPEN_STATES, Delivery, DeliveryState, Endpoint, EndpointState, Event, EventCursor


def is_open(state: InstrumentedAttribute[DeliveryState]) -> sa.ColumnElement[bool]:
    """Return whether a delivery in this state is still to be attempted, or is being attempted."""
    # Written into the statement, not bound: SQLite uses the partial index of open deliveries only
    # where it can read the condition, and would else scan all that were ever delivered.
    return state.in_(sa.bindparam("open", OPEN_STATES, expanding=True, literal_execute=True))


IS_OPEN = is_open(Delivery.state)
# Where no time is asked for SQLite would take the index of all that an endpoint ever got.
EVER_OPEN = sa.and_(IS_OPEN, Delivery.due_at > datetime(1970, 1, 1, tzinfo=UTC))


def lease_clock(session: Session, local: datetime) -> datetime:
    """Return the time by which leases run: the server's on PostgreSQL, ours on SQLite.

    Workers on several machines then agree, however their own clocks stand.
    """
    if session.get_bind().dialect.name == "sqlite":
        return local
    moment: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment


def cursor_for_change(session: Session) -> EventCursor:
    """Return the row that gives out positions, locked until the transaction ends."""
    query = sa.select(EventCursor).where(EventCursor.id == 1)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def events_to_release(session: Session, now: datetime, limit: int) -> Sequence[Event]:
    """Return events whose hold is over, locked, in the order in which they shall leave."""
    query = (
        sa.select(Event)
        .where(Event.position.is_(None), Event.cancelled_at.is_(None), Event.release_at <= now)
        .order_by(Event.release_at, Event.id)
        .limit(limit)
    )
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def next_release(session: Session) -> datetime | None:
    """Return when the next hold ends, None when no event waits."""
    return session.execute(_NEXT_RELEASE).scalar_one()


def next_due(session: Session, now: datetime) -> datetime | None:
    """Return when the next retry, lease or breaker's pause ends after `now`, None when none does.

    What is due already waits for room at its endpoint, not for a time. One index look-up an
    endpoint, however long its backlog.
    """
    return session.execute(_NEXT_DUE, {"now": now}).scalar_one()


def _next_due() -> sa.Select[datetime | None]:
    now = sa.bindparam("now", type_=Delivery.due_at.type)
    delivery = (
        sa.select(sa.func.min(Delivery.due_at))
        .where(Delivery.endpoint_id == Endpoint.id, IS_OPEN, Delivery.due_at > now)
        .scalar_subquery()
    )
    moment = sa.case((Endpoint.open_until > now, Endpoint.open_until), else_=delivery)
    return sa.select(sa.func.min(moment)).where(Endpoint.state == EndpointState.ACTIVE)


# Asked with every turn, therefore put together once.
_NEXT_DUE = _next_due()
_NEXT_RELEASE = sa.select(sa.func.min(Event.release_at)).where(
    Event.position.is_(None), Event.cancelled_at.is_(None)
)


def mark_leased(session: Session, delivery_id: int, token: str, values: Mapping[str, Any]) -> bool:
    """Change a delivery that we still hold; False when the lease was lost meanwhile."""
    query = (
        sa.update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.token == token,
            Delivery.state == DeliveryState.LEASED,
        )
        .values(**values)
        .returning(Delivery.id)
    )
    return session.execute(query).first() is not None


def endpoint_for_change(session: Session, endpoint_id: int) -> Endpoint:
    """Return an endpoint, locked until the transaction ends.

    Whoever changes an endpoint's deliveries locks it before them: in any other order two marks
    wait for each other when a receiver is gone.
    """
    query = sa.select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def hold_deliveries(session: Session, endpoint_id: int) -> None:
    """Keep the open deliveries of a disabled endpoint for a later replay."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, EVER_OPEN)
        .values(state=DeliveryState.HELD)
    )

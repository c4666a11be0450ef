"""Questions of the dispatcher: what is due, for whom, and who has it now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Event, EventCursor

OPEN = (DeliveryState.DUE, DeliveryState.LEASED)


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


def active_endpoints(session: Session, site_ids: Sequence[int]) -> Sequence[Endpoint]:
    """Return the endpoints of these sites that are served."""
    query = sa.select(Endpoint).where(
        Endpoint.site_id.in_(site_ids), Endpoint.state == EndpointState.ACTIVE
    )
    return session.scalars(query.order_by(Endpoint.id)).all()


def claimable(session: Session, now: datetime, *, cap: int, limit: int) -> Sequence[int]:
    """Return ids of deliveries that are due and may go out now.

    At most `cap` an endpoint, those under way counted in, so that a dead endpoint's backlog
    does not stand in the way of the others; one probe where the breaker is half open.
    """
    under_way = (
        sa.select(Delivery.endpoint_id, sa.func.count().label("number"))
        .where(Delivery.state == DeliveryState.LEASED, Delivery.due_at > now)
        .group_by(Delivery.endpoint_id)
        .subquery()
    )
    place = sa.func.row_number().over(
        partition_by=Delivery.endpoint_id, order_by=(Delivery.due_at, Delivery.id)
    )
    room = sa.case((Endpoint.open_until.is_not(None), 1), else_=cap) - sa.func.coalesce(
        under_way.c.number, 0
    )
    ranked = (
        sa.select(Delivery.id, Delivery.due_at, place.label("place"), room.label("room"))
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .outerjoin(under_way, under_way.c.endpoint_id == Delivery.endpoint_id)
        .where(
            Delivery.state.in_(OPEN),
            Delivery.due_at <= now,
            Endpoint.state == EndpointState.ACTIVE,
            sa.or_(Endpoint.open_until.is_(None), Endpoint.open_until <= now),
        )
        .subquery()
    )
    query = sa.select(ranked.c.id).where(ranked.c.place <= ranked.c.room)
    return session.scalars(query.order_by(ranked.c.due_at, ranked.c.id).limit(limit)).all()


def lease(
    session: Session, ids: Sequence[int], *, now: datetime, until: datetime, token: str
) -> Sequence[int]:
    """Lease these deliveries, leaving out what a rival was faster to take."""
    free = (
        sa.select(Delivery.id)
        .where(Delivery.id.in_(ids), Delivery.state.in_(OPEN), Delivery.due_at <= now)
        .with_for_update(skip_locked=True)
    )
    taken = (
        sa.update(Delivery)
        .where(Delivery.id.in_(free.scalar_subquery()))
        .values(
            state=DeliveryState.LEASED, due_at=until, token=token, attempts=Delivery.attempts + 1
        )
        .returning(Delivery.id)
    )
    return session.scalars(taken).all()


def deliveries_with_event(
    session: Session, ids: Sequence[int]
) -> list[tuple[Delivery, Event, Endpoint]]:
    """Return deliveries with what they carry and where to, as they stand now."""
    query = (
        sa.select(Delivery, Event, Endpoint)
        .join(Event, Event.id == Delivery.event_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
        .execution_options(populate_existing=True)
    )
    return [(delivery, event, endpoint) for delivery, event, endpoint in session.execute(query)]


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
    """Return an endpoint, locked until the transaction ends."""
    query = sa.select(Endpoint).where(Endpoint.id == endpoint_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def hold_deliveries(session: Session, endpoint_id: int) -> None:
    """Keep the open deliveries of a disabled endpoint for a later replay."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.state.in_(OPEN))
        .values(state=DeliveryState.HELD)
    )


def recent_deliveries(
    session: Session, endpoint_id: int, *, limit: int = 50
) -> list[tuple[Delivery, Event, list[Attempt]]]:
    """Return an endpoint's newest deliveries with their attempts, newest first."""
    query = (
        sa.select(Delivery, Event)
        .join(Event, Event.id == Delivery.event_id)
        .where(Delivery.endpoint_id == endpoint_id)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    rows = [(delivery, event) for delivery, event in session.execute(query)]
    tries = session.scalars(
        sa.select(Attempt)
        .where(Attempt.delivery_id.in_([delivery.id for delivery, _ in rows]))
        .order_by(Attempt.id)
    ).all()
    return [
        (delivery, event, [one for one in tries if one.delivery_id == delivery.id])
        for delivery, event in rows
    ]

"""Questions about a site's endpoints, their older secrets and what waits for them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, Endpoint, EndpointState, OldSecret
from service.queries.outbox import EVER_OPEN

# Written into the statement, not bound: SQLite uses a partial index only where it can read it.
IS_HELD = Delivery.state == sa.bindparam("held", DeliveryState.HELD, literal_execute=True)


def endpoints_of(session: Session, site_id: int) -> Sequence[Endpoint]:
    """Return a site's endpoints, oldest first."""
    query = sa.select(Endpoint).where(Endpoint.site_id == site_id, Endpoint.removed_at.is_(None))
    return session.scalars(query.order_by(Endpoint.id)).all()


def lock_endpoints(session: Session, site_id: int) -> None:
    """Lock all endpoints of a site, removed ones too, until the transaction ends.

    By id, as a claim does, and before events and deliveries: see `endpoint_for_change`.
    """
    query = sa.select(Endpoint.id).where(Endpoint.site_id == site_id).order_by(Endpoint.id)
    session.execute(query.with_for_update(key_share=True)).all()


def endpoint_of_site(
    session: Session, site_id: int, public_id: str, *, lock: bool = False
) -> Endpoint | None:
    """Return one endpoint of a site.

    Args:
        lock: nobody else changes it, its secrets or its deliveries until the transaction ends.
    """
    query = sa.select(Endpoint).where(
        Endpoint.site_id == site_id,
        Endpoint.public_id == public_id,
        Endpoint.removed_at.is_(None),
    )
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(query)


def old_secrets(
    session: Session, endpoint_ids: Sequence[int], now: datetime
) -> Sequence[OldSecret]:
    """Return older secrets that still sign along, newest first."""
    query = sa.select(OldSecret).where(
        OldSecret.endpoint_id.in_(endpoint_ids), OldSecret.not_after > now
    )
    return session.scalars(query.order_by(OldSecret.version.desc())).all()


def end_old_secrets(session: Session, endpoint_id: int, *, below: int) -> int:
    """Let secrets of versions below that sign no more; return how many there were."""
    query = sa.delete(OldSecret).where(
        OldSecret.endpoint_id == endpoint_id, OldSecret.version < below
    )
    return len(session.scalars(query.returning(OldSecret.version)).all())


def give_up_open(session: Session, endpoint_id: int) -> None:
    """Let nothing more go to an endpoint: not what is due, nor what is held."""
    query = sa.update(Delivery).where(
        Delivery.endpoint_id == endpoint_id, sa.or_(EVER_OPEN, IS_HELD)
    )
    session.execute(
        query.values(state=DeliveryState.DEAD), execution_options={"synchronize_session": False}
    )


def give_time_anew(session: Session, endpoint_id: int) -> None:
    """Let the five days of what waits begin with its next attempt: a pause was not its fault."""
    query = sa.update(Delivery).where(Delivery.endpoint_id == endpoint_id, EVER_OPEN)
    session.execute(query.values(first_at=None), execution_options={"synchronize_session": False})


def let_held_go(session: Session, endpoint_id: int, due: datetime, limit: int) -> int:
    """Let held deliveries go out with all their attempts, oldest first; return how many."""
    held = (
        sa.select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id, IS_HELD)
        .order_by(Delivery.created_at, Delivery.id)
        .limit(limit)
    )
    query = (
        sa.update(Delivery)
        .where(Delivery.id.in_(held.scalar_subquery()))
        .values(state=DeliveryState.DUE, due_at=due, attempts=0, first_at=None, token="")
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(query).all())


def drop_held_but_newest(session: Session, endpoint_id: int) -> None:
    """Of what is held for a build hook keep the newest: one build shows all that changed."""
    newest = (
        sa.select(sa.func.max(Delivery.id))
        .where(Delivery.endpoint_id == endpoint_id, IS_HELD)
        .scalar_subquery()
    )
    query = sa.update(Delivery).where(
        Delivery.endpoint_id == endpoint_id, IS_HELD, Delivery.id != newest
    )
    session.execute(
        query.values(state=DeliveryState.DONE), execution_options={"synchronize_session": False}
    )


def waiting(session: Session, endpoint_id: int) -> tuple[int, datetime | None]:
    """Return how many deliveries wait for an endpoint, and when the first of them is due."""
    query = sa.select(sa.func.count(), sa.func.min(Delivery.due_at)).where(
        Delivery.endpoint_id == endpoint_id, EVER_OPEN
    )
    number, due = session.execute(query).one()
    return number, due


def held(session: Session, endpoint_id: int) -> int:
    """Return how many deliveries are held for an endpoint."""
    query = sa.select(sa.func.count()).where(Delivery.endpoint_id == endpoint_id, IS_HELD)
    return session.scalar(query) or 0


def endpoint_to_check(session: Session, now: datetime) -> bool:
    """Say whether an endpoint has reached a mark: a look that costs no lock."""
    query = sa.select(Endpoint.id).where(Endpoint.check_at <= now).limit(1)
    return session.scalar(query) is not None


def endpoints_to_check(session: Session, now: datetime, limit: int) -> Sequence[Endpoint]:
    """Return endpoints that have reached a mark, locked; what a rival holds is left out."""
    query = (
        sa.select(Endpoint)
        .where(Endpoint.check_at <= now)
        .order_by(Endpoint.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def serving(session: Session, site_ids: Sequence[int]) -> Sequence[Endpoint]:
    """Return the endpoints of these sites for which events are kept, active or not."""
    query = sa.select(Endpoint).where(Endpoint.site_id.in_(site_ids), Endpoint.removed_at.is_(None))
    return session.scalars(query.order_by(Endpoint.id)).all()


def build_to_come(session: Session, endpoint: Endpoint) -> bool:
    """Say whether a build hook is to be called that was not called yet: it will show all.

    What is under way, or was tried already, may have begun before the newest change.
    """
    untried = sa.and_(EVER_OPEN, Delivery.state == DeliveryState.DUE, Delivery.attempts == 0)
    # What is held goes out only if its owner wants so, unless nothing else would.
    coming = IS_HELD if endpoint.state is EndpointState.DISABLED else untried
    query = sa.select(Delivery.id).where(Delivery.endpoint_id == endpoint.id, coming)
    # In order, or PostgreSQL looks for one among all that were ever delivered.
    return session.scalar(query.order_by(Delivery.due_at).limit(1)) is not None


def served_by_build(session: Session, endpoint_id: int, delivery_id: int) -> None:
    """End what still waits from before a build that succeeded: it showed that too."""
    query = sa.update(Delivery).where(
        Delivery.endpoint_id == endpoint_id,
        EVER_OPEN,
        Delivery.state == DeliveryState.DUE,
        Delivery.id < delivery_id,
    )
    session.execute(
        query.values(state=DeliveryState.DONE), execution_options={"synchronize_session": False}
    )

"""Questions about moderators' sessions."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import StaffSession


def by_digest(session: Session, digest: bytes) -> StaffSession | None:
    """Return the session of a cookie's id, over or not; one row off an index."""
    return session.scalar(sa.select(StaffSession).where(StaffSession.token_digest == digest))


def of_moderator(session: Session, moderator_id: int, public_id: str) -> StaffSession | None:
    """Return one of a moderator's sessions, locked until the transaction ends."""
    query = sa.select(StaffSession).where(
        StaffSession.moderator_id == moderator_id, StaffSession.public_id == public_id
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def live(
    session: Session, moderator_id: int, *, began: datetime, seen: datetime
) -> Sequence[StaffSession]:
    """Return a moderator's sessions that began and were seen after that, the last seen first."""
    query = sa.select(StaffSession).where(
        StaffSession.moderator_id == moderator_id,
        StaffSession.ended_at.is_(None),
        StaffSession.began_at > began,
        StaffSession.seen_at > seen,
    )
    query = query.order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    return session.scalars(query).all()


def set_seen(session: Session, session_id: int, now: datetime) -> None:
    """Note when a session was last seen."""
    query = sa.update(StaffSession).where(StaffSession.id == session_id).values(seen_at=now)
    session.execute(query.execution_options(synchronize_session=False))


def end_all_but(session: Session, moderator_id: int, kept_id: int | None, now: datetime) -> int:
    """End a moderator's sessions, one excepted if it is named; return how many were not yet."""
    query = sa.update(StaffSession).where(
        StaffSession.moderator_id == moderator_id, StaffSession.ended_at.is_(None)
    )
    if kept_id is not None:
        query = query.where(StaffSession.id != kept_id)
    query = query.values(ended_at=now).returning(StaffSession.id)
    return len(session.scalars(query.execution_options(synchronize_session=False)).all())

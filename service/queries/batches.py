"""Questions about acts on many comments."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Batch, Comment, Decision, Moderator


def batch_of_moderator(session: Session, moderator_id: int, public_id: str) -> Batch | None:
    """Return one of a moderator's batches."""
    return session.scalar(
        sa.select(Batch).where(Batch.moderator_id == moderator_id, Batch.public_id == public_id)
    )


def batch_for_change(session: Session, moderator_id: int, public_id: str) -> Batch | None:
    """Return one of a moderator's batches, locked until the transaction ends."""
    query = sa.select(Batch).where(Batch.moderator_id == moderator_id, Batch.public_id == public_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def batches_wait(session: Session) -> bool:
    """Say whether a batch is not finished; costs no lock."""
    return (
        session.scalar(sa.select(Batch.id).where(Batch.finished_at.is_(None)).limit(1)) is not None
    )


def open_batch(session: Session) -> Batch | None:
    """Return the oldest unfinished batch, locked; what another worker holds is left out."""
    query = sa.select(Batch).where(Batch.finished_at.is_(None)).order_by(Batch.id).limit(1)
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalar(query)


def undo_of(session: Session, batch_id: int) -> Batch | None:
    """Return the batch that took this one back."""
    return session.scalar(sa.select(Batch).where(Batch.undoes_id == batch_id))


def comments_for_change(session: Session, rows: Sequence[int]) -> list[Comment]:
    """Return comments by row, locked in one order until the transaction ends."""
    query = sa.select(Comment).where(Comment.id.in_(rows)).order_by(Comment.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))


def decisions_of_batch(
    session: Session, batch_id: int, *, after: int, limit: int
) -> Sequence[Decision]:
    """Return a batch's decisions beyond a row, oldest first."""
    query = sa.select(Decision).where(Decision.batch_id == batch_id, Decision.id > after)
    return session.scalars(query.order_by(Decision.id).limit(limit)).all()


def names_of(session: Session, moderator_ids: Sequence[int]) -> list[str]:
    """Return moderators' names, in order of the alphabet."""
    query = sa.select(Moderator.name).where(Moderator.id.in_(moderator_ids))
    return list(session.scalars(query.order_by(Moderator.name)))

"""Questions about what comments said before moderators edited them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Event, EventType, Moderator, Revision


def revision(session: Session, revision_id: int) -> Revision | None:
    """Return an edit."""
    return session.get(Revision, revision_id)


def revisions_of(session: Session, comment_id: int) -> list[tuple[Revision, Moderator]]:
    """Return the edits of a comment, oldest first, with who made them."""
    query = (
        sa.select(Revision, Moderator)
        .join(Moderator, Moderator.id == Revision.moderator_id)
        .where(Revision.comment_id == comment_id)
        .order_by(Revision.id)
    )
    return [(row, moderator) for row, moderator in session.execute(query)]


def cancel_edit(session: Session, undone: Revision, now: datetime) -> bool:
    """Cancel the event of an edit if it has not been released; say whether one was."""
    query = (
        sa.update(Event)
        .where(
            Event.comment_id == undone.comment_id,
            Event.type == EventType.EDITED,
            Event.occurred_at == undone.made_at,
            Event.position.is_(None),
            Event.cancelled_at.is_(None),
        )
        .values(cancelled_at=now)
        .returning(Event.id)
    )
    return session.execute(query).first() is not None


def forget_revisions(session: Session, comment_id: int) -> None:
    """Delete what a comment said before."""
    session.execute(
        sa.update(Revision).where(Revision.comment_id == comment_id).values(undoes_id=None)
    )
    session.execute(sa.delete(Revision).where(Revision.comment_id == comment_id))

"""Questions about what comments said before moderators edited them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from models import Comment, Event, EventType, Moderator, Revision

_undoing = aliased(Revision)
RECENT = (
    sa.select(Revision, Comment)
    .join(Comment, Comment.id == Revision.comment_id)
    .where(
        Revision.moderator_id == sa.bindparam("moderator"),
        Revision.made_at >= sa.bindparam("since", type_=Revision.made_at.type),
        Revision.undoes_id.is_(None),
        Revision.version == Comment.version,
        ~sa.exists().where(_undoing.undoes_id == Revision.id),
    )
    .order_by(Revision.id.desc())
    .limit(sa.bindparam("most"))
)


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


def recent_revisions(
    session: Session, moderator_id: int, *, since: datetime, limit: int
) -> Sequence[tuple[Revision, Comment]]:
    """Return a moderator's newest edits that can still be undone."""
    values = {"moderator": moderator_id, "since": since, "most": limit}
    return [(row, comment) for row, comment in session.execute(RECENT, values)]


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

"""Questions about what persons decided, for measuring the filter against them."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Decision, Status
from service.queries.comments import PRESENT

BY_PERSON = sa.exists().where(Decision.comment_id == Comment.id, Decision.moderator_id.is_not(None))
JUDGED = Comment.status.in_((Status.APPROVED, Status.SPAM))


def decided_comments(session: Session, site_id: int, limit: int) -> list[Comment]:
    """Return a site's newest comments that a person approved or called spam, newest first."""
    query = (
        sa.select(Comment)
        .where(Comment.site_id == site_id, JUDGED, PRESENT, ~Comment.by_owner, BY_PERSON)
        .order_by(Comment.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def blind_verdicts(
    session: Session, site_id: int, threshold: float, *, above: bool
) -> tuple[int, int]:
    """Return how many of the blind sample were decided above or below, and how many approved."""
    side = Comment.probability >= threshold if above else Comment.probability < threshold
    approved = sa.func.sum(sa.case((Comment.status == Status.APPROVED, 1), else_=0))
    query = sa.select(sa.func.count(), approved).where(
        Comment.site_id == site_id, Comment.blind, JUDGED, BY_PERSON, side
    )
    number, honest = session.execute(query).one()
    return number, int(honest or 0)


def blind_waiting(session: Session, site_id: int) -> int:
    """Return how many of the blind sample wait for a person."""
    query = sa.select(sa.func.count()).where(
        Comment.site_id == site_id, Comment.blind, Comment.status == Status.PENDING, PRESENT
    )
    return session.scalar(query) or 0

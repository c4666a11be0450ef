"""Questions that only the public pages ask."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Status
from service.queries.comments import PRESENT


def public_by_rows(session: Session, row_ids: Collection[int]) -> dict[int, Comment]:
    """Return those of the comments that readers see, by row id."""
    if not row_ids:
        return {}
    query = sa.select(Comment).where(
        Comment.id.in_(row_ids), Comment.status == Status.APPROVED, PRESENT
    )
    return {comment.id: comment for comment in session.scalars(query)}

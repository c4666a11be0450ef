"""Questions that only the public pages ask."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Status, Thread
from service.queries.comments import PRESENT


def public_by_rows(session: Session, row_ids: Collection[int]) -> dict[int, Comment]:
    """Return those of the comments that readers see, by row id."""
    if not row_ids:
        return {}
    query = sa.select(Comment).where(
        Comment.id.in_(row_ids), Comment.status == Status.APPROVED, PRESENT
    )
    return {comment.id: comment for comment in session.scalars(query)}


def public_counts(session: Session, site_id: int, pages: Collection[str]) -> dict[str, int]:
    """Return the number of comments that readers see on each page that has any."""
    query = (
        sa.select(Thread.page, sa.func.count(Comment.id))
        .join(Comment, Comment.thread_id == Thread.id)
        .where(
            Thread.site_id == site_id,
            Thread.page.in_(pages),
            Comment.status == Status.APPROVED,
            PRESENT,
        )
        .group_by(Thread.page)
    )
    return {page: count for page, count in session.execute(query)}  # noqa: C416 - mypy knows no dict of rows

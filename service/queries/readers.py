"""Questions that only the public pages ask."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, PageAlias, Status, Thread
from service.queries.comments import PRESENT


def public_by_rows(session: Session, row_ids: Collection[int]) -> dict[int, Comment]:
    """Return those of the comments that readers see, by row id."""
    if not row_ids:
        return {}
    query = sa.select(Comment).where(
        Comment.id.in_(row_ids), Comment.status == Status.APPROVED, PRESENT
    )
    return {comment.id: comment for comment in session.scalars(query)}


def newest_of_site(session: Session, site_id: int, most: int) -> list[tuple[Comment, Thread]]:
    """Return a site's newest public comments with their threads, newest first."""
    query = (
        sa.select(Comment, Thread)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.site_id == site_id, Comment.status == Status.APPROVED, PRESENT)
        .order_by(Comment.id.desc())
        .limit(most)
    )
    return [(comment, thread) for comment, thread in session.execute(query)]


def public_counts(session: Session, site_id: int, pages: Collection[str]) -> dict[str, int]:
    """Return the number of comments that readers see on each page that has any."""
    by_name = sa.select(Thread.page, Thread.id).where(
        Thread.site_id == site_id, Thread.page.in_(pages)
    )
    by_alias = sa.select(PageAlias.page, PageAlias.thread_id).where(
        PageAlias.site_id == site_id, PageAlias.page.in_(pages)
    )
    named = by_name.union_all(by_alias).subquery()
    query = (
        sa.select(named.c.page, sa.func.count(Comment.id))
        .join(Comment, Comment.thread_id == named.c.id)
        .where(Comment.status == Status.APPROVED, PRESENT)
        .group_by(named.c.page)
    )
    return {page: count for page, count in session.execute(query)}  # noqa: C416 - mypy knows no dict of rows

"""Questions of those who look after threads: other names of a page, and becoming one."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, PageAlias, Thread


def thread_of_site(session: Session, site_id: int, thread_id: int) -> Thread | None:
    """Return a thread of a site by its row."""
    return session.scalar(
        sa.select(Thread).where(Thread.site_id == site_id, Thread.id == thread_id)
    )


def threads_for_change(session: Session, ids: Sequence[int]) -> dict[int, Thread]:
    """Return threads by row, locked against everybody in one order until the transaction ends."""
    query = sa.select(Thread).where(Thread.id.in_(ids)).order_by(Thread.id)
    rows = session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return {thread.id: thread for thread in rows}


def aliases_of(session: Session, thread_id: int) -> Sequence[PageAlias]:
    """Return the other names of a thread's page, oldest first."""
    query = sa.select(PageAlias).where(PageAlias.thread_id == thread_id).order_by(PageAlias.id)
    return session.scalars(query).all()


def alias_of_thread(session: Session, thread_id: int, alias_id: int) -> PageAlias | None:
    """Return one other name of a thread's page."""
    return session.scalar(
        sa.select(PageAlias).where(PageAlias.thread_id == thread_id, PageAlias.id == alias_id)
    )


def number_of_comments(session: Session, thread_id: int) -> int:
    """Return how many comments of any status stand in a thread."""
    query = sa.select(sa.func.count()).where(Comment.thread_id == thread_id)
    return session.scalar(query) or 0


def hold_comments(session: Session, thread_id: int) -> None:
    """Lock a thread's comments, in one order.

    Whoever decides about a comment locks it before its thread; so must who locks both.
    """
    query = sa.select(Comment.id).where(Comment.thread_id == thread_id).order_by(Comment.id)
    session.execute(query.with_for_update())


def move_all(session: Session, source: Thread, target: Thread) -> int:
    """Move comments and other names to another thread and return how many comments that were."""
    session.execute(
        sa.update(PageAlias).where(PageAlias.thread_id == source.id).values(thread_id=target.id)
    )
    moved = sa.update(Comment).where(Comment.thread_id == source.id).values(thread_id=target.id)
    return len(session.scalars(moved.returning(Comment.id)).all())

"""Questions of learning: what is to be learned, from what, and what is remembered."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Decision, Example, LabelWithdrawal, Lesson, Thread, Trace, TraceKind
from service.queries.sites import insert_or_leave


def add_lesson(session: Session, comment: Comment) -> None:
    """Note that a comment's verdict changed."""
    values = {"comment_id": comment.id, "site_id": comment.site_id}
    insert_or_leave(session, Lesson, values)


def add_lessons_of_site(session: Session, site_id: int) -> int:
    """Note all comments of a site that a person ever decided about; return how many."""
    decided = (
        sa.select(Decision.comment_id, Decision.site_id)
        .where(
            Decision.site_id == site_id,
            Decision.moderator_id.is_not(None),
            ~sa.exists().where(Lesson.comment_id == Decision.comment_id),
        )
        .distinct()
    )
    query = sa.insert(Lesson).from_select(["comment_id", "site_id"], decided)
    return len(session.scalars(query.returning(Lesson.comment_id)).all())


def lessons_wait(session: Session) -> bool:
    """Say whether there is anything to learn; costs no lock."""
    return session.scalar(sa.select(Lesson.comment_id).limit(1)) is not None


def take_lessons(session: Session, limit: int) -> Sequence[Comment]:
    """Take comments to learn from off the list, locked; what a rival holds is left out.

    The comment is locked before its lesson is deleted, in the order in which a decision locks
    and inserts them, so that neither waits for the other for ever.
    """
    waiting = session.scalars(
        sa.select(Lesson.comment_id).order_by(Lesson.comment_id).limit(limit)
    ).all()
    query = sa.select(Comment).where(Comment.id.in_(waiting)).order_by(Comment.id)
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    comments = session.scalars(query).all()
    ours = [comment.id for comment in comments]
    taken = sa.delete(Lesson).where(Lesson.comment_id.in_(ours)).returning(Lesson.comment_id)
    ids = set(session.scalars(taken))
    return [comment for comment in comments if comment.id in ids]


def decisions_on(session: Session, comment_id: int) -> Sequence[Decision]:
    """Return the decisions on a comment, oldest first."""
    query = sa.select(Decision).where(Decision.comment_id == comment_id).order_by(Decision.id)
    return session.scalars(query).all()


def withdrawn_until(session: Session, site_id: int, moderator_id: int) -> datetime | None:
    """Return up to when a moderator's decisions teach nothing, None when all of them do."""
    row = session.get(LabelWithdrawal, (site_id, moderator_id))
    return None if row is None else row.until


def first_comment_stands(session: Session, thread: Thread) -> bool:
    """Say whether the comment that opened a thread is public: a person read its title too."""
    query = sa.select(Comment).where(Comment.thread_id == thread.id).order_by(Comment.id).limit(1)
    first = session.scalar(query)
    return first is not None and first.is_public


def forget_lessons(session: Session, comment_id: int) -> None:
    """Forget all that was or would be learned from a comment."""
    for table in (Lesson, Example, Trace):
        session.execute(sa.delete(table).where(table.comment_id == comment_id))


def forget_example(session: Session, comment_id: int) -> bool:
    """Forget what was learned from a comment; say whether there was anything."""
    session.execute(sa.delete(Trace).where(Trace.comment_id == comment_id))
    query = sa.delete(Example).where(Example.comment_id == comment_id)
    return session.scalar(query.returning(Example.comment_id)) is not None


def forget_examples_of(session: Session, site_id: int, moderator_id: int | None) -> None:
    """Forget what a site learned, from one moderator or from everybody (None)."""
    chosen = sa.select(Example.comment_id).where(Example.site_id == site_id)
    if moderator_id is not None:
        chosen = chosen.where(Example.moderator_id == moderator_id)
    session.execute(sa.delete(Trace).where(Trace.comment_id.in_(chosen)))
    session.execute(sa.delete(Example).where(Example.comment_id.in_(chosen)))


def recent_examples(session: Session, site_id: int, limit: int) -> list[Example]:
    """Return a site's newest examples, oldest first."""
    query = (
        sa.select(Example)
        .where(Example.site_id == site_id)
        .order_by(Example.decided_at.desc(), Example.comment_id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))[::-1]


def example_counts(session: Session, site_id: int) -> tuple[int, int]:
    """Return how many ham and spam examples a site has."""
    query = sa.select(Example.spam, sa.func.count()).where(Example.site_id == site_id)
    found = [(spam, number) for spam, number in session.execute(query.group_by(Example.spam))]
    return dict(found).get(False, 0), dict(found).get(True, 0)


def approved_in_script(session: Session, site_id: int, script: str, most: int) -> int:
    """Return how many honest comments in a script a site knows, counting no further."""
    some = (
        sa.select(Example.comment_id)
        .where(Example.site_id == site_id, Example.script == script, ~Example.spam)
        .limit(most)
        .subquery()
    )
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def examples_by_moderator(session: Session, site_id: int) -> list[tuple[int | None, int, int]]:
    """Return (moderator, ham, spam) of a site's examples, the busiest first."""
    spam = sa.func.sum(sa.case((Example.spam, 1), else_=0))
    query = (
        sa.select(Example.moderator_id, sa.func.count() - spam, spam)
        .where(Example.site_id == site_id)
        .group_by(Example.moderator_id)
        .order_by(sa.func.count().desc())
    )
    return [(who, int(ham), int(bad)) for who, ham, bad in session.execute(query)]


def largest_overlap(
    session: Session, site_id: int, shingles: Collection[int], since: datetime
) -> tuple[int, int | None]:
    """Return how many of these shingles one rejected comment holds, and which comment that is."""
    if not shingles:
        return 0, None
    number = sa.func.count()
    query = (
        sa.select(Trace.comment_id, number)
        .where(
            Trace.site_id == site_id,
            Trace.kind == TraceKind.SHINGLE,
            Trace.number.in_(shingles),
            Trace.spam,
            Trace.seen_at >= since,
        )
        .group_by(Trace.comment_id)
        .order_by(number.desc(), Trace.comment_id)
        .limit(1)
    )
    row = session.execute(query).first()
    return (0, None) if row is None else (row[1], row[0])


def known_hosts(
    session: Session, site_id: int, hosts: Collection[int], since: datetime
) -> list[tuple[int, bool]]:
    """Return (host, spam) for each of these hosts and each verdict it met with."""
    if not hosts:
        return []
    query = (
        sa.select(Trace.number, Trace.spam)
        .where(
            Trace.site_id == site_id,
            Trace.kind == TraceKind.HOST,
            Trace.number.in_(hosts),
            Trace.seen_at >= since,
        )
        .distinct()
    )
    return [(host, spam) for host, spam in session.execute(query)]


def touch_traces(session: Session, comment_id: int, now: datetime) -> None:
    """Keep a campaign in memory: it was seen again."""
    session.execute(sa.update(Trace).where(Trace.comment_id == comment_id).values(seen_at=now))


def comments_on_page(session: Session, thread_id: int, since: datetime, most: int) -> int:
    """Return how many comments came to a page since then, counting no further than `most`."""
    some = (
        sa.select(Comment.id)
        .where(Comment.thread_id == thread_id, Comment.created_at >= since)
        .limit(most)
        .subquery()
    )
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def forget_examples_of_version(session: Session, site_id: int, version: str) -> None:
    """Forget a site's examples of other feature code than this; their numbers mean nothing now."""
    session.execute(
        sa.delete(Example).where(Example.site_id == site_id, Example.feature_version != version)
    )


def withdraw(session: Session, withdrawal: LabelWithdrawal) -> None:
    """Note whose decisions teach nothing; a later one replaces an earlier."""
    session.merge(withdrawal)


def restore(session: Session, site_id: int, moderator_id: int) -> None:
    """Forget a withdrawal."""
    session.execute(
        sa.delete(LabelWithdrawal).where(
            LabelWithdrawal.site_id == site_id, LabelWithdrawal.moderator_id == moderator_id
        )
    )


def withdrawals(session: Session, site_id: int) -> dict[int, datetime]:
    """Return whose decisions teach nothing on a site, and up to when."""
    query = sa.select(LabelWithdrawal).where(LabelWithdrawal.site_id == site_id)
    return {row.moderator_id: row.until for row in session.scalars(query)}

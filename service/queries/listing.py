"""The moderators' lists: any filter, any order, and a late page as cheap as the first.

A page is found in two steps. First the rows that an index gives in the wanted order, a bounded
number of them; then those among them that match what no index knows. Where few match, a page may
be short and the next one goes on from where this one looked last.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Status, Thread
from service.queries.campaigns import alike
from service.queries.comments import PRESENT
from service.queries.filters import Filter, conditions, days
from service.queries.search import matching, matching_between

PAGE = 25
"""What a screen or two show; a script puts the next page below before the end is reached."""
LOOK = 500
"""Rows that one page looks at where its filter is not an index's."""

Key = datetime | float


class Heading(NamedTuple):
    """What is read of a comment's thread: whole threads and sites cost a third of a list's time."""

    page: str
    title: str
    provisional_title: str


Found = tuple[Comment, Heading]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the key of its order (None where rows order it) and the row."""

    key: Key | None
    row: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list.

    Args:
        rows: the comments with what their threads are called, in order.
        beyond: where to go on; None = this was the end.
        short: it ended because it had looked at enough, not because it was full.
    """

    rows: Sequence[Found]
    beyond: Cursor | None
    short: bool


def listed(
    session: Session,
    site_ids: Sequence[int],
    chosen: Filter,
    *,
    beyond: Cursor | None = None,
    limit: int = PAGE,
) -> Listed:
    """Return a page of the comments of these sites that match."""
    lists = _lists_of(site_ids, chosen)
    if chosen.indexed and len(lists) == 1:
        edges = [PRESENT, *days(chosen), *_beyond(chosen, beyond)]
        return _page(_rows(session, chosen, [*lists[0], *edges], limit), chosen, limit)
    look = limit + 1 if chosen.indexed else LOOK
    candidates, end = _candidates(session, lists, chosen, beyond, look)
    if not candidates:
        return Listed([], None, short=False)
    ids = [row for _, row in candidates]
    matches = [Comment.id.in_(ids), *conditions(session, site_ids, chosen)]
    return _page(_rows(session, chosen, matches, limit), chosen, limit, end)


def _rows(
    session: Session, chosen: Filter, matches: Sequence[sa.ColumnElement[bool]], limit: int
) -> list[Found]:
    query = (
        sa.select(Comment, Thread.page, Thread.title, Thread.provisional_title)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(*matches)
        .order_by(*_order(chosen))
        .limit(limit + 1)
    )
    return [(row[0], Heading(*row[1:])) for row in session.execute(query)]


def _page(rows: Sequence[Found], chosen: Filter, limit: int, end: Cursor | None = None) -> Listed:
    if len(rows) > limit:
        return Listed(rows[:limit], _cursor(chosen, rows[limit - 1][0]), short=False)
    return Listed(rows, end, short=end is not None)


def count_matching(session: Session, site_ids: Sequence[int], chosen: Filter, *, most: int) -> int:
    """Return how many match, counting no further than `most`."""
    last = highest_row(session)
    some = (
        sa.select(Comment.id)
        .where(*conditions(session, site_ids, chosen), *_sources(session, chosen, (0, last)))
        .limit(most)
        .subquery()
    )
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def highest_row(session: Session) -> int:
    """Return the newest comment's row; 0 when there is none."""
    return session.scalar(sa.select(sa.func.max(Comment.id))) or 0


def matching_rows(
    session: Session,
    site_ids: Sequence[int],
    chosen: Filter,
    between: tuple[int, int],
    *,
    limit: int,
) -> Sequence[int]:
    """Return the rows `first` < row <= `last` that match, oldest first, at most `limit`."""
    first, last = between
    query = (
        sa.select(Comment.id)
        .where(
            Comment.id > first,
            Comment.id <= last,
            *conditions(session, site_ids, chosen),
            *_sources(session, chosen, between),
        )
        .order_by(Comment.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def _sources(
    session: Session, chosen: Filter, between: tuple[int, int]
) -> list[sa.ColumnElement[bool]]:
    """Return what `_candidates` would have looked up, as conditions."""
    found: list[sa.ColumnElement[bool]] = []
    if chosen.words:
        words = matching_between(session, chosen.words, *between).subquery()
        found.append(Comment.id.in_(sa.select(words.c.id)))
    if chosen.marks is not None:
        found.append(Comment.id.in_(alike(chosen.marks)))
    return found


def _candidates(
    session: Session,
    lists: Sequence[Sequence[sa.ColumnElement[bool]]],
    chosen: Filter,
    beyond: Cursor | None,
    look: int,
) -> tuple[list[tuple[Key, int]], Cursor | None]:
    """Return (key, row) in order, and where to go on if there may be more."""
    if chosen.words:
        row = None if beyond is None else beyond.row
        ids = matching(session, chosen.words, beyond=row, oldest=chosen.rising, most=look)
        return _by_row(ids, look)
    query = sa.select(_key(chosen).label("key"), Comment.id).where(PRESENT)
    query = query.where(*_beyond(chosen, beyond)).order_by(*_order(chosen)).limit(look)
    if chosen.marks is not None:
        query = query.where(Comment.id.in_(alike(chosen.marks)))
        return _by_row([row for _, row in session.execute(query)], look)
    if chosen.contact_id is not None:
        query = query.where(Comment.contact_id == chosen.contact_id)
        return _by_row([row for _, row in session.execute(query)], look)
    query = query.where(*days(chosen))
    found = [_read(session, query.where(*one)) for one in lists]
    return _merged(found, look, rising=chosen.rising)


def _by_row(ids: Sequence[int], look: int) -> tuple[list[tuple[Key, int]], Cursor | None]:
    end = Cursor(None, ids[-1]) if len(ids) == look else None
    return [(0.0, row) for row in ids], end


def _read(session: Session, query: sa.Select[Key, int]) -> list[tuple[Key, int]]:
    return [(key, row) for key, row in session.execute(query)]


def _merged(
    lists: Sequence[list[tuple[Key, int]]], look: int, *, rising: bool
) -> tuple[list[tuple[Key, int]], Cursor | None]:
    """Merge the lists of several sites; what comes after the end of a cut one is not known yet."""
    key: Callable[[tuple[Key, int]], Any] = lambda pair: pair  # noqa: E731 - as heapq wants it
    whole = list(heapq.merge(*lists, key=key, reverse=not rising))
    ends = [one[-1] for one in lists if len(one) == look]
    if not ends:
        return whole, None
    horizon = min(ends, key=key) if rising else max(ends, key=key)
    known = [pair for pair in whole if (pair <= horizon if rising else pair >= horizon)]
    return known, Cursor(*known[-1])


def _lists_of(site_ids: Sequence[int], chosen: Filter) -> list[list[sa.ColumnElement[bool]]]:
    """Return the lists that hold what is asked, each as what an index knows of it."""
    if chosen.thread_id is None:
        return [[Comment.site_id == site, *_standing(chosen)] for site in site_ids]
    own = [Comment.thread_id == chosen.thread_id, Comment.site_id.in_(site_ids)]
    if not chosen.by_row:
        return [own]
    statuses = list(Status) if chosen.status is None else [chosen.status]
    return [[*own, Comment.status == status] for status in statuses]


def _standing(chosen: Filter) -> list[sa.ColumnElement[bool]]:
    if chosen.status is None:
        return []
    if chosen.shelf and chosen.status is Status.PENDING and not chosen.by_score:
        # Written into the statement: SQLite takes the partial index only where it reads this.
        return [Comment.status == sa.literal_column("'pending'"), Comment.shelf == chosen.shelf]
    found = [Comment.status == chosen.status]
    return [*found, Comment.shelf == chosen.shelf] if chosen.shelf else found


def _key(chosen: Filter) -> sa.ColumnElement[Any]:
    if chosen.by_row:
        return sa.literal(0.0)
    return (Comment.listed_score if chosen.by_score else Comment.created_at).expression


def _order(chosen: Filter) -> list[sa.ColumnElement[Any]]:
    columns = [Comment.id.expression] if chosen.by_row else [_key(chosen), Comment.id.expression]
    return columns if chosen.rising else [column.desc() for column in columns]


def _beyond(chosen: Filter, beyond: Cursor | None) -> list[sa.ColumnElement[bool]]:
    if beyond is None:
        return []
    if chosen.by_row or beyond.key is None:
        return [Comment.id > beyond.row if chosen.rising else Comment.id < beyond.row]
    place, last = sa.tuple_(_key(chosen), Comment.id), sa.tuple_(beyond.key, beyond.row)
    return [place > last if chosen.rising else place < last]


def _cursor(chosen: Filter, comment: Comment) -> Cursor:
    if chosen.by_row:
        return Cursor(None, comment.id)
    return Cursor(comment.listed_score if chosen.by_score else comment.created_at, comment.id)

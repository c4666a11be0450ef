"""Which waiting comments are alike: questions about the marks they share."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from models import CampaignMark

ALIKE_MOST = 100
"""Counting stops here: "100 like this" is reason enough to decide them together."""

_own, _other = aliased(CampaignMark), aliased(CampaignMark)
_some = (
    sa.select(sa.literal(1).label("one"))
    .where(_other.site_id == _own.site_id, _other.mark == _own.mark)
    .limit(ALIKE_MOST + 1)
    .correlate(_own)
    .subquery()
)
_number = sa.select(sa.func.count()).select_from(_some).correlate(_own).scalar_subquery()
_ALIKE = sa.select(_own.comment_id, _number).where(
    _own.comment_id.in_(sa.bindparam("rows", expanding=True))
)


def put_marks(session: Session, site_id: int, comment_id: int, marks: Collection[int]) -> None:
    """Give a waiting comment marks; it has none yet."""
    rows = [
        {"comment_id": comment_id, "mark": mark, "site_id": site_id} for mark in sorted(set(marks))
    ]
    if rows:
        session.execute(sa.insert(CampaignMark), rows)


def drop_marks(session: Session, comment_id: int) -> None:
    """Take a comment out of its campaign."""
    session.execute(sa.delete(CampaignMark).where(CampaignMark.comment_id == comment_id))


def alike_counts(session: Session, comment_ids: Sequence[int]) -> dict[int, int]:
    """Return for each comment how many others are like it; those with none are left out.

    Like it: by the mark that it shares with most, counted up to `ALIKE_MOST`.
    """
    found: dict[int, int] = {}
    for comment_id, shared in session.execute(_ALIKE, {"rows": list(comment_ids)}):
        found[comment_id] = max(found.get(comment_id, 0), shared - 1)
    return {comment_id: shared for comment_id, shared in found.items() if shared}


def marks_on(session: Session, comment_id: int) -> tuple[int, ...]:
    """Return the marks of a waiting comment; none once it is decided."""
    query = sa.select(CampaignMark.mark).where(CampaignMark.comment_id == comment_id)
    return tuple(session.scalars(query.order_by(CampaignMark.mark)))


def alike(marks: Collection[int]) -> sa.Select[int]:
    """Return a selection of the waiting comments that bear one of these marks."""
    return sa.select(CampaignMark.comment_id).where(CampaignMark.mark.in_(marks))

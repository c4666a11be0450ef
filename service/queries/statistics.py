"""Questions about what came and what was decided, over a time and up to a number of rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Decision, Status
from service.queries.comments import PRESENT


class Arrival(NamedTuple):
    """A comment that came: when, and where it stands now."""

    at: datetime
    status: Status


class Verdict(NamedTuple):
    """A decision of a person, and what the model had said."""

    comment_id: int
    moderator_id: int
    before: Status
    after: Status
    at: datetime
    undoes_id: int | None
    arrived_at: datetime
    band: str | None


def arrivals(
    session: Session, site_ids: Sequence[int], since: datetime, most: int
) -> list[Arrival]:
    """Return the newest comments since then, newest first; by readers, and not taken back."""
    query = (
        sa.select(Comment.created_at, Comment.status)
        .where(
            Comment.site_id.in_(site_ids),
            Comment.created_at >= since,
            ~Comment.by_owner,
            PRESENT,
        )
        .order_by(Comment.created_at.desc())
        .limit(most)
    )
    return [Arrival(*row) for row in session.execute(query)]


def verdicts(
    session: Session, site_ids: Sequence[int], since: datetime, most: int
) -> list[Verdict]:
    """Return the newest decisions of persons since then about readers' comments, newest first."""
    query = (
        sa.select(
            Decision.comment_id,
            Decision.moderator_id,
            Decision.before,
            Decision.after,
            Decision.made_at,
            Decision.undoes_id,
            Comment.created_at,
            Comment.band,
        )
        .join(Comment, Comment.id == Decision.comment_id)
        .where(
            Decision.site_id.in_(site_ids),
            Decision.made_at >= since,
            Decision.moderator_id.is_not(None),
            ~Comment.by_owner,
        )
        .order_by(Decision.made_at.desc())
        .limit(most)
    )
    return [Verdict._make(row) for row in session.execute(query)]


def oldest_waiting(session: Session, site_ids: Sequence[int]) -> datetime | None:
    """Return when the comment came that has waited longest."""
    ages = [
        session.scalar(
            sa.select(Comment.created_at)
            .where(Comment.site_id == site_id, Comment.status == Status.PENDING, PRESENT)
            .order_by(Comment.created_at)
            .limit(1)
        )
        for site_id in site_ids
    ]
    return min((age for age in ages if age is not None), default=None)

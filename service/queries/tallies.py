"""How many comments stand in each list: a counter row each, changed with what it counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import QueueCount, Status

CHANGES = "gatepost.tallies"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The list a comment stands in.

    Args:
        shelf: as `Comment.shelf` while it is pending, else empty.
    """

    site_id: int
    status: Status
    shelf: str


def shift(session: Session, before: Place | None, after: Place | None) -> None:
    """Count a comment out of one list and into another; written just before the commit.

    Args:
        before, after: None = in no list, as it is new or its author took it back.
    """
    changes: dict[Place, int] = session.info.setdefault(CHANGES, {})
    for place, by in ((before, -1), (after, 1)):
        if place is not None:
            changes[place] = changes.get(place, 0) + by


def list_counts(session: Session, site_ids: Sequence[int]) -> dict[tuple[Status, str], int]:
    """Return how many comments of the sites stand in each list."""
    total = sa.func.sum(QueueCount.number)
    query = (
        sa.select(QueueCount.status, QueueCount.shelf, total)
        .where(QueueCount.site_id.in_(site_ids))
        .group_by(QueueCount.status, QueueCount.shelf)
    )
    return {(status, shelf): int(number) for status, shelf, number in session.execute(query)}


def _write(session: Session) -> None:
    # Last of all and in one order, so that no two transactions wait for each other for ever.
    changes: dict[Place, int] = session.info.pop(CHANGES, {})
    values = [
        {"site_id": place.site_id, "status": place.status, "shelf": place.shelf, "number": by}
        for place, by in sorted(changes.items())
        if by
    ]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for row in values:
        statement = insert(QueueCount).values(row)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["site_id", "status", "shelf"],
                set_={"number": QueueCount.number + statement.excluded.number},
            )
        )


def _forget(session: Session, *_rest: object) -> None:
    session.info.pop(CHANGES, None)


sa.event.listen(Session, "before_commit", _write)
sa.event.listen(Session, "after_rollback", _forget)

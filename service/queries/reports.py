"""Questions about what programs reported as spam or ham by their keys."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import ApiKey, ReportedExample
from service.queries.sites import insert_or_leave


def put_report(session: Session, values: dict[str, Any]) -> bool:
    """Keep a report; False where the same was reported with the same label and teaches already.

    One comment has one label: the last one reported.
    """
    if insert_or_leave(session, ReportedExample, values):
        return True
    known = session.scalars(
        sa.select(ReportedExample)
        .where(
            ReportedExample.site_id == values["site_id"],
            ReportedExample.likeness == values["likeness"],
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if known.spam == values["spam"] and not known.withdrawn:
        return False
    for name, value in values.items():
        setattr(known, name, value)
    return True


def drop_reports_past(session: Session, site_id: int, keep: int) -> None:
    """Delete a site's oldest reports past the newest so many."""
    oldest = (
        sa.select(ReportedExample.id)
        .where(ReportedExample.site_id == site_id)
        .order_by(ReportedExample.reported_at.desc(), ReportedExample.id.desc())
        .offset(keep)
        .limit(keep)
    )
    ids = session.scalars(oldest).all()
    if ids:
        session.execute(sa.delete(ReportedExample).where(ReportedExample.id.in_(ids)))


def recent_reports(
    session: Session, site_id: int, version: str, limit: int
) -> Sequence[ReportedExample]:
    """Return a site's newest reports that teach, oldest first.

    Args:
        version: of the feature code; reports of another one cannot be made again.
    """
    query = (
        sa.select(ReportedExample)
        .where(
            ReportedExample.site_id == site_id,
            ReportedExample.feature_version == version,
            ~ReportedExample.withdrawn,
        )
        .order_by(ReportedExample.reported_at.desc(), ReportedExample.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()[::-1]


def number_of_reports(session: Session, site_id: int) -> int:
    """Return how many reports teach a site's model."""
    query = sa.select(sa.func.count()).where(
        ReportedExample.site_id == site_id, ~ReportedExample.withdrawn
    )
    return session.scalar(query) or 0


def reports_by_key(session: Session, site_id: int) -> list[tuple[ApiKey, bool, int, int]]:
    """Return (key, withdrawn, ham, spam) of a site's reports, the oldest key first."""
    spam = sa.func.sum(sa.case((ReportedExample.spam, 1), else_=0))
    query = (
        sa.select(ApiKey, ReportedExample.withdrawn, sa.func.count() - spam, spam)
        .join(ReportedExample, ReportedExample.key_id == ApiKey.id)
        .where(ReportedExample.site_id == site_id)
        .group_by(ApiKey.id, ReportedExample.withdrawn)
        .order_by(ApiKey.id, ReportedExample.withdrawn)
    )
    return [(key, gone, int(ham), int(bad)) for key, gone, ham, bad in session.execute(query)]


def set_withdrawn(session: Session, site_id: int, key_id: int, *, withdrawn: bool) -> None:
    """Let all that a key reported up to now teach nothing, or teach again."""
    query = sa.update(ReportedExample).where(
        ReportedExample.site_id == site_id, ReportedExample.key_id == key_id
    )
    query = query.values(withdrawn=withdrawn)
    session.execute(query.execution_options(synchronize_session=False))

"""Questions that bound what one caller may do."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import RateBucket
from service.queries.sites import insert_or_leave


def bucket(session: Session, key: bytes) -> RateBucket | None:
    """Return a bucket as it stands now, None when there is none."""
    return session.get(RateBucket, key, populate_existing=True)


def bucket_for_change(session: Session, key: bytes, *, full: float, now: datetime) -> RateBucket:
    """Return a bucket, locked until the transaction ends; a new one is full."""
    query = (
        sa.select(RateBucket)
        .where(RateBucket.network == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalar(query)
    if found is None:
        insert_or_leave(session, RateBucket, {"network": key, "tokens": full, "filled_at": now})
        found = session.scalars(query).one()
    return found


def marked_once(session: Session, key: bytes, *, until: datetime) -> bool:
    """Leave a mark that housekeeping keeps until then; False when it stands there already.

    Of two transactions at once the second waits for the first, and leaves none.
    """
    values = {"network": key, "tokens": 0.0, "filled_at": until}
    return insert_or_leave(session, RateBucket, values)


def hold_key(session: Session, digest: bytes) -> None:
    """Let only one transaction at a time work on a submission key.

    Without it two equal submissions at once would both find nothing and both be stored. SQLite
    has one writer anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    number = int.from_bytes(digest[:8], "big", signed=True)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

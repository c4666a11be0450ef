"""Questions that bound what one caller may do."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import RateBucket
from service.queries.sites import insert_or_leave


def bucket(session: Session, network: bytes) -> RateBucket | None:
    """Return the bucket of a network as it stands, None when it has none."""
    return session.get(RateBucket, network)


def bucket_for_change(
    session: Session, network: bytes, *, full: float, now: datetime
) -> RateBucket:
    """Return the bucket of a network, locked until the transaction ends; a new one is full."""
    values = {"network": network, "tokens": full, "filled_at": now}
    insert_or_leave(session, RateBucket, values)
    query = sa.select(RateBucket).where(RateBucket.network == network)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def hold_key(session: Session, digest: bytes) -> None:
    """Let only one transaction at a time work on a submission key.

    Without it two equal submissions at once would both find nothing and both be stored. SQLite
    has one writer anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    number = int.from_bytes(digest[:8], "big", signed=True)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

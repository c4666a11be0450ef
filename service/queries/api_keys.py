"""Questions about keys of programs."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import ApiKey, ApiKeyKind, Moderator


def by_public_id(session: Session, kind: ApiKeyKind, public_id: str) -> ApiKey | None:
    """Return the key of that id, over or not; one row off an index."""
    return session.scalar(
        sa.select(ApiKey).where(ApiKey.public_id == public_id, ApiKey.kind == kind)
    )


def live_number(session: Session, site_id: int, kind: ApiKeyKind, now: datetime) -> int:
    """Return how many keys of that kind open doors of a site now."""
    query = sa.select(sa.func.count()).where(
        ApiKey.site_id == site_id,
        ApiKey.kind == kind,
        ApiKey.ended_at.is_(None),
        sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
    )
    return session.scalar(query) or 0


def of_site_with_makers(
    session: Session, site_id: int
) -> Sequence[tuple[ApiKey, Moderator | None]]:
    """Return a site's keys, newest first, with who made them."""
    query = (
        sa.select(ApiKey, Moderator)
        .outerjoin(Moderator, Moderator.id == ApiKey.made_by)
        .where(ApiKey.site_id == site_id)
        .order_by(ApiKey.id.desc())
    )
    return [(key, maker) for key, maker in session.execute(query)]


def key_for_change(session: Session, site_id: int, public_id: str) -> ApiKey | None:
    """Return a site's key, locked until the transaction ends."""
    query = sa.select(ApiKey).where(ApiKey.site_id == site_id, ApiKey.public_id == public_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def set_used(session: Session, key_id: int, now: datetime) -> None:
    """Note when a key was last used."""
    query = sa.update(ApiKey).where(ApiKey.id == key_id).values(used_at=now)
    session.execute(query.execution_options(synchronize_session=False))

"""Questions about the one-time links to a new password."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import PasswordReset


def by_digest(session: Session, digest: bytes) -> PasswordReset | None:
    """Return the reset of a link's code."""
    return session.scalar(sa.select(PasswordReset).where(PasswordReset.token_digest == digest))


def for_change(session: Session, digest: bytes) -> PasswordReset | None:
    """Return the reset of a link's code, locked until the transaction ends."""
    query = sa.select(PasswordReset).where(PasswordReset.token_digest == digest)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def keep(session: Session, moderator_id: int, digest: bytes, until: datetime) -> None:
    """Keep a moderator's newest reset instead of an older one."""
    session.merge(PasswordReset(moderator_id=moderator_id, token_digest=digest, expires_at=until))

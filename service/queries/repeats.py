"""Questions about answers kept for repeated requests."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import KeptAnswer


def hold_repeat(session: Session, digest: bytes) -> bool:
    """Let only one transaction at a time work on a request; False while another one does.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        return True
    number = int.from_bytes(digest[:8], "big", signed=True)
    return bool(session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))))


def kept_answer(session: Session, api_key_id: int, repeat_key: bytes) -> KeptAnswer | None:
    """Return the answer kept under a caller's key, old or not; one row off an index."""
    return session.scalar(
        sa.select(KeptAnswer).where(
            KeptAnswer.api_key_id == api_key_id, KeptAnswer.repeat_key == repeat_key
        )
    )


def drop_answer(session: Session, row: KeptAnswer) -> None:
    """Delete an answer whose time is over."""
    session.delete(row)
    session.flush()  # its successor has the same key

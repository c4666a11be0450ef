"""Answers to programs, kept for a while so that a repeated request gets the first one's."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId


class KeptAnswer(Base):
    """What a request of a program was answered; written in the transaction of its effect."""

    __tablename__ = "kept_answer"
    __table_args__ = (
        sa.UniqueConstraint("api_key_id", "repeat_key"),
        sa.Index("ix_kept_answer_age", "made_at"),
    )

    id: Mapped[RowId]
    api_key_id: Mapped[int] = mapped_column(sa.ForeignKey("api_key.id"))
    repeat_key: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Keyed digest of the caller's Idempotency-Key."""
    fingerprint: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Keyed digest of what was asked: method, address and body."""
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The answer, under a key made of the caller's own: the database alone does not open it."""
    made_at: Mapped[datetime]

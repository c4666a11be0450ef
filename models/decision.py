"""Decisions: the append-only record of who moved which comment where."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum
from models.comment import Status


class Decision(Base):
    """One move of one comment."""

    __tablename__ = "decision"
    __table_args__ = (
        sa.Index(
            "ix_decision_batch",
            "batch_id",
            "id",
            sqlite_where=sa.text("batch_id IS NOT NULL"),
            postgresql_where=sa.text("batch_id IS NOT NULL"),
        ),
        sa.Index("ix_decision_comment", "comment_id", "id"),
        sa.Index("ix_decision_moderator", "moderator_id", "id"),
        sa.Index("ix_decision_site", "site_id", "made_at", "id"),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    moderator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))
    """None when a rule or a program decided, or the author by editing."""
    key_id: Mapped[int | None] = mapped_column(BigKey)
    """The program's key, where one decided; SQLite adds no foreign key to a table."""
    before: Mapped[Status] = mapped_column(text_enum(Status))
    after: Mapped[Status] = mapped_column(text_enum(Status))
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    version: Mapped[int]
    """The comment's version after the move."""
    undoes_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("decision.id"), unique=True)
    """The decision this one takes back; unique, so a decision is undone once."""
    batch_id: Mapped[int | None] = mapped_column(BigKey)
    """The act on many comments that it belongs to; SQLite adds no foreign key to a table."""
    made_at: Mapped[datetime]

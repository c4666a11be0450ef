"""A site's rules: authors and hosts that are blocked or trusted, words that file or hold."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum

PATTERN_LENGTH = 255
TYPED_LENGTH = 255
RULE_NOTE_LENGTH = 200


class RuleKind(enum.StrEnum):
    """What a rule looks at."""

    AUTHOR = "author"
    HOST = "host"
    WORD = "word"


class RuleVerdict(enum.StrEnum):
    """What a rule does with a comment."""

    BLOCK = "block"
    """It goes to the spam tray."""
    TRUST = "trust"
    """No score files it; with proof of who wrote it, a trusted author is published."""
    HOLD = "hold"
    """It waits for a person, whatever else speaks; for words alone."""


class Rule(Base):
    """One rule of a site; ending it keeps the row, erasing its author takes it along."""

    __tablename__ = "rule"
    __table_args__ = (
        sa.Index(
            "ix_rule_live",
            "site_id",
            "kind",
            "pattern",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_rule_site", "site_id", "id"),
        sa.Index("ix_rule_contact", "contact_id"),
        # The audit log names rules by number: one that went with its author must not come again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    kind: Mapped[RuleKind] = mapped_column(text_enum(RuleKind))
    verdict: Mapped[RuleVerdict] = mapped_column(text_enum(RuleVerdict))
    pattern: Mapped[str] = mapped_column(sa.String(PATTERN_LENGTH))
    """A host in ASCII; folded words, `*` at the end for the beginning of one; an author's row."""
    typed: Mapped[str] = mapped_column(sa.String(TYPED_LENGTH), default="")
    """The host or words as its owner wrote them; empty for an author."""
    contact_id: Mapped[int | None] = mapped_column(
        BigKey, sa.ForeignKey("author_contact.id", ondelete="CASCADE")
    )
    note: Mapped[str] = mapped_column(sa.String(RULE_NOTE_LENGTH), default="")
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))

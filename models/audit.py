"""The audit log: who did what, in ids alone, and the seals that show nothing was changed later."""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum


class ActorKind(enum.StrEnum):
    """Who acts."""

    MODERATOR = "moderator"
    KEY = "key"
    """A program with an API key."""
    OPERATOR = "operator"
    """Somebody at the command line of the machine."""


class AuditSeal(Base):
    """A digest over a batch of entries and over the seal before it.

    Whoever changes, removes or adds an entry of a sealed batch breaks this seal and all after it.
    """

    __tablename__ = "audit_seal"

    id: Mapped[RowId]
    made_at: Mapped[datetime]
    entries: Mapped[int]
    """How many entries it covers."""
    previous: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Digest of the seal before; zeros for the first."""
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class AuditEntry(Base):
    """One act of a moderator, an owner, a key or the operator; nothing of what anybody wrote."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_site", "site_id", "id"),
        sa.Index("ix_audit_entry_actor", "actor_kind", "actor_id", "id"),
        sa.Index("ix_audit_entry_seal", "seal_id", "id"),
        sa.Index(
            "ix_audit_entry_looks",
            "site_id",
            "seal_id",
            sqlite_where=sa.text("act IN ('author.search', 'comment.reveal')"),
            postgresql_where=sa.text("act IN ('author.search', 'comment.reveal')"),
        ),
    )

    id: Mapped[RowId]
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(text_enum(ActorKind))
    actor_id: Mapped[int | None] = mapped_column(BigKey)
    """The moderator's or key's number; no foreign key, so that the log outlives them."""
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site.id"))
    act: Mapped[str] = mapped_column(sa.String(40))
    """Noun and verb: `comment.approve`, `team.invite`."""
    subject: Mapped[dict[str, Any]]
    """Ids, numbers and words of our own; never text, name or address."""
    seal_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("audit_seal.id"))
    """The seal over it; None until the next one is made."""

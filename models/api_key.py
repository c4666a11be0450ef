"""Keys of programs: what they may do, for whom, and until when. No key itself is stored."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId, text_enum

KEY_NAME_LENGTH = 80


class ApiKeyKind(enum.StrEnum):
    """Which doors a key opens."""

    API = "api"
    AKISMET = "akismet"
    """The doors by Akismet's wire; its form fits what their clients take: 40 hexadecimal digits."""


class Scope(enum.StrEnum):
    """What a key of the API may do; each is asked for by name, none includes another."""

    SUBMIT = "submit"
    """Hand in comments and have texts scored."""
    READ = "read"
    """See comments of every status, events, pages and deliveries; never an address."""
    MODERATE = "moderate"
    """Decide."""
    ADMIN = "admin"
    """Settings, endpoints, the model, export and erasure."""


class ApiKey(Base):
    """One key of a site; ending it keeps the row, as the audit log names it."""

    __tablename__ = "api_key"
    __table_args__ = (
        sa.Index("ix_api_key_site", "site_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(8), unique=True)
    """The part of the key that finds its row; no secret."""
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    kind: Mapped[ApiKeyKind] = mapped_column(text_enum(ApiKeyKind))
    name: Mapped[str] = mapped_column(sa.String(KEY_NAME_LENGTH))
    """The owner's word for the program that has it."""
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """SHA-256 of the whole key, which is random: a slow hash would guard nothing more."""
    scopes: Mapped[list[str]]
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """When it opened a door last, to the minute."""
    ended_at: Mapped[datetime | None]

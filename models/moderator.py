"""People who decide, and what each may do on which site."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId, text_enum


class Role(enum.StrEnum):
    """What a moderator may do on a site; each may do what the ones after it may."""

    OWNER = "owner"
    MODERATOR = "moderator"
    VIEWER = "viewer"


class Moderator(Base):
    """A person who signs in."""

    __tablename__ = "moderator"

    id: Mapped[RowId]
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    password: Mapped[str] = mapped_column(sa.String(255))
    password_short: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether it is too short to stand alone, without a second factor."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Named by Flask-Security: what a session refers to; a new password changes it."""
    operator: Mapped[bool] = mapped_column(default=False)
    """May create sites; the first owner is one."""
    shortcuts: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether single keys act in the queue; off until switched on (WCAG 2.1.4)."""
    time_zone: Mapped[str] = mapped_column(
        sa.String(64), default="UTC", server_default=sa.text("'UTC'")
    )
    """IANA name of the clock by which mail comes to him."""
    created_at: Mapped[datetime]


class Membership(Base):
    """A moderator's role on a site."""

    __tablename__ = "membership"

    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))


class Invitation(Base):
    """The one-time right to a role on a site; its row decides of two who accept at once."""

    __tablename__ = "invitation"
    __table_args__ = (sa.Index("ix_invitation_site", "site_id", "id"),)

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(16), unique=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    email: Mapped[str] = mapped_column(sa.String(254))
    """The address that a new account signs in with."""
    role: Mapped[Role] = mapped_column(text_enum(Role))
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was used or taken back."""
    used_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))


class Setup(Base):
    """The one-time right to become the first owner; its single row decides a double claim."""

    __tablename__ = "setup"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    created_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]


class KeyCheck(Base):
    """A known answer of each key in the ring, so that a wrong ring is noticed at start."""

    __tablename__ = "key_check"

    use: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    kid: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    answer: Mapped[bytes] = mapped_column(sa.LargeBinary(8))

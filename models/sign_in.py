"""How a moderator proves who he is: sessions, second factors, passkeys, and the way back in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId


class StaffSession(Base):
    """One sign-in; a request is signed in only while its row is alive."""

    __tablename__ = "staff_session"
    __table_args__ = (
        sa.Index("ix_staff_session_moderator", "moderator_id", "id"),
        sa.Index("ix_staff_session_began", "began_at"),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(16), unique=True)
    """Names it on the moderator's own page; signs nobody in."""
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    """SHA-256 of the random id in the cookie."""
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Of the last request, to the minute."""
    proved_at: Mapped[datetime]
    """When the moderator last proved in it who he is."""
    browser: Mapped[str] = mapped_column(sa.String(60))
    """Coarse, in words of our own: "Firefox on Linux"."""
    ended_at: Mapped[datetime | None]


class Authenticator(Base):
    """An app that shows codes (RFC 6238); it counts once a code has confirmed it."""

    __tablename__ = "authenticator"
    __table_args__ = (sa.Index("ix_authenticator_moderator", "moderator_id", "id"),)

    id: Mapped[RowId]
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    uid: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    """Random; binds the sealed secret to this row."""
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary(128))
    last_step: Mapped[int | None] = mapped_column(BigKey)
    """Time step of the last code taken; neither it nor an older one is taken again."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of ten codes for the day when the phone is gone; each is good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("moderator_id", "digest"),)

    id: Mapped[RowId]
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """SHA-256: 80 random bits need no slow hash."""
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key pair of which the moderator's device keeps the private half (WebAuthn)."""

    __tablename__ = "passkey"
    __table_args__ = (sa.Index("ix_passkey_moderator", "moderator_id", "id"),)

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(16), unique=True)
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    handle: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Random; by it the device knows the account. The same for all passkeys of a moderator."""
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary(2048))
    """As the device gave it (COSE)."""
    sign_count: Mapped[int] = mapped_column(BigKey)
    """The device's own count of uses; stays 0 with passkeys that are synchronised."""
    transports: Mapped[list[str]]
    name: Mapped[str] = mapped_column(sa.String(60))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasswordReset(Base):
    """The one-time right to set a new password, given by the operator; a newer one replaces it."""

    __tablename__ = "password_reset"

    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    expires_at: Mapped[datetime]

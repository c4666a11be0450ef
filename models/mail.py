"""Mails that authors asked for: who wants them, and each one on its way."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum


class MailKind(enum.StrEnum):
    """What a mail says."""

    CONFIRM = "confirm"
    """Whether the address's owner asked for mail at all."""
    PUBLISHED = "published"
    REPLY = "reply"


class Subscription(Base):
    """An author's wish for mail about one comment.

    Nothing but the question goes out before he confirms it from his mailbox.
    """

    __tablename__ = "subscription"
    __table_args__ = (sa.Index("ix_subscription_contact", "contact_id"),)

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"), unique=True)
    contact_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("author_contact.id", ondelete="CASCADE")
    )
    """Whose sealed address it goes to."""
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def active(self) -> bool:
        """Whether mail may go out."""
        return self.confirmed_at is not None and self.ended_at is None


class Mail(Base):
    """One mail; the address is looked up and opened when it is sent, and stands nowhere here.

    A leased row is a row whose `due_at` is the lease's end; one that is over has none.
    """

    __tablename__ = "mail"
    __table_args__ = (
        sa.UniqueConstraint("subscription_id", "kind", "comment_id"),
        sa.Index(
            "ix_mail_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """Its Message-ID's first half: the same on every attempt."""
    subscription_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("subscription.id", ondelete="CASCADE")
    )
    kind: Mapped[MailKind] = mapped_column(text_enum(MailKind))
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    """What it tells of: the author's own comment, or the reply to it."""
    made_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(sa.String(32), default="")
    """Fencing token of the current lease: a stale worker's mark changes nothing."""
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    """Why the last attempt failed; never an address."""

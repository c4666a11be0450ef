"""Comments, and who wrote them."""

import enum
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum

NAME_LENGTH = 245
EMAIL_LENGTH = 100
WEBSITE_LENGTH = 200
PUBLIC_ID_LENGTH = 16


class Status(enum.StrEnum):
    """Where a comment stands."""

    PENDING = "pending"
    APPROVED = "approved"
    SPAM = "spam"
    TRASH = "trash"


class Contact(Base):
    """The sealed address of an author on one site, and what is known of him.

    No column holds an address in the clear, and no constraint stands on one: databases print
    the values of a broken constraint.
    """

    __tablename__ = "author_contact"
    __table_args__ = (sa.UniqueConstraint("site_id", "index_kid", "email_index"),)

    id: Mapped[RowId]
    uid: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    email_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary(400))
    email_kid: Mapped[int | None] = mapped_column(sa.SmallInteger)
    email_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16))
    index_kid: Mapped[int | None] = mapped_column(sa.SmallInteger)
    first_day: Mapped[date]
    last_day: Mapped[date]
    seen: Mapped[int] = mapped_column(default=0)
    approved: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)


class Comment(Base):
    """One contribution to a thread."""

    __tablename__ = "comment"
    __table_args__ = (
        sa.Index("ix_comment_queue", "site_id", "status", "created_at", "id"),
        sa.Index("ix_comment_age", "site_id", "created_at", "id"),
        sa.Index("ix_comment_score", "site_id", "status", "listed_score", "id"),
        sa.Index(
            "ix_comment_shelf",
            "site_id",
            "shelf",
            "created_at",
            "id",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        ),
        sa.Index("ix_comment_thread", "thread_id", "status", "id"),
        sa.Index("ix_comment_page_age", "thread_id", "created_at"),
        sa.Index("ix_comment_feed", "site_id", "status", "id"),
        sa.Index("ix_comment_likeness", "thread_id", "likeness"),
        sa.Index("ix_comment_contact", "contact_id"),
        sa.Index("ix_comment_parent", "parent_id"),
        sa.Index(
            "ix_comment_blind",
            "site_id",
            "id",
            sqlite_where=sa.text("blind"),
            postgresql_where=sa.text("blind"),
        ),
        sa.CheckConstraint("version >= 1", name="version_positive"),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(PUBLIC_ID_LENGTH), unique=True)
    """Random; the only id that leaves the house."""
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"))
    parent_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    contact_id: Mapped[int | None] = mapped_column(
        BigKey, sa.ForeignKey("author_contact.id", ondelete="SET NULL")
    )
    status: Mapped[Status] = mapped_column(text_enum(Status))
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with every change; a decision names the version it saw."""
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    website: Mapped[str] = mapped_column(sa.String(WEBSITE_LENGTH), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    """As typed, after the documented normalisation; rendered only on the way out."""
    language: Mapped[str] = mapped_column(sa.String(35), default="", server_default=sa.text("''"))
    """Tag of the language its author was spoken to in; mails and the receipt keep to it."""
    by_owner: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    probability: Mapped[float | None]
    """Probability of spam, 0..1; None when the check failed."""
    band: Mapped[str | None] = mapped_column(sa.String(16))
    shelf: Mapped[str] = mapped_column(sa.String(16), server_default=sa.text("'unsure'"))
    """Which list of the queue it stands in while it waits: its band, but `unsure` for one that
    is not scored or of the blind sample, whose place would tell its score."""
    listed_score: Mapped[float] = mapped_column(server_default=sa.text("0.5"))
    """What lists are ordered by: the probability, but 0.5 where `shelf` hides it."""
    links: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    """Links in its text, and its website."""
    reasons: Mapped[list[Any]]
    """What the score is made of, as models.spam gives it."""
    model: Mapped[str] = mapped_column(sa.String(80), default="")
    """Which model scored it."""
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    """Why a check or a rule held it, in words for the card."""
    signals: Mapped[dict[str, Any]]
    """What was seen outside the text: honeypot, form age, trust of the origin, campaigns."""
    known_language: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    """Whether honest comments in its script are known; where not, nothing files it."""
    blind: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """One of the random sample that no rule files and whose score is shown once decided."""
    likeness: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    """Keyed digest of name and text, to find the same comment sent twice."""

    @property
    def gone(self) -> bool:
        """Whether its author took it back or had it erased."""
        return self.withdrawn_at is not None or self.erased_at is not None

    @property
    def is_public(self) -> bool:
        """Whether readers see it."""
        return self.status is Status.APPROVED and not self.gone


class SubmissionKey(Base):
    """A submission that was answered, so that its repetition gets the same answer."""

    __tablename__ = "submission_key"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "kind", "key", "fingerprint"),
        sa.Index("ix_submission_key_age", "created_at"),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    kind: Mapped[str] = mapped_column(sa.String(8))
    """`header` (Idempotency-Key) or `form` (submission_id)."""
    key: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Keyed digest of the caller's key."""
    fingerprint: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    """Keyed digest of the body: a plain hash would be a hash of the address in it."""
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    created_at: Mapped[datetime]


class RateBucket(Base):
    """What may still be done now: comments that a network may send, or that a site takes calmly.

    A used form ticket stands here too, empty, with its end as `filled_at`.
    """

    __tablename__ = "rate_bucket"

    network: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    """Keyed digest of the network and the day, of the site, or of the ticket; never an address."""
    tokens: Mapped[float]
    filled_at: Mapped[datetime] = mapped_column(index=True)

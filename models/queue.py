"""What the moderators' lists rest on: counts, campaigns, acts on many comments, former texts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum
from models.comment import NAME_LENGTH, WEBSITE_LENGTH, Status


class QueueCount(Base):
    """How many comments stand in one list; changed in the transaction that moves a comment."""

    __tablename__ = "queue_count"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    status: Mapped[Status] = mapped_column(text_enum(Status), primary_key=True)
    shelf: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    """As `Comment.shelf` while it is pending; empty for the other statuses."""
    number: Mapped[int] = mapped_column(BigKey)


class CampaignMark(Base):
    """A trait of a waiting comment; those that share one belong to one campaign.

    A mark is the hash of a word triple or of a linked host, and it goes when the comment is
    decided.
    """

    __tablename__ = "campaign_mark"
    __table_args__ = (sa.Index("ix_campaign_mark_like", "site_id", "mark", "comment_id"),)

    comment_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True
    )
    mark: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))


class Batch(Base):
    """One act on many comments: those chosen by hand, or all that match a filter.

    Work goes on from `place`, a few comments in a transaction that holds this row: whoever dies
    in the middle leaves nothing half done, and the next goes on.
    """

    __tablename__ = "batch"
    __table_args__ = (
        sa.Index(
            "ix_batch_open",
            "id",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
        sa.Index("ix_batch_moderator", "moderator_id", "id"),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(16), unique=True)
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    new: Mapped[Status | None] = mapped_column(text_enum(Status))
    """Where the comments go; None for the undo of another batch."""
    undoes_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("batch.id"), unique=True)
    """The batch this one takes back; unique, so a batch is undone once."""
    site_ids: Mapped[list[Any]]
    """Sites on which the moderator could decide when he asked."""
    chosen: Mapped[dict[str, Any]]
    """The filter as `queries.filters.Filter` is stored; empty where they were chosen by hand."""
    snapshot: Mapped[int] = mapped_column(BigKey)
    """The highest row there was: a comment that arrives later is not touched."""
    place: Mapped[int] = mapped_column(BigKey, default=0)
    """The last row that was looked at: a comment's, or a decision's where it undoes a batch."""
    changed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    """How many somebody else had decided meanwhile, or their authors taken back."""
    others: Mapped[list[Any]]
    """Numbers of those who had decided the skipped ones."""
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    made_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Revision(Base):
    """What a comment said before a moderator edited it; goes with the comment's erasure."""

    __tablename__ = "revision"
    __table_args__ = (sa.Index("ix_revision_comment", "comment_id", "id"),)

    id: Mapped[RowId]
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH))
    website: Mapped[str] = mapped_column(sa.String(WEBSITE_LENGTH))
    text: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int]
    """The comment's version after the edit."""
    undoes_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("revision.id"), unique=True)
    """The edit this one takes back."""
    made_at: Mapped[datetime]

"""What a site's moderators taught: lessons, examples, traces of campaigns, models, and the job.

Everything here can be made again from the ledger of decisions and the comments still held.
"""

import enum
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum


class Lesson(Base):
    """A comment whose verdict changed and that was not learned from yet.

    Written in the transaction of the decision, deleted in the transaction that learns: a queue,
    because a high-water mark over decisions would skip what commits late.
    """

    __tablename__ = "lesson"
    __table_args__ = (sa.Index("ix_lesson_site", "site_id", "comment_id"),)

    comment_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))


class Example(Base):
    """One labelled comment as numbers: hashed features, and never a word of it."""

    __tablename__ = "example"
    __table_args__ = (
        sa.Index("ix_example_recent", "site_id", "decided_at", "comment_id"),
        sa.Index("ix_example_moderator", "moderator_id"),
    )

    comment_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("comment.id"), primary_key=True, autoincrement=False
    )
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    moderator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))
    """Whose verdict it is."""
    spam: Mapped[bool]
    base_logit: Mapped[float]
    """What the base model says of it."""
    memory_logit: Mapped[float]
    """What the campaign memory said when it came."""
    live_logit: Mapped[float | None]
    """What judged it when it came; None when the check failed."""
    family: Mapped[int] = mapped_column(sa.BigInteger)
    """Equal for near-duplicates."""
    features: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """A `models.spam.site.vector.Vector`."""
    feature_version: Mapped[str] = mapped_column(sa.String(40))
    script: Mapped[str] = mapped_column(sa.String(24))
    """Script of most of its letters; one in which enough ham was approved is known here."""
    decided_at: Mapped[datetime]


class TraceKind(enum.StrEnum):
    """What a trace remembers."""

    SHINGLE = "shingle"
    HOST = "host"


class Trace(Base):
    """One hashed shingle or host of a comment that a person decided about."""

    __tablename__ = "trace"
    __table_args__ = (
        sa.Index("ix_trace_number", "site_id", "kind", "number"),
        sa.Index("ix_trace_comment", "comment_id"),
        sa.Index("ix_trace_age", "seen_at"),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    kind: Mapped[TraceKind] = mapped_column(text_enum(TraceKind))
    number: Mapped[int] = mapped_column(sa.BigInteger)
    spam: Mapped[bool]
    seen_at: Mapped[datetime]


class ModelState(enum.StrEnum):
    """What became of a candidate."""

    ACTIVE = "active"
    KEPT = "kept"
    """It was active once and can be again."""
    REFUSED = "refused"
    """It did not pass the gate."""


class SiteModel(Base):
    """A candidate: what one fit learned, with the report on which it was accepted or refused."""

    __tablename__ = "site_model"
    __table_args__ = (
        sa.Index("ix_site_model_site", "site_id", "id"),
        sa.Index(
            "uq_site_model_active",
            "site_id",
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        ),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    state: Mapped[ModelState] = mapped_column(text_enum(ModelState))
    base: Mapped[str] = mapped_column(sa.String(80))
    """Name of the base model it stands on."""
    feature_version: Mapped[str] = mapped_column(sa.String(40))
    ham: Mapped[int]
    spam: Mapped[int]
    """Examples it was fitted on."""
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """The weights; None for one that was refused or is too old to be kept."""
    mac: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    """Keyed digest of site and content: nobody without the key ring can plant a model."""
    report: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    activated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderator.id"))
    """Who rolled back to it; None when it passed the gate by itself."""


class LabelWithdrawal(Base):
    """A moderator whose decisions on a site, up to a moment, teach nothing."""

    __tablename__ = "label_withdrawal"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    moderator_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"), primary_key=True)
    until: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("moderator.id"))


class JobKind(enum.StrEnum):
    """What a job does."""

    FIT = "fit"


class Job(Base):
    """Work for the background, at most one of a kind a site.

    As with deliveries a leased row is a row whose `due_at` is the lease's end: whoever dies
    gives it back by that.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.UniqueConstraint("kind", "site_id"),
        sa.Index("ix_job_due", "due_at"),
    )

    id: Mapped[RowId]
    kind: Mapped[JobKind] = mapped_column(text_enum(JobKind))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    due_at: Mapped[datetime | None]
    """None when there is nothing to do."""
    token: Mapped[str] = mapped_column(sa.String(40), default="")
    """Of the worker that holds the lease; empty when nobody does."""
    fresh: Mapped[int] = mapped_column(default=0)
    """Verdicts since the last fit."""
    failures: Mapped[int] = mapped_column(default=0)

"""What Akismet's wire leaves behind: counts by month, and what programs taught; no comment ever."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId

MONTH_LENGTH = 7
ORIGIN_LENGTH = 300


class AkismetMonth(Base):
    """How often a key was used in one month for one origin of its site, and what was answered."""

    __tablename__ = "akismet_month"

    key_id: Mapped[int] = mapped_column(sa.ForeignKey("api_key.id"), primary_key=True)
    month: Mapped[str] = mapped_column(sa.String(MONTH_LENGTH), primary_key=True)
    """Year and month in UTC: `2026-11`."""
    origin: Mapped[str] = mapped_column(sa.String(ORIGIN_LENGTH), primary_key=True)
    api_calls: Mapped[int]
    spam: Mapped[int]
    ham: Mapped[int]
    """Checks that ended so; one marked as a test is a call and nothing else."""
    missed_spam: Mapped[int]
    """Reports of spam that the check had let through."""
    false_positives: Mapped[int]
    """Reports of honest comments that the check had called spam."""


class ReportedExample(Base):
    """One comment that a program reported as spam or ham, as numbers; never a word of it.

    Beside `Example`, because no comment of ours stands behind it: it goes after a year, when newer
    ones take its place, or when what its key taught is withdrawn for good.
    """

    __tablename__ = "reported_example"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "likeness"),
        sa.Index("ix_reported_example_recent", "site_id", "reported_at", "id"),
        sa.Index("ix_reported_example_key", "key_id"),
        sa.Index("ix_reported_example_age", "reported_at"),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    key_id: Mapped[int] = mapped_column(sa.ForeignKey("api_key.id"))
    likeness: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    """Keyed digest of name, website and text, so that the same report counts once."""
    spam: Mapped[bool]
    base_logit: Mapped[float]
    memory_logit: Mapped[float]
    live_logit: Mapped[float | None]
    """What judged it when it was reported; None when the check failed."""
    family: Mapped[int] = mapped_column(sa.BigInteger)
    features: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """A `models.spam.site.vector.Vector`."""
    feature_version: Mapped[str] = mapped_column(sa.String(40))
    withdrawn: Mapped[bool]
    """The owner lets it teach nothing."""
    reported_at: Mapped[datetime]

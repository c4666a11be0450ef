"""Mail to moderators: who wants to hear what of which site, and each mail on its way."""

import enum
from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum


class AtOnce(enum.StrEnum):
    """Of which new comments a moderator hears within minutes."""

    OFF = "off"
    ALL = "all"
    """Every one that waits."""
    FINE = "fine"
    """Those on the list "likely fine" alone."""


class Digest(enum.StrEnum):
    """How often a moderator gets the figures of a site."""

    OFF = "off"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class NoticeKind(enum.StrEnum):
    """What a mail to a moderator is."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    TEST = "test"
    ENDPOINT = "endpoint"
    """To an owner: how one of his site's endpoints fares."""


class Fare(enum.StrEnum):
    """What an owner is told of an endpoint."""

    HOUR = "hour"
    DAY = "day"
    FOUR_DAYS = "four_days"
    """So long no delivery has succeeded."""
    PAUSED = "paused"
    DISABLED = "disabled"


class Watch(Base):
    """What mail a moderator wants about a site, and up to where he was told; ends with his role.

    Cursors are positions of events and seals of the audit log: both are given out under a lock,
    so that none below a cursor can still appear.
    """

    __tablename__ = "watch"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["moderator_id", "site_id"],
            ["membership.moderator_id", "membership.site_id"],
            ondelete="CASCADE",
        ),
        sa.Index("ix_watch_site", "site_id"),
        sa.Index(
            "ix_watch_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_watch_digest",
            "digest_due_at",
            sqlite_where=sa.text("digest_due_at IS NOT NULL"),
            postgresql_where=sa.text("digest_due_at IS NOT NULL"),
        ),
    )

    moderator_id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    site_id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(16), unique=True)
    """What the links that end its mails name."""
    at_once: Mapped[AtOnce] = mapped_column(text_enum(AtOnce), default=AtOnce.OFF)
    digest: Mapped[Digest] = mapped_column(text_enum(Digest), default=Digest.OFF)
    digest_hour: Mapped[int] = mapped_column(sa.SmallInteger, default=8)
    """0 to 23, on the moderator's own clock."""
    digest_weekday: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    """0 = Monday."""
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    """Between these times of day, on the moderator's own clock, no mail is written."""
    due_at: Mapped[datetime | None]
    """When to look what is to be told at once; None = nothing came since."""
    rest_until: Mapped[datetime | None]
    """No further mail at once before that."""
    position: Mapped[int] = mapped_column(BigKey)
    """Events up to here were told at once."""
    alarmed: Mapped[bool] = mapped_column(default=False)
    """Whether this alarm of the site was told: nothing more until it is over."""
    digest_due_at: Mapped[datetime | None]
    digest_since: Mapped[datetime]
    digest_position: Mapped[int] = mapped_column(BigKey)
    digest_seal: Mapped[int] = mapped_column(BigKey)
    """Seals of the audit log up to here were counted."""
    failed_at: Mapped[datetime | None]
    """Since when the address is refused for good; nothing more is written but a test."""
    failure: Mapped[str] = mapped_column(sa.String(200), default="")


class Notice(Base):
    """One mail to a moderator; its words are written when it is sent, and stand nowhere here.

    What it tells of is fixed when it is made: another attempt under the same Message-ID must not
    hold what the first did not. A leased row is a row whose `due_at` is the lease's end; one that
    is over has none.
    """

    __tablename__ = "notice"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["moderator_id", "site_id"],
            ["watch.moderator_id", "watch.site_id"],
            ondelete="CASCADE",
        ),
        sa.Index("ix_notice_watch", "moderator_id", "site_id", "id"),
        sa.Index(
            "ix_notice_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """Its Message-ID's first half: the same on every attempt."""
    moderator_id: Mapped[int] = mapped_column(BigKey)
    site_id: Mapped[int] = mapped_column(BigKey)
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind))
    after: Mapped[int] = mapped_column(BigKey)
    upto: Mapped[int] = mapped_column(BigKey)
    """It tells of events at positions `after` < position <= `upto`."""
    seal_after: Mapped[int] = mapped_column(BigKey)
    seal_upto: Mapped[int] = mapped_column(BigKey)
    since: Mapped[datetime]
    alarm: Mapped[bool] = mapped_column(default=False)
    """Whether the site was under alarm when it was made."""
    endpoint: Mapped[str | None] = mapped_column(sa.String(40))
    """Public id of the endpoint it tells of."""
    fare: Mapped[Fare | None] = mapped_column(text_enum(Fare))
    """What it tells of that."""
    made_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(sa.String(32), default="")
    """Fencing token of the current lease: a stale worker's mark changes nothing."""
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    """Why the last attempt failed; never an address."""

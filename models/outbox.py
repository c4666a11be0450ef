"""Events others may want, the addresses that want them, and every try to tell them."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigKey, RowId, text_enum


class EventType(enum.StrEnum):
    """Names on the wire."""

    CREATED = "comment.created"
    APPROVED = "comment.approved"
    SPAM = "comment.spam"
    TRASHED = "comment.trashed"
    HELD = "comment.held"
    EDITED = "comment.edited"
    WITHDRAWN = "comment.withdrawn"
    ERASED = "comment.erased"
    PAGE = "thread.updated"
    PING = "ping"


class EndpointState(enum.StrEnum):
    """Whether an endpoint is served."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class EndpointKind(enum.StrEnum):
    """What an endpoint is told."""

    WEBHOOK = "webhook"
    """Each event, signed."""
    BUILD = "build"
    """That something changed that the public sees: an empty POST, which starts a build."""


class DeliveryState(enum.StrEnum):
    """Where a delivery stands; `due` also means "try again at due_at"."""

    DUE = "due"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    HELD = "held"


OPEN_STATES = (DeliveryState.DUE, DeliveryState.LEASED)
"""Still to be attempted, or being attempted now."""


class Origin(enum.StrEnum):
    """Why there is a delivery."""

    AUTO = "auto"
    """Its event was released."""
    REPLAY = "replay"
    TEST = "test"


class Outcome(enum.StrEnum):
    """What became of an attempt: taken, answered with another status, or which way it failed."""

    OK = "ok"
    HTTP = "http"
    TIMEOUT = "timeout"
    CONNECT = "connect"
    TLS = "tls"
    DNS = "dns"
    BLOCKED = "blocked"
    PROTOCOL = "protocol"
    INTERNAL = "internal"


class ReplayOnly(enum.StrEnum):
    """What a replay of a range takes."""

    FAILED = "failed"
    """What never arrived: dead, held, or missed while the endpoint was not served."""
    ALL = "all"


class Event(Base):
    """A fact, written in the transaction of its cause.

    It stays in the house until `release_at`; releasing gives it its position. An event that
    was undone before that is cancelled and never leaves.
    """

    __tablename__ = "event"
    __table_args__ = (
        sa.Index(
            "ix_event_unreleased",
            "release_at",
            sqlite_where=sa.text("position IS NULL AND cancelled_at IS NULL"),
            postgresql_where=sa.text("position IS NULL AND cancelled_at IS NULL"),
        ),
        sa.Index("ix_event_comment", "comment_id"),
        sa.Index(
            "ix_event_left",
            "release_at",
            sqlite_where=sa.text("position IS NOT NULL OR cancelled_at IS NOT NULL"),
            postgresql_where=sa.text("position IS NOT NULL OR cancelled_at IS NOT NULL"),
        ),
        sa.Index("ix_event_cursor", "site_id", "position"),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """`evt_…`; the webhook-id, the same on every attempt."""
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    comment_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("comment.id"))
    decision_id: Mapped[int | None] = mapped_column(BigKey, sa.ForeignKey("decision.id"))
    endpoint_id: Mapped[int | None] = mapped_column(sa.ForeignKey("endpoint.id"))
    """Set when only one endpoint is meant (a test)."""
    type: Mapped[EventType] = mapped_column(
        sa.Enum(
            EventType,
            native_enum=False,
            length=32,
            values_callable=lambda members: [m.value for m in members],
        )
    )
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The exact bytes that are signed and sent."""
    occurred_at: Mapped[datetime]
    release_at: Mapped[datetime]
    position: Mapped[int | None] = mapped_column(BigKey, unique=True)
    cancelled_at: Mapped[datetime | None]


class EventCursor(Base):
    """The last position given out; its one row is locked while events are released."""

    __tablename__ = "event_cursor"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigKey)


class EventHorizon(Base):
    """How far back a site's events are told: whoever asks after an earlier one may miss some.

    A site that has let none go has no row.
    """

    __tablename__ = "event_horizon"

    site_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("site.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigKey)
    """The highest position among the events that were let go."""


class Endpoint(Base):
    """A webhook address of a site. Its secret is derived, never stored.

    Moments of its health are by the clock of leases.
    """

    __tablename__ = "endpoint"
    __table_args__ = (
        sa.Index("ix_endpoint_site", "site_id"),
        sa.Index(
            "ix_endpoint_check",
            "check_at",
            sqlite_where=sa.text("check_at IS NOT NULL"),
            postgresql_where=sa.text("check_at IS NOT NULL"),
        ),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    kind: Mapped[EndpointKind] = mapped_column(
        text_enum(EndpointKind), default=EndpointKind.WEBHOOK, server_default="webhook"
    )
    url: Mapped[str] = mapped_column(sa.String(2000))
    types: Mapped[list[str]]
    """Event types wanted; empty = all. A build hook has none."""
    state: Mapped[EndpointState] = mapped_column(text_enum(EndpointState))
    state_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    secret_version: Mapped[int] = mapped_column(default=1)
    streak: Mapped[int] = mapped_column(default=0)
    """Failures since the last success."""
    failing_since: Mapped[datetime | None]
    """The first of them."""
    last_failed_at: Mapped[datetime | None]
    """The last of them."""
    last_failure: Mapped[str] = mapped_column(
        sa.String(16), default="", server_default=sa.text("''")
    )
    """Its HTTP status, or its class where no answer came."""
    blocked: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    """How often in a row its address was one that is not dialled."""
    told: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    """How many hours' marks of failing its site's owners were told of."""
    check_at: Mapped[datetime | None]
    """When the next mark is reached; None = it does not fail, or all were."""
    open_until: Mapped[datetime | None]
    """While the breaker is open nothing is tried and no attempt is used up."""
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    """Its owner took it away; the row stays for what was delivered."""


class OldSecret(Base):
    """A version of an endpoint's secret that was followed by another and still signs along."""

    __tablename__ = "old_secret"

    endpoint_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("endpoint.id"), primary_key=True, autoincrement=False
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    not_after: Mapped[datetime]


class Delivery(Base):
    """One event for one endpoint.

    A leased row is a row whose `due_at` is the lease's end, so a dead worker's delivery falls
    due by itself.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "endpoint_id", "replay"),
        sa.Index("ix_delivery_log", "endpoint_id", "created_at", "id"),
        sa.Index(
            "ix_delivery_ahead",
            "endpoint_id",
            "due_at",
            sqlite_where=sa.text("ahead = 1"),
            postgresql_where=sa.text("ahead"),
        ),
        sa.Index(
            "ix_delivery_open",
            "endpoint_id",
            "due_at",
            sqlite_where=sa.text("state IN ('due', 'leased')"),
            postgresql_where=sa.text("state IN ('due', 'leased')"),
        ),
        sa.Index(
            "ix_delivery_held",
            "endpoint_id",
            "created_at",
            sqlite_where=sa.text("state = 'held'"),
            postgresql_where=sa.text("state = 'held'"),
        ),
        sa.Index(
            "ix_delivery_over",
            "created_at",
            sqlite_where=sa.text("state IN ('done', 'dead')"),
            postgresql_where=sa.text("state IN ('done', 'dead')"),
        ),
        sa.Index(
            "ix_delivery_unsent",
            "state",
            sqlite_where=sa.text("state IN ('dead', 'held')"),
            postgresql_where=sa.text("state IN ('dead', 'held')"),
        ),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    """`dlv_…`: how pages and programs name it; receivers see the event's id."""
    event_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("event.id"))
    endpoint_id: Mapped[int] = mapped_column(sa.ForeignKey("endpoint.id"))
    replay: Mapped[int] = mapped_column(default=0)
    """0 for the first of its event and endpoint; each later one counts up."""
    origin: Mapped[Origin] = mapped_column(text_enum(Origin), default=Origin.AUTO)
    ahead: Mapped[bool] = mapped_column(default=False)
    """Goes before the others and through an open breaker, once: its next attempt ends that."""
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState))
    due_at: Mapped[datetime]
    token: Mapped[str] = mapped_column(sa.String(32), default="")
    """Fencing token of the current lease: a stale worker's mark changes nothing."""
    attempts: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None]
    """When it was first claimed: five days later it is given up."""
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome))
    """Of the last attempt; None before the first."""
    created_at: Mapped[datetime]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be attempted, or is being attempted now."""
        return self.state in OPEN_STATES


class Attempt(Base):
    """One try of one delivery."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index("ix_attempt_delivery", "delivery_id", "id"),)

    id: Mapped[RowId]
    delivery_id: Mapped[int] = mapped_column(BigKey, sa.ForeignKey("delivery.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    """HTTP status, None when no answer came."""
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    """Class of the failure: dns, blocked, connect, tls, timeout, protocol, http, internal."""
    excerpt: Mapped[str] = mapped_column(sa.Text, default="")
    """First 4 KB of the answer as plain text."""
    lease_lost: Mapped[bool] = mapped_column(default=False)
    signed_at: Mapped[datetime | None]
    """The second that its `webhook-timestamp` said."""


class ReplayJob(Base):
    """A range of events that shall go to one endpoint again, a hundred at a time.

    Work goes on from `place` in transactions that hold this row: whoever dies in the middle
    leaves nothing half done, and the next goes on.
    """

    __tablename__ = "replay_job"
    __table_args__ = (
        sa.Index("ix_replay_job_endpoint", "endpoint_id", "id"),
        sa.Index(
            "ix_replay_job_open",
            "id",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
    )

    id: Mapped[RowId]
    public_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    endpoint_id: Mapped[int] = mapped_column(sa.ForeignKey("endpoint.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    """Events that occurred from `since` on and before `until`."""
    only: Mapped[ReplayOnly] = mapped_column(text_enum(ReplayOnly))
    place: Mapped[int] = mapped_column(BigKey, default=0)
    """Position of the last event that was looked at."""
    last: Mapped[int] = mapped_column(BigKey)
    """The last position there was: an event that is released later is not touched."""
    number: Mapped[int] = mapped_column(default=0)
    """Deliveries made so far."""
    made_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

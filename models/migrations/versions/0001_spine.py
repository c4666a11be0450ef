"""The spine: sites, threads, comments, contacts, decisions, events, deliveries, moderators."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "event_cursor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", BIG_KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_cursor")),
    )
    op.create_table(
        "key_check",
        sa.Column("use", sa.String(length=16), nullable=False),
        sa.Column("kid", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.LargeBinary(length=8), nullable=False),
        sa.PrimaryKeyConstraint("use", "kid", name=op.f("pk_key_check")),
    )
    op.create_table(
        "moderator",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("operator", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderator")),
        sa.UniqueConstraint("email", name=op.f("uq_moderator_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_moderator_fs_uniquifier")),
    )
    op.create_table(
        "rate_bucket",
        sa.Column("network", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network", name=op.f("pk_rate_bucket")),
    )
    op.create_index(op.f("ix_rate_bucket_filled_at"), "rate_bucket", ["filled_at"], unique=False)
    op.create_table(
        "setup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup")),
    )
    op.create_table(
        "site",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("slug", name=op.f("uq_site_slug")),
    )
    op.create_table(
        "author_contact",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(length=400), nullable=True),
        sa.Column("email_kid", sa.SmallInteger(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("index_kid", sa.SmallInteger(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_author_contact_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author_contact")),
        sa.UniqueConstraint(
            "site_id",
            "index_kid",
            "email_index",
            name=op.f("uq_author_contact_site_id_index_kid_email_index"),
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_author_contact_uid")),
    )
    op.create_table(
        "endpoint",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "paused", "disabled", name="endpointstate", native_enum=False, length=16
            ),
            nullable=False,
        ),
        sa.Column("state_reason", sa.String(length=200), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_endpoint_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_endpoint_public_id")),
    )
    op.create_index("ix_endpoint_site", "endpoint", ["site_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "moderator", "viewer", name="role", native_enum=False, length=16),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_membership_moderator_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_membership_site_id")),
        sa.PrimaryKeyConstraint("moderator_id", "site_id", name=op.f("pk_membership")),
    )
    op.create_table(
        "thread",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("provisional_title", sa.String(length=300), nullable=False),
        sa.Column("page_text", sa.Text(), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_thread_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("site_id", "page", name=op.f("uq_thread_site_id_page")),
    )
    op.create_table(
        "comment",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("thread_id", BIG_KEY, nullable=False),
        sa.Column("parent_id", BIG_KEY, nullable=True),
        sa.Column("contact_id", BIG_KEY, nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending", "approved", "spam", "trash", name="status", native_enum=False, length=16
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=245), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_owner", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("band", sa.String(length=16), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("likeness", sa.LargeBinary(length=16), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_comment_version_positive")),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["author_contact.id"],
            name=op.f("fk_comment_contact_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name=op.f("fk_comment_parent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_comment_site_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_comment_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_comment_public_id")),
    )
    op.create_index("ix_comment_contact", "comment", ["contact_id"], unique=False)
    op.create_index("ix_comment_likeness", "comment", ["thread_id", "likeness"], unique=False)
    op.create_index(
        "ix_comment_queue", "comment", ["site_id", "status", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_comment_thread", "comment", ["thread_id", "status", "created_at", "id"], unique=False
    )
    op.create_table(
        "decision",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=True),
        sa.Column(
            "before",
            sa.Enum(
                "pending", "approved", "spam", "trash", name="status", native_enum=False, length=16
            ),
            nullable=False,
        ),
        sa.Column(
            "after",
            sa.Enum(
                "pending", "approved", "spam", "trash", name="status", native_enum=False, length=16
            ),
            nullable=False,
        ),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("undoes_id", BIG_KEY, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_decision_comment_id")
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_decision_moderator_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_decision_site_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["decision.id"], name=op.f("fk_decision_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_decision_undoes_id")),
    )
    op.create_index("ix_decision_comment", "decision", ["comment_id", "id"], unique=False)
    op.create_index("ix_decision_moderator", "decision", ["moderator_id", "id"], unique=False)
    op.create_index("ix_decision_site", "decision", ["site_id", "made_at", "id"], unique=False)
    op.create_table(
        "submission_key",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_submission_key_comment_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_submission_key_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_key")),
        sa.UniqueConstraint(
            "site_id",
            "kind",
            "key",
            "fingerprint",
            name=op.f("uq_submission_key_site_id_kind_key_fingerprint"),
        ),
    )
    op.create_index("ix_submission_key_age", "submission_key", ["created_at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=True),
        sa.Column("decision_id", BIG_KEY, nullable=True),
        sa.Column("endpoint_id", BIG_KEY, nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "comment.created",
                "comment.approved",
                "comment.spam",
                "comment.trashed",
                "comment.held",
                "comment.edited",
                "comment.withdrawn",
                "comment.erased",
                "ping",
                name="eventtype",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", BIG_KEY, nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_event_comment_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_event_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoint.id"], name=op.f("fk_event_endpoint_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_event_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("position", name=op.f("uq_event_position")),
        sa.UniqueConstraint("public_id", name=op.f("uq_event_public_id")),
    )
    op.create_index("ix_event_comment", "event", ["comment_id"], unique=False)
    op.create_index("ix_event_cursor", "event", ["site_id", "position"], unique=False)
    op.create_index(
        "ix_event_unreleased",
        "event",
        ["release_at"],
        unique=False,
        sqlite_where=sa.text("position IS NULL AND cancelled_at IS NULL"),
        postgresql_where=sa.text("position IS NULL AND cancelled_at IS NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("event_id", BIG_KEY, nullable=False),
        sa.Column("endpoint_id", BIG_KEY, nullable=False),
        sa.Column("replay", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "due",
                "leased",
                "done",
                "dead",
                "held",
                name="deliverystate",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoint.id"], name=op.f("fk_delivery_endpoint_id")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "event_id",
            "endpoint_id",
            "replay",
            name=op.f("uq_delivery_event_id_endpoint_id_replay"),
        ),
    )
    op.create_index(
        "ix_delivery_open",
        "delivery",
        ["endpoint_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('due', 'leased')"),
        postgresql_where=sa.text("state IN ('due', 'leased')"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("delivery_id", BIG_KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("lease_lost", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_delivery", "attempt", ["delivery_id", "id"], unique=False)
    op.bulk_insert(
        sa.table("event_cursor", sa.column("id"), sa.column("position")), [{"id": 1, "position": 0}]
    )

"""Mail to moderators: who wants which notices, and those on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
AT_ONCE = sa.Enum("off", "all", "fine", name="atonce", native_enum=False, length=16)
DIGEST = sa.Enum("off", "hourly", "daily", "weekly", name="digest", native_enum=False, length=16)
KIND = sa.Enum("at_once", "digest", "test", name="noticekind", native_enum=False, length=16)
LOOKS = "act IN ('author.search', 'comment.reveal')"


def upgrade() -> None:
    op.add_column(
        "moderator",
        sa.Column("time_zone", sa.String(64), server_default=sa.text("'UTC'"), nullable=False),
    )
    # Digests count these two acts alone: every other entry of the log costs no write here.
    op.create_index(
        "ix_audit_entry_looks",
        "audit_entry",
        ["site_id", "seal_id"],
        sqlite_where=sa.text(LOOKS),
        postgresql_where=sa.text(LOOKS),
    )
    _add_watch()
    _add_notice()


def _add_watch() -> None:
    op.create_table(
        "watch",
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("at_once", AT_ONCE, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("digest_hour", sa.SmallInteger(), nullable=False),
        sa.Column("digest_weekday", sa.SmallInteger(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("rest_until", MOMENT, nullable=True),
        sa.Column("position", BIG_KEY, nullable=False),
        sa.Column("alarmed", sa.Boolean(), nullable=False),
        sa.Column("digest_due_at", MOMENT, nullable=True),
        sa.Column("digest_since", MOMENT, nullable=False),
        sa.Column("digest_position", BIG_KEY, nullable=False),
        sa.Column("digest_seal", BIG_KEY, nullable=False),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("failure", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id", "site_id"],
            ["membership.moderator_id", "membership.site_id"],
            name="fk_watch_moderator_id_site_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("moderator_id", "site_id", name="pk_watch"),
        sa.UniqueConstraint("public_id", name="uq_watch_public_id"),
    )
    op.create_index("ix_watch_site", "watch", ["site_id"])
    _index_of_due("ix_watch_due", "watch", "due_at")
    _index_of_due("ix_watch_digest", "watch", "digest_due_at")


def _add_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(40), nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("after", BIG_KEY, nullable=False),
        sa.Column("upto", BIG_KEY, nullable=False),
        sa.Column("seal_after", BIG_KEY, nullable=False),
        sa.Column("seal_upto", BIG_KEY, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["moderator_id", "site_id"],
            ["watch.moderator_id", "watch.site_id"],
            name="fk_notice_moderator_id_site_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("public_id", name="uq_notice_public_id"),
    )
    op.create_index("ix_notice_watch", "notice", ["moderator_id", "site_id", "id"])
    _index_of_due("ix_notice_due", "notice", "due_at")


def _index_of_due(name: str, table: str, column: str) -> None:
    waiting = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], sqlite_where=waiting, postgresql_where=waiting)

"""Deliveries by name, with their origin and last outcome; replays of a range."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ORIGIN = sa.Enum("auto", "replay", "test", name="origin", native_enum=False, length=16)
OUTCOME = sa.Enum(
    "ok", "http", "timeout", "connect", "tls", "dns", "blocked", "protocol", "internal",
    name="outcome", native_enum=False, length=16,
)  # fmt: skip
ONLY = sa.Enum("failed", "all", name="replayonly", native_enum=False, length=16)
RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text, '-', '')",
}


def upgrade() -> None:
    op.add_column("attempt", sa.Column("signed_at", MOMENT, nullable=True))
    _name_deliveries()
    _add_replay_job()


def _name_deliveries() -> None:
    op.add_column("delivery", sa.Column("public_id", sa.String(40), nullable=True))
    op.add_column("delivery", sa.Column("origin", ORIGIN, nullable=True))
    op.add_column("delivery", sa.Column("ahead", sa.Boolean(), nullable=True))
    op.add_column("delivery", sa.Column("outcome", OUTCOME, nullable=True))
    op.execute(f"UPDATE delivery SET public_id = 'dlv_' || {RANDOM[op.get_bind().dialect.name]}")  # noqa: S608 - one of two texts of ours
    op.execute("UPDATE delivery SET origin = 'auto', ahead = false")
    op.execute(
        "UPDATE delivery SET origin = 'test'"
        " WHERE event_id IN (SELECT id FROM event WHERE type = 'ping')"
    )
    op.execute(
        "UPDATE delivery SET outcome ="
        " (SELECT CASE WHEN attempt.error = '' THEN 'ok' ELSE attempt.error END FROM attempt"
        " WHERE attempt.delivery_id = delivery.id ORDER BY attempt.id DESC LIMIT 1)"
    )
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("public_id", existing_type=sa.String(40), nullable=False)
        delivery.alter_column("origin", existing_type=ORIGIN, nullable=False)
        delivery.alter_column("ahead", existing_type=sa.Boolean(), nullable=False)
        delivery.create_unique_constraint("uq_delivery_public_id", ["public_id"])
    op.create_index("ix_delivery_log", "delivery", ["endpoint_id", "created_at", "id"])
    # SQLite uses a partial index where it reads the very condition, and that says "= 1".
    op.create_index(
        "ix_delivery_ahead",
        "delivery",
        ["endpoint_id", "due_at"],
        sqlite_where=sa.text("ahead = 1"),
        postgresql_where=sa.text("ahead"),
    )


def _add_replay_job() -> None:
    op.create_table(
        "replay_job",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(40), nullable=False),
        sa.Column("endpoint_id", BIG_KEY, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("only", ONLY, nullable=False),
        sa.Column("place", BIG_KEY, nullable=False),
        sa.Column("last", BIG_KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name="fk_replay_job_endpoint_id"),
        sa.PrimaryKeyConstraint("id", name="pk_replay_job"),
        sa.UniqueConstraint("public_id", name="uq_replay_job_public_id"),
    )
    op.create_index("ix_replay_job_endpoint", "replay_job", ["endpoint_id", "id"])
    is_open = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_replay_job_open", "replay_job", ["id"], sqlite_where=is_open, postgresql_where=is_open
    )

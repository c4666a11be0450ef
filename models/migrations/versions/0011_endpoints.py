"""The life of an endpoint: its kind, its health, its older secrets, and mail about it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KIND = sa.Enum("webhook", "build", name="endpointkind", native_enum=False, length=16)
FARE = sa.Enum(
    "hour", "day", "four_days", "paused", "disabled", name="fare", native_enum=False, length=16
)
CHECKED = sa.text("check_at IS NOT NULL")
HELD = sa.text("state = 'held'")


def upgrade() -> None:
    _add_health()
    op.create_table(
        "old_secret",
        sa.Column("endpoint_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("not_after", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name="fk_old_secret_endpoint_id"),
        sa.PrimaryKeyConstraint("endpoint_id", "version", name="pk_old_secret"),
    )
    op.add_column("delivery", sa.Column("first_at", MOMENT, nullable=True))
    op.create_index(
        "ix_delivery_held",
        "delivery",
        ["endpoint_id", "created_at"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
    op.add_column("notice", sa.Column("endpoint", sa.String(40), nullable=True))
    op.add_column("notice", sa.Column("fare", FARE, nullable=True))


def _add_health() -> None:
    for column in (
        sa.Column("kind", KIND, server_default="webhook", nullable=False),
        sa.Column("last_failed_at", MOMENT, nullable=True),
        sa.Column("last_failure", sa.String(16), server_default=sa.text("''"), nullable=False),
        sa.Column("blocked", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("told", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("check_at", MOMENT, nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
    ):
        op.add_column("endpoint", column)
    op.create_index(
        "ix_endpoint_check",
        "endpoint",
        ["check_at"],
        sqlite_where=CHECKED,
        postgresql_where=CHECKED,
    )

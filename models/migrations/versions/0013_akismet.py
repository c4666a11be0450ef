"""Counts and reports of programs that speak Akismet's wire."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "akismet_month",
        sa.Column("key_id", BIG_KEY, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("api_calls", sa.Integer(), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("ham", sa.Integer(), nullable=False),
        sa.Column("missed_spam", sa.Integer(), nullable=False),
        sa.Column("false_positives", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_akismet_month_key_id"),
        sa.PrimaryKeyConstraint("key_id", "month", "origin", name="pk_akismet_month"),
    )
    op.create_table(
        "reported_example",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("key_id", BIG_KEY, nullable=False),
        sa.Column("likeness", sa.LargeBinary(16), nullable=False),
        sa.Column("spam", sa.Boolean(), nullable=False),
        sa.Column("base_logit", sa.Double(), nullable=False),
        sa.Column("memory_logit", sa.Double(), nullable=False),
        sa.Column("live_logit", sa.Double(), nullable=True),
        sa.Column("family", sa.BigInteger(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("feature_version", sa.String(40), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_reported_example_site_id"),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="fk_reported_example_key_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reported_example"),
        sa.UniqueConstraint("site_id", "likeness", name="uq_reported_example_site_id_likeness"),
    )
    op.create_index(
        "ix_reported_example_recent", "reported_example", ["site_id", "reported_at", "id"]
    )
    op.create_index("ix_reported_example_key", "reported_example", ["key_id"])
    op.create_index("ix_reported_example_age", "reported_example", ["reported_at"])

"""The API: decisions of keys, and answers kept for repeated requests."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("api_key_id", BIG_KEY, nullable=False),
        sa.Column("repeat_key", sa.LargeBinary(32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name="fk_kept_answer_api_key_id"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_answer"),
        sa.UniqueConstraint(
            "api_key_id", "repeat_key", name="uq_kept_answer_api_key_id_repeat_key"
        ),
    )
    op.create_index("ix_kept_answer_age", "kept_answer", ["made_at"], unique=False)
    # SQLite adds no foreign key to a table that stands.
    op.add_column("decision", sa.Column("key_id", BIG_KEY, nullable=True))

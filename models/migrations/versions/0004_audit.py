"""The audit log and its seals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTORS = sa.Enum("moderator", "key", "operator", name="actorkind", native_enum=False, length=16)


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", ACTORS, nullable=False),
        sa.Column("actor_id", BIG_KEY, nullable=True),
        sa.Column("site_id", BIG_KEY, nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("seal_id", BIG_KEY, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_audit_entry_site_id")),
        sa.ForeignKeyConstraint(
            ["seal_id"], ["audit_seal.id"], name=op.f("fk_audit_entry_seal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_site", "audit_entry", ["site_id", "id"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor_kind", "actor_id", "id"])
    op.create_index("ix_audit_entry_seal", "audit_entry", ["seal_id", "id"])

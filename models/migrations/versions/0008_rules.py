"""A site's rules on authors, hosts and words."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KIND = sa.Enum("author", "host", "word", name="rulekind", native_enum=False, length=16)
VERDICT = sa.Enum("block", "trust", "hold", name="ruleverdict", native_enum=False, length=16)


def upgrade() -> None:
    op.create_table(
        "rule",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("verdict", VERDICT, nullable=False),
        sa.Column("pattern", sa.String(255), nullable=False),
        sa.Column("typed", sa.String(255), nullable=False),
        sa.Column("contact_id", BIG_KEY, nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("made_by_id", BIG_KEY, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by_id", BIG_KEY, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_rule_site_id"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["author_contact.id"], name="fk_rule_contact_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["moderator.id"], name="fk_rule_made_by_id"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["moderator.id"], name="fk_rule_ended_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rule"),
        sqlite_autoincrement=True,
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_rule_live",
        "rule",
        ["site_id", "kind", "pattern"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_index("ix_rule_site", "rule", ["site_id", "id"])
    op.create_index("ix_rule_contact", "rule", ["contact_id"])
    op.add_column(
        "site", sa.Column("rules_version", sa.Integer(), server_default="0", nullable=False)
    )

"""Keys of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KIND = sa.Enum("api", "akismet", name="apikeykind", native_enum=False, length=16)


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(8), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_by", BIG_KEY, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_api_key_site_id"),
        sa.ForeignKeyConstraint(["made_by"], ["moderator.id"], name="fk_api_key_made_by"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("public_id", name="uq_api_key_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_key_site", "api_key", ["site_id", "id"], unique=False)

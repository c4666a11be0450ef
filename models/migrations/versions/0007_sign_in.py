"""Signing in: sessions that can be listed and ended, second factors, passkeys."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "moderator",
        sa.Column("password_short", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("proved_at", MOMENT, nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        whose("staff_session"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_session"),
        sa.UniqueConstraint("public_id", name="uq_staff_session_public_id"),
        sa.UniqueConstraint("token_digest", name="uq_staff_session_token_digest"),
    )
    op.create_index("ix_staff_session_moderator", "staff_session", ["moderator_id", "id"])
    op.create_index("ix_staff_session_began", "staff_session", ["began_at"])
    op.create_table(
        "authenticator",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("uid", sa.LargeBinary(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(128), nullable=False),
        sa.Column("last_step", BIG_KEY, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        whose("authenticator"),
        sa.PrimaryKeyConstraint("id", name="pk_authenticator"),
    )
    op.create_index("ix_authenticator_moderator", "authenticator", ["moderator_id", "id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        whose("recovery_code"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("moderator_id", "digest", name="uq_recovery_code_moderator_id_digest"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("handle", sa.LargeBinary(32), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(2048), nullable=False),
        sa.Column("sign_count", BIG_KEY, nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        whose("passkey"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("public_id", name="uq_passkey_public_id"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_moderator", "passkey", ["moderator_id", "id"])
    op.create_table(
        "password_reset",
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        whose("password_reset"),
        sa.PrimaryKeyConstraint("moderator_id", name="pk_password_reset"),
        sa.UniqueConstraint("token_digest", name="uq_password_reset_token_digest"),
    )


def whose(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["moderator_id"], ["moderator.id"], name=f"fk_{table}_moderator_id"
    )

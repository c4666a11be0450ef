"""The team: invitations; and an audit log that the database itself keeps append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ROLE = sa.Enum("owner", "moderator", "viewer", name="role", native_enum=False, length=16)

# An entry is written once and then gets its seal, once; a seal is never touched.
SQLITE = (
    (
        "CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry"
        " WHEN OLD.seal_id IS NOT NULL OR NEW.seal_id IS NULL OR NEW.id <> OLD.id"
        " OR NEW.at <> OLD.at OR NEW.actor_kind <> OLD.actor_kind"
        " OR NEW.actor_id IS NOT OLD.actor_id OR NEW.site_id IS NOT OLD.site_id"
        " OR NEW.act <> OLD.act OR NEW.subject <> OLD.subject"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_seal_kept BEFORE DELETE ON audit_seal"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    ),
    (
        "CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    ),
)
POSTGRESQL = (
    """
    CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_entry' THEN
        IF OLD.seal_id IS NULL AND NEW.seal_id IS NOT NULL
          AND (NEW.id, NEW.at, NEW.actor_kind, NEW.act, NEW.subject::text)
            = (OLD.id, OLD.at, OLD.actor_kind, OLD.act, OLD.subject::text)
          AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id
          AND NEW.site_id IS NOT DISTINCT FROM OLD.site_id
        THEN
          RETURN NEW;
        END IF;
      END IF;
      RAISE EXCEPTION 'the audit log is append-only';
    END $$
    """,
    (
        "CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry"
        " FOR EACH ROW EXECUTE FUNCTION audit_is_kept()"
    ),
    (
        "CREATE TRIGGER audit_seal_kept BEFORE UPDATE OR DELETE ON audit_seal"
        " FOR EACH ROW EXECUTE FUNCTION audit_is_kept()"
    ),
)


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", ROLE, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("made_by_id", BIG_KEY, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("used_by_id", BIG_KEY, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_invitation_site_id"),
        sa.ForeignKeyConstraint(["made_by_id"], ["moderator.id"], name="fk_invitation_made_by_id"),
        sa.ForeignKeyConstraint(["used_by_id"], ["moderator.id"], name="fk_invitation_used_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("public_id", name="uq_invitation_public_id"),
        sa.UniqueConstraint("token_digest", name="uq_invitation_token_digest"),
    )
    op.create_index("ix_invitation_site", "invitation", ["site_id", "id"])
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.execute(statement)

"""Learning from moderators: lessons, examples, traces, models of a site, the job that fits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column(
            "kind", sa.Enum("fit", name="jobkind", native_enum=False, length=16), nullable=False
        ),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_job_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "site_id", name=op.f("uq_job_kind_site_id")),
    )
    op.create_index("ix_job_due", "job", ["due_at"], unique=False)

    op.create_table(
        "label_withdrawal",
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["moderator.id"], name=op.f("fk_label_withdrawal_made_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_label_withdrawal_moderator_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_label_withdrawal_site_id")),
        sa.PrimaryKeyConstraint("site_id", "moderator_id", name=op.f("pk_label_withdrawal")),
    )
    op.create_table(
        "site_model",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "kept", "refused", name="modelstate", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("base", sa.String(length=80), nullable=False),
        sa.Column("feature_version", sa.String(length=40), nullable=False),
        sa.Column("ham", sa.Integer(), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by_id", BIG_KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["activated_by_id"], ["moderator.id"], name=op.f("fk_site_model_activated_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_model_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_model")),
    )
    op.create_index("ix_site_model_site", "site_model", ["site_id", "id"], unique=False)
    op.create_index(
        "uq_site_model_active",
        "site_model",
        ["site_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )

    op.create_table(
        "example",
        sa.Column("comment_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=True),
        sa.Column("spam", sa.Boolean(), nullable=False),
        sa.Column("base_logit", sa.Double(), nullable=False),
        sa.Column("memory_logit", sa.Double(), nullable=False),
        sa.Column("live_logit", sa.Double(), nullable=True),
        sa.Column("family", sa.BigInteger(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("feature_version", sa.String(length=40), nullable=False),
        sa.Column("script", sa.String(length=24), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_example_comment_id")),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name=op.f("fk_example_moderator_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_example_site_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_example")),
    )
    op.create_index("ix_example_moderator", "example", ["moderator_id"], unique=False)
    op.create_index(
        "ix_example_recent", "example", ["site_id", "decided_at", "comment_id"], unique=False
    )

    op.create_table(
        "lesson",
        sa.Column("comment_id", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_lesson_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_lesson_site_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_lesson")),
    )
    op.create_index("ix_lesson_site", "lesson", ["site_id", "comment_id"], unique=False)

    op.create_table(
        "trace",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("shingle", "host", name="tracekind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("spam", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_trace_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_trace_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace")),
    )
    op.create_index("ix_trace_age", "trace", ["seen_at"], unique=False)
    op.create_index("ix_trace_comment", "trace", ["comment_id"], unique=False)
    op.create_index("ix_trace_number", "trace", ["site_id", "kind", "number"], unique=False)

    op.add_column(
        "comment",
        sa.Column("known_language", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.add_column(
        "comment", sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        "ix_comment_blind",
        "comment",
        ["site_id", "id"],
        unique=False,
        sqlite_where=sa.text("blind"),
        postgresql_where=sa.text("blind"),
    )

    op.add_column(
        "site", sa.Column("model_version", sa.Integer(), server_default="0", nullable=False)
    )
    # What was decided before there was learning is learned from too.
    op.execute(
        "INSERT INTO lesson (comment_id, site_id) "
        "SELECT DISTINCT comment_id, site_id FROM decision WHERE moderator_id IS NOT NULL"
    )

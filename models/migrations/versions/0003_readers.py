"""The reader's side: languages, mail that authors asked for, other names of a page."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "page_alias",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("thread_id", BIG_KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_page_alias_site_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_page_alias_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_alias")),
        sa.UniqueConstraint("site_id", "page", name=op.f("uq_page_alias_site_id_page")),
    )
    op.create_index("ix_page_alias_thread", "page_alias", ["thread_id"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("contact_id", BIG_KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name=op.f("fk_subscription_comment_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["author_contact.id"],
            name=op.f("fk_subscription_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_subscription_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("comment_id", name=op.f("uq_subscription_comment_id")),
    )
    op.create_index("ix_subscription_contact", "subscription", ["contact_id"], unique=False)

    op.create_table(
        "mail",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", BIG_KEY, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("confirm", "published", "reply", name="mailkind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_mail_comment_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_mail_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("public_id", name=op.f("uq_mail_public_id")),
        sa.UniqueConstraint(
            "subscription_id",
            "kind",
            "comment_id",
            name=op.f("uq_mail_subscription_id_kind_comment_id"),
        ),
    )
    op.create_index(
        "ix_mail_due",
        "mail",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )

    op.add_column(
        "comment",
        sa.Column("language", sa.String(length=35), server_default=sa.text("''"), nullable=False),
    )
    op.create_index("ix_comment_parent", "comment", ["parent_id"], unique=False)
    # A thread is paged by row number; by time only its newest minutes are asked for.
    op.drop_index("ix_comment_thread", "comment")
    op.create_index("ix_comment_thread", "comment", ["thread_id", "status", "id"], unique=False)
    op.create_index("ix_comment_page_age", "comment", ["thread_id", "created_at"], unique=False)
    op.create_index("ix_comment_feed", "comment", ["site_id", "status", "id"], unique=False)

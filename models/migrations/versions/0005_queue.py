"""The moderators' queue: lists, counts, full-text search, campaigns, acts on many comments."""

import sqlalchemy as sa
from alembic import op

from models.search import search_words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATUS = sa.Enum(
    "pending", "approved", "spam", "trash", name="status", native_enum=False, length=16
)
MOMENT = sa.DateTime(timezone=True)
BACKFILL = 500  # comments whose words are read at once


def upgrade() -> None:
    _add_columns()
    _add_batch()
    _add_tables()
    _add_search()
    _fill()


def _add_columns() -> None:
    for column in (
        sa.Column("shelf", sa.String(16), server_default=sa.text("'unsure'"), nullable=False),
        sa.Column("listed_score", sa.Double(), server_default=sa.text("0.5"), nullable=False),
        sa.Column("links", sa.Integer(), server_default=sa.text("0"), nullable=False),
    ):
        op.add_column("comment", column)
    op.create_index("ix_comment_age", "comment", ["site_id", "created_at", "id"])
    op.create_index("ix_comment_score", "comment", ["site_id", "status", "listed_score", "id"])
    waiting = sa.text("status = 'pending'")
    op.create_index(
        "ix_comment_shelf",
        "comment",
        ["site_id", "shelf", "created_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.add_column(
        "moderator",
        sa.Column("shortcuts", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def _add_batch() -> None:
    op.create_table(
        "batch",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("new", STATUS, nullable=True),
        sa.Column("undoes_id", BIG_KEY, nullable=True),
        sa.Column("site_ids", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("snapshot", BIG_KEY, nullable=False),
        sa.Column("place", BIG_KEY, nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderator.id"], name="fk_batch_moderator_id"),
        sa.ForeignKeyConstraint(["undoes_id"], ["batch.id"], name="fk_batch_undoes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
        sa.UniqueConstraint("public_id", name="uq_batch_public_id"),
        sa.UniqueConstraint("undoes_id", name="uq_batch_undoes_id"),
    )
    goes_on = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_batch_open", "batch", ["id"], sqlite_where=goes_on, postgresql_where=goes_on
    )
    op.create_index("ix_batch_moderator", "batch", ["moderator_id", "id"])
    op.add_column("decision", sa.Column("batch_id", BIG_KEY, nullable=True))
    some = sa.text("batch_id IS NOT NULL")
    op.create_index(
        "ix_decision_batch",
        "decision",
        ["batch_id", "id"],
        sqlite_where=some,
        postgresql_where=some,
    )


def _add_tables() -> None:
    op.create_table(
        "queue_count",
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("status", STATUS, nullable=False),
        sa.Column("shelf", sa.String(16), nullable=False),
        sa.Column("number", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_queue_count_site_id"),
        sa.PrimaryKeyConstraint("site_id", "status", "shelf", name="pk_queue_count"),
    )
    op.create_table(
        "campaign_mark",
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("mark", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comment.id"], name="fk_campaign_mark_comment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_campaign_mark_site_id"),
        sa.PrimaryKeyConstraint("comment_id", "mark", name="pk_campaign_mark"),
    )
    op.create_index("ix_campaign_mark_like", "campaign_mark", ["site_id", "mark", "comment_id"])
    op.create_table(
        "revision",
        sa.Column("id", BIG_KEY, nullable=False),
        sa.Column("comment_id", BIG_KEY, nullable=False),
        sa.Column("moderator_id", BIG_KEY, nullable=False),
        sa.Column("name", sa.String(245), nullable=False),
        sa.Column("website", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("undoes_id", BIG_KEY, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name="fk_revision_comment_id"),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["moderator.id"], name="fk_revision_moderator_id"
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["revision.id"], name="fk_revision_undoes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.UniqueConstraint("undoes_id", name="uq_revision_undoes_id"),
    )
    op.create_index("ix_revision_comment", "revision", ["comment_id", "id"])


def _add_search() -> None:
    """Make the full-text index: FTS5 on SQLite, a text search vector on PostgreSQL.

    No model maps it; `service.queries.search` alone writes and asks it.
    """
    if op.get_bind().dialect.name == "sqlite":
        # The words come folded and split already; the tokenizer only cuts them at the spaces.
        op.execute("CREATE VIRTUAL TABLE comment_search USING fts5(words, tokenize = 'unicode61')")
        if op.get_bind().scalar(sa.text("SELECT sqlite_version() >= '3.42'")):
            # Else the words of an erased comment would stay in the file until a merge.
            op.execute(
                "INSERT INTO comment_search(comment_search, rank) VALUES('secure-delete', 1)"
            )
        return
    op.execute(
        "CREATE TABLE comment_search (comment_id BIGINT PRIMARY KEY"
        " REFERENCES comment (id) ON DELETE CASCADE, words TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_comment_search_words ON comment_search USING GIN (words)")


def _fill() -> None:
    op.execute(
        "UPDATE comment SET shelf = CASE WHEN blind OR band IS NULL THEN 'unsure' ELSE band END,"
        " listed_score = CASE WHEN blind OR probability IS NULL THEN 0.5 ELSE probability END,"
        " links = CASE WHEN website <> '' OR text LIKE '%://%' THEN 1 ELSE 0 END"
    )
    op.execute(
        "INSERT INTO queue_count (site_id, status, shelf, number)"
        " SELECT site_id, status, CASE WHEN status = 'pending' THEN shelf ELSE '' END, count(*)"
        " FROM comment WHERE withdrawn_at IS NULL AND erased_at IS NULL GROUP BY 1, 2, 3"
    )
    _fill_search()


def _fill_search() -> None:
    bind = op.get_bind()
    read = sa.text(
        "SELECT id, name, website, text FROM comment WHERE id > :last ORDER BY id LIMIT :most"
    )
    insert = sa.text(
        "INSERT INTO comment_search (rowid, words) VALUES (:id, :words)"
        if bind.dialect.name == "sqlite"
        else "INSERT INTO comment_search (comment_id, words)"
        " VALUES (:id, to_tsvector('simple', :words))"
    )
    last = 0
    while rows := bind.execute(read, {"last": last, "most": BACKFILL}).all():
        words = [{"id": row.id, "words": " ".join(search_words(*row[1:]))} for row in rows]
        bind.execute(insert, words)
        last = rows[-1].id

"""The engine: a commit rings the dispatchers, and what is long over can be found and let go."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OVER = "state IN ('done', 'dead')"
UNSENT = "state IN ('dead', 'held')"
LEFT = "position IS NOT NULL OR cancelled_at IS NOT NULL"
# A statement that puts several rows in rings once.
RINGS = {
    "event": "AFTER INSERT ON event FOR EACH STATEMENT",
    "delivery": "AFTER INSERT ON delivery FOR EACH STATEMENT",
    # A replay, or an endpoint switched on again. Leases and marks ring nobody.
    "delivery_again": (
        "AFTER UPDATE OF state ON delivery FOR EACH ROW"
        " WHEN (NEW.state = 'due' AND OLD.state IN ('held', 'dead'))"
    ),
    "endpoint": "AFTER UPDATE OF state ON endpoint FOR EACH STATEMENT",
    "mail": "AFTER INSERT ON mail FOR EACH STATEMENT",
    "notice": "AFTER INSERT ON notice FOR EACH STATEMENT",
    "batch": "AFTER INSERT ON batch FOR EACH STATEMENT",
    "replay_job": "AFTER INSERT ON replay_job FOR EACH STATEMENT",
    "lesson": "AFTER INSERT ON lesson FOR EACH STATEMENT",
    "job": (
        "AFTER INSERT OR UPDATE OF due_at ON job FOR EACH ROW"
        " WHEN (NEW.due_at IS NOT NULL AND NEW.token = '')"
    ),
}


def upgrade() -> None:
    op.create_table(
        "event_horizon",
        sa.Column("site_id", BIG_KEY, nullable=False),
        sa.Column("position", BIG_KEY, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_event_horizon_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_event_horizon"),
    )
    for name, table, columns, where in (
        ("ix_delivery_over", "delivery", ["created_at"], OVER),
        ("ix_delivery_unsent", "delivery", ["state"], UNSENT),
        ("ix_event_left", "event", ["release_at"], LEFT),
    ):
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    if op.get_bind().dialect.name == "postgresql":
        _hang_bells()


def _hang_bells() -> None:
    op.execute(
        "CREATE FUNCTION gatepost_ring() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_notify('gatepost', ''); RETURN NULL; END $$"
    )
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for name, when in RINGS.items():
        if name == "replay_job" and name not in there:
            continue
        op.execute(f"CREATE TRIGGER {name}_rings {when} EXECUTE FUNCTION gatepost_ring()")

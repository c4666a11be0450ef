"""What was delivered before deliveries had names has them after the upgrade."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from service import migrate
from tests.databases import KINDS, engine_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DELIVERIES = (("comment.approved", "done"), ("comment.spam", "due"), ("ping", "due"))
ATTEMPTS = ((1, "timeout"), (1, ""), (2, "tls"))


def config_of(connection):
    """What takes a database one step at a time, as no start does."""
    config = Config()
    config.set_main_option("script_location", migrate.SCRIPTS)
    config.attributes["connection"] = connection
    return config


def rows():
    """(table, row) of a site with three deliveries, as they were stored before."""
    yield (
        "site",
        {"id": 1, "slug": "blog", "name": "Blog", "origins": [], "policy": {}, "created_at": NOW},
    )
    yield (
        "endpoint",
        {
            "id": 1, "public_id": "ep_1", "site_id": 1, "url": "", "types": [], "state": "active",
            "state_reason": "", "secret_version": 1, "streak": 0, "created_at": NOW,
        },
    )  # fmt: skip
    for number, (kind, state) in enumerate(DELIVERIES, 1):
        yield (
            "event",
            {
                "id": number, "public_id": f"evt_{number}", "site_id": 1, "type": kind,
                "body": b"{}", "occurred_at": NOW, "release_at": NOW,
            },
        )  # fmt: skip
        yield (
            "delivery",
            {
                "id": number, "event_id": number, "endpoint_id": 1, "replay": 0, "state": state,
                "due_at": NOW, "token": "", "attempts": 1, "created_at": NOW,
            },
        )  # fmt: skip
    for number, (delivery, error) in enumerate(ATTEMPTS, 1):
        yield (
            "attempt",
            {
                "id": number, "delivery_id": delivery, "number": 1, "at": NOW, "milliseconds": 5,
                "error": error, "excerpt": "", "lease_lost": False,
            },
        )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_old_deliveries_get_names_origins_and_their_last_outcome(kind, databases):
    url = databases.empty(kind)
    with engine_of(url) as engine:
        with engine.connect() as connection:
            command.upgrade(config_of(connection), "0011")
            tables = sa.MetaData()
            tables.reflect(connection)
            for table, row in rows():
                connection.execute(tables.tables[table].insert().values(filled(tables, table, row)))
            connection.commit()
        migrate.migrate(engine)
        with engine.connect() as connection:
            query = "SELECT public_id, origin, outcome, ahead FROM delivery ORDER BY id"
            names, *found = zip(*connection.execute(sa.text(query)), strict=True)
    databases.drop(url)

    assert len(set(names)) == 3
    assert all(name.startswith("dlv_") and len(name) == 36 for name in names)
    assert found == [("auto", "auto", "test"), ("ok", "tls", None), (0, 0, 0)]


def filled(tables, name, row):
    """The row, with nought in every column that wants something and has nothing said."""
    wanting = {
        column.name: column
        for column in tables.tables[name].columns
        if not column.nullable and column.server_default is None and column.name not in row
    }
    noughts = {
        one: "" if isinstance(column.type, sa.String) else 0 for one, column in wanting.items()
    }
    return {**noughts, **row}

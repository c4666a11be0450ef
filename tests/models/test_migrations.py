"""The migrations make exactly the tables of the models, once, whoever starts and whatever dies."""

import contextlib
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from models import Base, Comment, Contact, Site, Status, Thread
from service import migrate
from service.db import transaction
from service.errors import SetupError
from tests.databases import KINDS, bare_app, engine_of, kind_of

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "models" / "migrations" / "versions"
PROCESSES = 4
SEARCH = "comment_search"  # the full-text index is the database's own; no model maps it
ROUNDS = {"sqlite": 10, "postgresql": 3}


@pytest.fixture(params=KINDS)
def empty_url(request, databases):
    url = databases.empty(request.param)
    yield url
    databases.drop(url)


def plain(value):
    """What a reflected constraint says, as one text: a condition prints its address otherwise."""
    if isinstance(value, dict):
        return str({key: plain(found) for key, found in sorted(value.items())})
    return str(value)


def shape(engine):
    """All a database says about its tables, comparable."""
    inspector = sa.inspect(engine)
    questions = (
        inspector.get_columns,
        inspector.get_indexes,
        inspector.get_unique_constraints,
        inspector.get_check_constraints,
        inspector.get_foreign_keys,
    )
    return {
        table: [inspector.get_pk_constraint(table)]
        + [sorted(plain(found) for found in question(table)) for question in questions]
        for table in inspector.get_table_names()
        if table != "alembic_version" and not table.startswith(SEARCH)
    }


def test_alembic_finds_nothing_to_add_to_the_migrations(database_url):
    with engine_of(database_url) as engine, engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _parents: (
                kind != "table" or not name.startswith(SEARCH)
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_and_models_make_the_same_tables(database_url, databases):
    url = databases.empty(kind_of(database_url))
    with engine_of(database_url) as migrated, engine_of(url) as modelled:
        Base.metadata.create_all(modelled)
        assert shape(migrated) == shape(modelled)
    databases.drop(url)


def test_migrations_are_numbered_and_lead_to_one_head():
    scripts = ScriptDirectory(str(ROOT / "models" / "migrations"))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert scripts.get_heads() == [migrate.head()]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    files = sorted(path.name for path in VERSIONS.glob("[0-9]*.py"))
    assert [name[:4] for name in files] == revisions
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in files)


def test_a_migrated_database_stands_at_the_head_and_migrating_again_changes_nothing(database_url):
    with engine_of(database_url) as engine:
        before = shape(engine)
        migrate.migrate(engine)
        assert migrate.current(engine) == migrate.head()
        assert shape(engine) == before


def test_an_empty_database_has_no_revision(empty_url):
    with engine_of(empty_url) as engine:
        assert migrate.current(engine) is None


@contextlib.contextmanager
def starters(number, *arguments):
    """Processes that migrate what they are told to, at the ready."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.models.starter", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(number)
    ]
    try:
        for process in started:
            assert process.stdout.readline() == "ready\n"
        yield started
    finally:
        for process in started:
            process.stdin.close()
            process.stdout.close()
            process.wait(30)


def tell(process, url):
    process.stdin.write(f"{url}\n")
    process.stdin.flush()


@pytest.mark.parametrize("kind", KINDS)
def test_starts_at_the_same_moment_make_one_database(kind, databases):
    with starters(PROCESSES) as processes:
        for _ in range(ROUNDS[kind]):
            url = databases.empty(kind)
            for process in processes:
                tell(process, url)
            assert [process.stdout.readline() for process in processes] == ["done\n"] * PROCESSES
            with engine_of(url) as engine:
                assert migrate.current(engine) == migrate.head()
            databases.drop(url)


@pytest.mark.parametrize("statements", [3, 9, 30])
def test_a_start_killed_in_the_middle_is_finished_by_the_next(statements, empty_url, databases):
    with starters(1, str(statements)) as (process,):
        tell(process, empty_url)
        assert process.wait(30) == -signal.SIGKILL
    with engine_of(empty_url) as engine:
        assert sa.inspect(engine).get_table_names() == []
        migrate.migrate(engine)
        assert set(shape(engine)) == set(Base.metadata.tables)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url):
    with engine_of(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SetupError, match=r"9999.*newer Gatepost"):
            migrate.migrate(engine)
        assert migrate.current(engine) == "9999"


def test_a_folder_without_rights_is_named_not_traced(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        engine_of(f"sqlite:///{tmp_path}/file/gatepost.db") as engine,
        pytest.raises(SetupError, match="data_dir"),
    ):
        migrate.migrate(engine)


@pytest.fixture
def next_migration(tmp_path, monkeypatch):
    """Add a migration after ours; the argument is the body of its `upgrade`."""

    def add(body):
        folder = shutil.copytree(ROOT / "models" / "migrations", tmp_path / "migrations")
        text = f"""from alembic import op

revision = "9000"
down_revision = "{migrate.head()}"


def upgrade():
    {body}
"""
        (folder / "versions" / "9000_next.py").write_text(text)
        monkeypatch.setattr(migrate, "SCRIPTS", str(folder))

    return add


def a_comment_and_its_author(url):
    """Rows in tables that refer to one another."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    rows = (
        Site(id=1, slug="blog", name="Blog", origins=[], created_at=now),
        Contact(id=1, uid=b"1", site_id=1, first_day=now.date(), last_day=now.date()),
        Thread(id=1, site_id=1, page="/amazon", created_at=now),
        Comment(
            public_id="a",
            site_id=1,
            thread_id=1,
            contact_id=1,
            status=Status.PENDING,
            name="Ana",
            text="Hello",
            created_at=now,
            reasons=[],
            signals={},
            likeness=b"",
        ),
    )
    with bare_app(url) as app, app.app_context(), transaction() as session:
        for row in rows:
            session.add(row)
            session.flush()


def test_a_table_that_sqlite_rebuilds_keeps_what_refers_to_it(sqlite_url, next_migration):
    a_comment_and_its_author(sqlite_url)
    with engine_of(sqlite_url) as engine:
        next_migration("with op.batch_alter_table('author_contact', recreate='always'): pass")
        migrate.migrate(engine)
        with engine.connect() as connection:
            assert connection.scalar(sa.select(Comment.contact_id)) == 1


def test_a_migration_that_breaks_a_reference_changes_nothing(sqlite_url, next_migration):
    a_comment_and_its_author(sqlite_url)
    with engine_of(sqlite_url) as engine:
        next_migration("op.execute('DELETE FROM thread')")
        with pytest.raises(SetupError, match="comment refers to a row of thread"):
            migrate.migrate(engine)
        assert migrate.current(engine) != migrate.head()
        with engine.connect() as connection:
            assert connection.scalar(sa.select(Thread.page)) == "/amazon"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_start_waits_for_a_long_migration_of_another(databases):
    url = databases.fresh("postgresql")
    with engine_of(url, busy_timeout=0.1) as engine, ThreadPoolExecutor(1) as other:
        with engine.connect() as holder:
            holder.exec_driver_sql(f"SELECT pg_advisory_lock({migrate.ADVISORY_LOCK})")
            start = other.submit(migrate.migrate, engine)
            holder.exec_driver_sql("SELECT pg_sleep(0.5)")
            assert not start.done()
            holder.exec_driver_sql(f"SELECT pg_advisory_unlock({migrate.ADVISORY_LOCK})")
        assert start.result(30) is None
    databases.drop(url)

"""One place commits: all or nothing, side by side, and no longer than promised."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import RateBucket
from service import db as database
from service.db import (
    Turns,
    WriteOutsideTransactionError,
    db,
    engine_options,
    forget_freed_pages,
    joined,
    transaction,
    wal_in_use,
    wal_is_safe,
)
from service.errors import UnavailableError
from tests.databases import bare_app, engine_of, settings_for
from tests.serving import pause

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUSY_TIMEOUT = 0.5  # seconds

HOLDER = """
import sys
import sqlalchemy as sa

engine = sa.create_engine(sys.argv[1])
with engine.connect() as connection:
    on_sqlite = engine.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if on_sqlite else "LOCK TABLE rate_bucket")
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def locked_by_another_process(url):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        try:
            assert holder.stdout.readline() == "locked\n"
            yield
        finally:
            holder.stdin.close()
            holder.wait(30)


@pytest.fixture
def app(database_url):
    with bare_app(database_url, busy_timeout=BUSY_TIMEOUT) as app:
        yield app


@pytest.fixture
def context(app):
    with app.app_context():
        yield app


def bucket(network=b"net", tokens=0.0):
    return RateBucket(network=network, tokens=tokens, filled_at=NOON)


def add_bucket(app):
    with app.app_context(), transaction() as session:
        session.add(bucket())


def tokens(app):
    """The tokens of every bucket, as a new request sees them."""
    with app.app_context():
        return db.session.scalars(sa.select(RateBucket.tokens).order_by(RateBucket.network)).all()


def test_what_a_transaction_did_is_there_for_the_next(app):
    add_bucket(app)
    assert tokens(app) == [0.0]


def store_and_fail():
    with transaction() as session:
        session.add(bucket())
        session.flush()
        session.execute(sa.insert(RateBucket).values(network=b"2", tokens=1, filled_at=NOON))
        raise ZeroDivisionError


def test_a_fault_stores_nothing_and_is_passed_on(app):
    with app.app_context(), pytest.raises(ZeroDivisionError):
        store_and_fail()
    assert tokens(app) == []


def test_after_a_fault_the_same_request_can_go_on(context):
    with pytest.raises(ZeroDivisionError):
        store_and_fail()
    with transaction() as session:
        session.add(bucket())
    assert tokens(context) == [0.0]


def test_transactions_do_not_nest(context):
    with transaction() as session:
        session.add(bucket())
        with pytest.raises(RuntimeError, match="nest"), transaction():
            pass
    assert tokens(context) == [0.0]


def test_joined_transactions_are_stored_together_or_not_at_all(context):
    with pytest.raises(ZeroDivisionError), joined():
        store_and_fail()
    assert tokens(context) == []

    def go_on_all_the_same():
        with suppress(ZeroDivisionError):
            store_and_fail()

    with pytest.raises(RuntimeError, match="failed"), joined():
        go_on_all_the_same()
    assert tokens(context) == []
    with joined(), transaction() as session:
        session.add(bucket())
    assert tokens(context) == [0.0]
    with transaction(), pytest.raises(RuntimeError, match="nest"), joined():
        pass


def test_a_row_added_outside_a_transaction_is_refused(app):
    with app.app_context():
        db.session.add(bucket())
        with pytest.raises(WriteOutsideTransactionError):
            db.session.flush()
    assert tokens(app) == []


def test_a_row_changed_or_deleted_outside_a_transaction_is_refused(app):
    add_bucket(app)
    with app.app_context():
        db.session.get(RateBucket, b"net").tokens = 5
        with pytest.raises(WriteOutsideTransactionError):
            db.session.flush()
    with app.app_context():
        db.session.delete(db.session.get(RateBucket, b"net"))
        with pytest.raises(WriteOutsideTransactionError):
            db.session.flush()
    assert tokens(app) == [0.0]


@pytest.mark.parametrize(
    "statement",
    [
        sa.insert(RateBucket).values(network=b"2", tokens=1, filled_at=NOON),
        sa.update(RateBucket).values(tokens=1),
        sa.delete(RateBucket),
        sa.update(RateBucket.__table__).values(tokens=1),
    ],
    ids=["insert", "update", "delete", "table"],
)
def test_a_statement_that_writes_outside_a_transaction_is_refused(app, statement):
    add_bucket(app)
    with app.app_context(), pytest.raises(WriteOutsideTransactionError):
        db.session.execute(statement)
    assert tokens(app) == [0.0]


def test_reading_needs_no_transaction_and_may_come_before_one(app):
    add_bucket(app)
    with app.app_context():
        assert db.session.get(RateBucket, b"net").tokens == 0
        with transaction() as session:
            session.get(RateBucket, b"net").tokens = 3
    assert tokens(app) == [3.0]


def test_read_then_write_side_by_side_loses_nothing_and_never_dies_locked(app):
    add_bucket(app)

    def add_fifty(_):
        for _ in range(50):
            with app.app_context(), transaction() as session:
                query = sa.select(RateBucket).with_for_update()
                session.scalars(query).one().tokens += 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add_fifty, range(4)))
    assert tokens(app) == [200.0]


def test_a_database_locked_by_another_process_is_unavailable_in_time(app, database_url):
    with locked_by_another_process(database_url):
        begin = time.monotonic()
        with (
            app.app_context(),
            pytest.raises(UnavailableError) as refused,
            transaction() as session,
        ):
            session.add(bucket())
        took = time.monotonic() - begin
    assert BUSY_TIMEOUT * 0.9 <= took < BUSY_TIMEOUT + 1
    assert refused.value.retry_after == 2
    add_bucket(app)
    assert tokens(app) == [0.0]


def test_who_waits_goes_before_who_comes_back():
    turns, order = Turns(timeout=10), []

    def go(name):
        assert turns.take()
        order.append(name)
        turns.give()

    assert turns.take()
    with ThreadPoolExecutor(2) as others:
        for number, name in enumerate(("first", "second")):
            others.submit(go, name)
            while turns.waiting <= number:
                pause(0.001)
        turns.give()
        go("back again")

    assert order == ["first", "second", "back again"]
    assert turns.take()


def test_a_thread_whose_turn_does_not_come_is_told_so_in_time(sqlite_url):
    with bare_app(sqlite_url, busy_timeout=0.1) as app, ThreadPoolExecutor(1) as other:
        with app.app_context(), transaction():
            waiting = other.submit(add_bucket, app)
            with pytest.raises(UnavailableError):
                waiting.result(10)
        add_bucket(app)
        assert tokens(app) == [0.0]


def test_no_error_shows_what_was_typed(app):
    add_bucket(app)
    with app.app_context(), pytest.raises(sa.exc.IntegrityError) as error, transaction() as session:
        session.add(bucket(tokens=123454321.0))
    assert "123454321" not in str(error.value)


def test_every_pooled_sqlite_connection_is_careful(sqlite_url):
    expected = {"synchronous": 2, "foreign_keys": 1, "secure_delete": 2, "trusted_schema": 0}
    with engine_of(sqlite_url) as engine, ExitStack() as stack:
        connections = [stack.enter_context(engine.connect()) for _ in range(engine.pool.size() + 2)]
        for connection in connections:
            found = {p: connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in expected}
            assert found == expected
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000


@pytest.mark.parametrize(("safe", "journal"), [(True, "wal"), (False, "delete")])
def test_a_write_ahead_log_is_kept_only_by_a_safe_library(databases, monkeypatch, safe, journal):
    monkeypatch.setattr(database, "wal_is_safe", lambda _: safe)  # the library cannot be changed
    url = databases.empty("sqlite")
    with engine_of(url) as engine:
        assert wal_in_use(engine) is safe
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == journal
    databases.drop(url)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_only_libraries_without_the_race_may_use_a_write_ahead_log(version, safe):
    assert wal_is_safe(version) is safe


def test_freed_pages_leave_the_write_ahead_log(databases):
    url = databases.fresh("sqlite")
    with bare_app(url) as app, app.app_context():
        add_bucket(app)
        log = Path(f"{db.engine.url.database}-wal")
        assert not wal_in_use(db.engine) or log.stat().st_size > 0
        forget_freed_pages()
        assert not log.exists() or log.stat().st_size == 0
    databases.drop(url)


def test_the_pool_has_a_connection_for_every_thread(database_url):
    assert engine_options(settings_for(database_url, threads=9))["pool_size"] > 9

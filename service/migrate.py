"""Bringing the database to the shape this version knows, once, whoever starts first.

Migrations are numbered by their files, so a start that finds nothing to do is spared Alembic: an
eighth of a second, and the loading of every migration there ever was.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Generator, Sequence
from pathlib import Path

import sqlalchemy as sa

import models
from service.errors import SetupError

SCRIPTS = str(Path(models.__file__).with_name("migrations"))
NUMBERED = re.compile(r"(\d{4})_\w+\.py", re.ASCII)
ADVISORY_LOCK = 7_270_131  # any number that nobody else in the same database uses


def revisions() -> Sequence[str]:
    """Return the revisions this version ships, oldest first.

    Raises:
        SetupError: there are none.
    """
    names = sorted(path.name for path in Path(SCRIPTS, "versions").iterdir())
    found = [match.group(1) for match in map(NUMBERED.fullmatch, names) if match]
    if not found:
        raise SetupError("this installation has no migrations: install it again")
    return found


def head() -> str:
    """Return the newest revision this version ships."""
    return revisions()[-1]


def current(engine: sa.Engine) -> str | None:
    """Return the revision the database stands at, None when it is empty."""
    with engine.connect() as connection:
        return _stands_at(connection)


def _stands_at(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return revision


def migrate(engine: sa.Engine) -> None:
    """Bring the database to `head()`, under a lock, so that several starts at once are safe.

    Raises:
        SetupError: the database was made by a newer version, or cannot be opened.
    """
    try:
        with _locked(engine) as connection:
            _upgrade(connection)
    except (OSError, sa.exc.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error.orig).__name__
        raise SetupError(
            f"the database cannot be opened: {reason}. Check database_url, data_dir and the rights"
            " on it."
        ) from error


def _upgrade(connection: sa.Connection) -> None:
    now = _stands_at(connection)
    if now is not None and now not in revisions():
        raise SetupError(
            f"the database is at revision {now}, which this version does not know: it was used"
            " by a newer Gatepost. Start that version, or restore a backup."
        )
    if now != head():
        _run_migrations(connection)
        _refuse_broken_references(connection)
        connection.commit()


def _run_migrations(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above: most starts do without
    from alembic.config import Config  # noqa: PLC0415 - as the line before

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_broken_references(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise SetupError(
            f"the new version cannot take over this database: a row of {broken[0]} refers to a row"
            f" of {broken[2]} that is not there. Nothing was changed: restore a backup."
        )


@contextlib.contextmanager
def _locked(engine: sa.Engine) -> Generator[sa.Connection]:
    lock = _locked_sqlite if engine.dialect.name == "sqlite" else _locked_postgresql
    with lock(engine) as connection:
        yield connection


@contextlib.contextmanager
def _locked_postgresql(engine: sa.Engine) -> Generator[sa.Connection]:
    with engine.connect() as connection:
        # Another start may migrate a large table: wait for it, however long a request would wait.
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})")
            connection.commit()


@contextlib.contextmanager
def _locked_sqlite(engine: sa.Engine) -> Generator[sa.Connection]:
    with _file_lock(Path(f"{engine.url.database}.lock")), engine.connect() as connection:
        # SQLite changes a table by copying it and dropping the old one, and with foreign keys on
        # that deletes whatever refers to it. The switch works only outside a transaction.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        try:
            # One transaction round all statements: a start that is killed leaves the old shape.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


@contextlib.contextmanager
def _file_lock(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

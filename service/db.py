"""The database: how it is opened, and the one place that commits."""

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Generator
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session

from config import Settings
from models import Base
from service.errors import UnavailableError

try:
    import pysqlite3.dbapi2 as sqlite_driver
except ImportError:  # no wheel for this platform: the system's library serves
    sqlite_driver = sqlite3

WRITING = "gatepost.writing"
JOINED = "gatepost.joined"
BROKEN = "gatepost.broken"
BUSY_RETRY = 2  # seconds
LOCK_RETRY = 0.01  # seconds

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Turns:
    """Lets threads go one after the other, who came first goes first.

    A plain lock knows no order: whoever gives it back and wants it again has it before a thread
    that waits has woken, and on a slow disk one waited for over a second while others wrote.

    Args:
        timeout: seconds after which one that waits gives up.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    def take(self) -> bool:
        """Wait for a turn; say whether it came in time. Who has it gives it back."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._queue.append(called)
        if called.wait(self.timeout):
            return True
        with self._guard:
            if called.is_set():  # it came at the very end
                return True
            self._queue.remove(called)
            return False

    def give(self) -> None:
        """Let the next one go."""
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False


_turns: WeakKeyDictionary[Any, Turns] = WeakKeyDictionary()


class WriteOutsideTransactionError(RuntimeError):
    """Something was changed outside `transaction()`: our own fault, caught before it is stored."""


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine for the chosen database.

    Bound parameters never appear in an exception: they would carry readers' words.
    """
    if not settings.on_sqlite:
        return {"hide_parameters": True, "pool_pre_ping": True, "pool_size": settings.threads + 4}
    return {
        "hide_parameters": True,
        "module": sqlite_driver,
        "connect_args": {"timeout": settings.busy_timeout, "check_same_thread": False},
        "pool_size": settings.threads + 4,
    }


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Say whether this SQLite library may use a write-ahead log.

    Up to 3.51.2 a checkpoint that races a write can lose a committed transaction
    (fixed in 3.51.3, 3.50.7 and 3.44.6; SQLite release notes).
    """
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )


def wal_in_use(engine: sa.Engine) -> bool:
    """Say whether this SQLite database keeps a write-ahead log."""
    with engine.connect() as connection:
        mode: str = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    return mode == "wal"


def prepare(engine: sa.Engine, settings: Settings) -> None:
    """Set up each connection of the engine; call it once, before the first one."""
    if settings.on_sqlite:
        sa.event.listen(engine, "connect", partial(_open_sqlite, settings.busy_timeout))
        _turns[engine] = Turns(settings.busy_timeout)
    else:
        milliseconds = round(settings.busy_timeout * 1000)
        sa.event.listen(engine, "connect", partial(_open_postgresql, milliseconds))


def _open_sqlite(busy_timeout: float, connection: Any, _record: Any) -> None:
    # Without a level of its own the driver opens no transaction behind our back: a read is one
    # statement on the newest data, as on PostgreSQL, and `transaction()` says BEGIN IMMEDIATE.
    connection.isolation_level = None
    _choose_journal(connection, busy_timeout)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=FAST",
        "trusted_schema=OFF",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _choose_journal(connection: Any, busy_timeout: float) -> None:
    """Switch the journal, if it is not the right one already.

    The switch needs the file for itself, and SQLite does not wait for that: of 600 starts, four
    at a time on an empty database, 9 died "locked" without the repetition.
    """
    journal = "wal" if wal_is_safe(sqlite_driver.sqlite_version_info) else "delete"
    end = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode={journal}")
        except sqlite_driver.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(LOCK_RETRY)
        else:
            return


def _open_postgresql(lock_timeout: int, connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {lock_timeout}")
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


@contextlib.contextmanager
def transaction() -> Generator[Session]:
    """Do all of the block or none of it; the only place that commits.

    On SQLite the writer's lock is taken at once (BEGIN IMMEDIATE): a transaction that reads
    first and asks for the lock later dies "locked" as soon as two run side by side.

    Yields:
        The session of this application context.

    Raises:
        UnavailableError: the database could not take it now; nothing is stored.
    """
    session: Session = db.session()
    if session.info.get(JOINED):
        with _part(session):
            yield session
        return
    if session.info.get(WRITING):
        raise RuntimeError("transactions do not nest")
    with _turn(session):
        session.info[WRITING] = True
        try:
            _begin(session)
            yield session
            session.commit()
        except OperationalError as error:
            session.rollback()
            raise _unavailable() from error
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info[WRITING] = False


@contextlib.contextmanager
def joined() -> Generator[Session]:
    """Store together what several deeds do: their transactions become part of this one.

    Yields:
        The session of this application context.

    Raises:
        UnavailableError: the database could not take it now; nothing is stored.
        RuntimeError: a deed failed, and who called it went on all the same; nothing is stored.
    """
    with transaction() as session:
        session.info[JOINED], session.info[BROKEN] = True, False
        try:
            yield session
        finally:
            session.info[JOINED] = False
        if session.info[BROKEN]:
            raise RuntimeError("a part of this transaction failed")


@contextlib.contextmanager
def _part(session: Session) -> Generator[None]:
    """Do a block as a part of a transaction that somebody else ends."""
    try:
        yield
        session.flush()  # as the commit would have: what breaks, breaks here
    except BaseException:
        session.info[BROKEN] = True  # half a deed must not be stored
        raise


def _unavailable() -> UnavailableError:
    return UnavailableError(
        "The comments cannot be stored right now. Nothing was lost: please try again.",
        retry_after=BUSY_RETRY,
    )


@contextlib.contextmanager
def _turn(session: Session) -> Generator[None]:
    """Let the writers of this process on one SQLite file come one after the other.

    SQLite's own queue is a row of sleeps in which one thread may starve: of 8 threads the
    unluckiest waited 2.0-2.4 s, with turns 0.5-0.6 s.
    """
    turns = _turns.get(session.get_bind())
    if turns is None:
        yield
        return
    if not turns.take():
        raise _unavailable()
    try:
        yield
    finally:
        turns.give()


def forget_freed_pages() -> None:
    """Empty SQLite's write-ahead log, which still holds what an erasure took out of the file."""
    session = db.session()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _begin(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        return
    connection = session.connection()
    driver = connection.connection.driver_connection
    if driver is not None and not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_write_outside(session: Session, _context: Any, _instances: Any) -> None:
    changed = session.new or session.deleted or any(map(session.is_modified, session.dirty))
    if changed and not session.info.get(WRITING):
        raise WriteOutsideTransactionError("use transaction() to change anything")


def _refuse_statement_outside(state: ORMExecuteState) -> None:
    # SQLite would store it at once, without a transaction round it; PostgreSQL would forget it.
    writes = state.is_insert or state.is_update or state.is_delete
    if writes and not state.session.info.get(WRITING):
        raise WriteOutsideTransactionError("use transaction() to change anything")


sa.event.listen(Session, "before_flush", _refuse_write_outside)
sa.event.listen(Session, "do_orm_execute", _refuse_statement_outside)

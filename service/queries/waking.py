"""Being woken by the database: on PostgreSQL its own triggers ring when work is committed."""

import contextlib
import selectors
import socket
from collections.abc import Generator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from service.errors import UnavailableError


class Line:
    """A connection of its own that hears every ring.

    Args:
        connection: not of the pool; each statement commits for itself.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        # One that is not of the pool has no `driver_connection`; psycopg's own is the same.
        self._driver: Any = connection.connection.dbapi_connection

    def heard(self, hang_up: socket.socket, seconds: float) -> bool:
        """Wait until it rings, until `hang_up` can be read, or so many seconds; say if it rang.

        Raises:
            UnavailableError: the connection is lost.
        """
        with _told(self._connection.engine), selectors.DefaultSelector() as waiting:
            waiting.register(self._driver, selectors.EVENT_READ)
            waiting.register(hang_up, selectors.EVENT_READ)
            if not waiting.select(seconds):
                # A connection whose other end vanished without a word looks as quiet as a good one.
                self._connection.exec_driver_sql("SELECT 1")
            return bool(list(self._driver.notifies(timeout=0)))


@contextlib.contextmanager
def listening(engine: sa.Engine) -> Generator[Line]:
    """Listen on a connection of its own.

    Raises:
        UnavailableError: there is no connection to be had.
    """
    with _told(engine), contextlib.closing(engine.connect()) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # the pool's connections are there for requests and deliveries
        connection.exec_driver_sql("LISTEN gatepost")
        yield Line(connection)


@contextlib.contextmanager
def _told(engine: sa.Engine) -> Generator[None]:
    # What is asked of the driver itself fails in the driver's own words.
    lost = (SQLAlchemyError, engine.dialect.loaded_dbapi.OperationalError)
    try:
        yield
    except lost as error:
        raise UnavailableError("The database cannot be listened to.") from error

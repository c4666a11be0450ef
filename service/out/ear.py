"""The dispatcher's ear: on PostgreSQL a commit in any process wakes it; polling stays behind it."""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from service.db import db
from service.errors import UnavailableError
from service.queries.waking import listening

log = logging.getLogger("gatepost.out")

BACKOFF_FIRST, BACKOFF_CEILING = 0.1, 5.0  # seconds
PROVE = 30.0  # seconds of silence after which the connection is tried

Context = Callable[[], AbstractContextManager[Any]]


class Ear:
    """Listens in a thread of its own; on SQLite there is nothing to hear, and no thread.

    Args:
        context: makes the application context that knows the database.
        wake: called when it rang, and whenever rings may have been missed.
    """

    def __init__(self, context: Context, wake: Callable[[], None]) -> None:
        self.context = context
        self.wake = wake
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def start(self) -> None:
        """Begin to listen."""
        with self.context():
            if db.engine.dialect.name == "sqlite":
                return
        self._ends = socket.socketpair()
        run = threading.Thread(target=self._run, args=self._ends[1:], name="ear", daemon=True)
        self._thread = run
        run.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._thread is None or self._ends is None:
            return
        hang_up, hung_up = self._ends
        hang_up.close()
        self._thread.join(BACKOFF_CEILING)
        hung_up.close()

    def _run(self, hung_up: socket.socket) -> None:
        backoff = 0.0
        while not self._stopping.is_set():
            try:
                with self.context(), listening(db.engine) as line:
                    backoff = 0.0
                    # Nobody heard what was committed before.
                    self.wake()
                    while not self._stopping.is_set():
                        if line.heard(hung_up, PROVE):
                            self.wake()
            except UnavailableError:
                log.warning("the database cannot be heard; polling goes on")
                backoff = min(max(backoff * 2, BACKOFF_FIRST), BACKOFF_CEILING)
                self._stopping.wait(backoff)
            except Exception:
                # There is polling too: better that than a thread that raises in circles.
                log.exception("listening failed")
                self._stopping.wait(BACKOFF_CEILING)

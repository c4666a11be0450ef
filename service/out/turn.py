"""Whose turn it is to empty the box, where one process at a time is to do it: on SQLite."""

import contextlib
import fcntl
import logging
import os
import threading
import time

from service.db import db

log = logging.getLogger("gatepost.out")

BEATS = 5  # signs of life in the time after which one that gives none is given up
SLOWEST_BEAT = 5.0  # seconds
LONGEST_LOOK = 10
"""How often that time a single turn may take before it counts as hung."""
LAST_BEAT = 1.0  # seconds that the thread gets to end


class Turn:
    """A lock on a file beside a SQLite database, so that one process polls and sends.

    Claims are safe without it; a second process would only be in the way of the writers. It goes
    with its process, however that ends. A process that is stopped, or hangs on a disk that is
    gone, keeps it: so whoever has it renews the file's time, and where that stays as it is the
    others work without the lock until it changes again.

    Args:
        patience: seconds without a sign of life after which the others work too.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._handle: int | None = None
        self._asked = 0.0
        self._over = threading.Event()
        self._heart: threading.Thread | None = None
        self._sign, self._since = -1, 0.0
        self._alone = False

    def ours(self) -> bool:
        """Take the turn if it is free; say whether to work. Needs an application context."""
        self._asked = time.monotonic()
        path = db.engine.url.database
        if self._handle is not None or db.engine.dialect.name != "sqlite" or not path:
            return True
        handle = os.open(f"{path}.dispatcher", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sign = os.fstat(handle).st_mtime_ns
            os.close(handle)
            return self._without_lock(sign)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        self._heart = threading.Thread(target=self._beat, args=(handle,), name="turn", daemon=True)
        self._heart.start()
        return True

    def release(self) -> None:
        """Let another process have its turn."""
        handle, self._handle = self._handle, None
        if handle is None or self._heart is None:
            return
        self._over.set()
        self._heart.join(LAST_BEAT)
        if not self._heart.is_alive():  # else it hangs on the file, and the process's end closes it
            os.close(handle)

    def _without_lock(self, sign: int) -> bool:
        """Say whether the one who has the turn has given no sign of life for too long.

        By our own clock since we saw the last one: the machine's time may be set meanwhile.
        """
        if sign != self._sign:
            self._sign, self._since = sign, self._asked
        alone = self._asked - self._since > self.patience
        if alone and not self._alone:
            log.warning("the process that has the dispatcher's turn gives no sign of life")
        elif self._alone and not alone:
            log.info("the process that has the dispatcher's turn is back")
        self._alone = alone
        return alone

    def _beat(self, handle: int) -> None:
        """Renew the sign of life until released, unless the loop itself hangs."""
        every = min(SLOWEST_BEAT, self.patience / BEATS)
        while True:
            if time.monotonic() - self._asked < self.patience * LONGEST_LOOK:
                now = time.time_ns()
                with contextlib.suppress(OSError):  # then the others see it, and work
                    os.utime(handle, ns=(now, now))
            if self._over.wait(every):
                return

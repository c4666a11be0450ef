"""The loop that empties the box: a thread beside the server, or a worker of its own."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from service.errors import UnavailableError
from service.house import House
from service.housekeeping import tidy
from service.out import outbox
from service.out.outbox import Claimed, Result
from service.out.webhooks import Send

log = logging.getLogger("gatepost.out")

TIDY_EVERY = 60.0  # seconds
BACKOFF_FIRST, BACKOFF_CEILING = 0.5, 10.0  # seconds
MARK_PAUSE = 0.5  # seconds between two tries to write a result down

Context = Callable[[], contextlib.AbstractContextManager[Any]]


class Dispatcher:
    """Releases events and delivers them until told to stop.

    Args:
        context: makes the application context that a database session needs.
        house: clock, keys, settings.
        send: sends one delivery; never raises for what a receiver does.
    """

    def __init__(self, context: Context, house: House, send: Send) -> None:
        self.context = context
        self.house = house
        self.send = send
        self.threads = house.settings.delivery_threads
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="delivery")
        self._under_way: dict[Future[None], Claimed] = {}
        self._lock = threading.Lock()
        self._tidied = 0.0
        self._thread = threading.Thread(target=self.run, name="dispatcher", daemon=True)

    def wake(self) -> None:
        """Say that there may be work."""
        self._bell.set()

    def start(self) -> None:
        """Run in a thread of its own."""
        self._thread.start()

    def stop(self, drain: float) -> None:
        """Stop claiming, let attempts under way end within `drain` seconds, return the rest."""
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(drain)
        with self._lock:
            unused = [claimed for future, claimed in self._under_way.items() if future.cancel()]
        self._pool.shutdown(wait=False)
        end = time.monotonic() + drain
        while self._busy() and time.monotonic() < end:
            self._bell.wait(0.05)
            self._bell.clear()
        if unused:
            with self.context(), contextlib.suppress(UnavailableError):
                outbox.give_back(unused, self.house.now())

    def run(self) -> None:
        """Work until stopped; a database that is away is waited for."""
        backoff = 0.0
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                busy = self.turn()
                backoff = 0.0
            except Exception:
                # The loop must outlive whatever one turn trips over.
                log.exception("a turn of the dispatcher failed")
                busy, backoff = False, min(max(backoff * 2, BACKOFF_FIRST), BACKOFF_CEILING)
            if not busy:
                self._bell.wait(backoff or self.house.settings.poll_interval)
            elif backoff:
                self._stopping.wait(backoff)

    def turn(self) -> bool:
        """Release, claim and hand out once; say whether there may be more at once."""
        with self.context():
            released = outbox.release(self.house)
            free = self.threads - self._busy()
            claimed = outbox.claim(self.house, free) if free > 0 else []
            if time.monotonic() - self._tidied > TIDY_EVERY:
                tidy(self.house)
                self._tidied = time.monotonic()
        for one in claimed:
            self._hand_out(one)
        return released > 0 or len(claimed) > 0

    def _busy(self) -> int:
        with self._lock:
            return len(self._under_way)

    def _hand_out(self, claimed: Claimed) -> None:
        with self._lock:
            future = self._pool.submit(self._deliver, claimed)
            self._under_way[future] = claimed
        future.add_done_callback(self._done)

    def _done(self, future: "Future[None]") -> None:
        with self._lock:
            self._under_way.pop(future, None)
        if not future.cancelled() and future.exception() is not None:
            log.error("a delivery failed inside", exc_info=future.exception())
        self._bell.set()

    def _deliver(self, claimed: Claimed) -> None:
        end = time.monotonic() + self.house.settings.delivery_lease
        result = self.send(claimed)
        self._mark(claimed, result, end)

    def _mark(self, claimed: Claimed, result: Result, end: float) -> None:
        """Write the result down, waiting for a database that is away until the lease ends."""
        while True:
            try:
                with self.context():
                    held = outbox.mark(self.house, claimed, result)
            except UnavailableError:
                if time.monotonic() > end:
                    log.warning("a result was lost with its lease; the delivery repeats")
                    return
                self._stopping.wait(MARK_PAUSE)
                continue
            log.info(
                "webhook attempted",
                extra={
                    "event": claimed.event_id,
                    "endpoint": claimed.endpoint_id,
                    "attempt": claimed.attempt,
                    "status": None if result.answer is None else result.answer.status,
                    "held": held,
                },
            )
            return

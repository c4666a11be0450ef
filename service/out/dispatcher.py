"""The loop that empties the box: a thread beside the server, or a worker of its own.

On PostgreSQL any number of processes may run it, and a commit in any of them wakes all. Polling
finds everything too, only later. On SQLite one process at a time runs it.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from service.errors import UnavailableError
from service.house import House
from service.housekeeping import tidy
from service.http.guarded import SendError
from service.out import outbox
from service.out.ear import Ear
from service.out.outbox import Claimed
from service.out.result import Result
from service.out.turn import Turn
from service.out.webhooks import Send
from service.queries.housekeeping import BATCH

log = logging.getLogger("gatepost.out")

BACKOFF_FIRST, BACKOFF_CEILING = 0.5, 10.0  # seconds
MARK_PAUSE = 0.5  # seconds between two tries to write a result down

Context = Callable[[], contextlib.AbstractContextManager[Any]]
Chore = tuple[float, Callable[[House], int]]
"""Seconds between two runs, and a deed that returns how many rows it let go."""

CHORES: tuple[Chore, ...] = ((60.0, tidy),)


class Dispatcher:
    """Releases events and delivers them until told to stop.

    Args:
        context: makes the application context that a database session needs.
        house: clock, keys, settings.
        send: sends one delivery; never raises for what a receiver does.
        chores: what else is done from time to time.
        stop_chores: ends what a chore left running.
    """

    def __init__(
        self,
        context: Context,
        house: House,
        send: Send,
        chores: Sequence[Chore] = CHORES,
        stop_chores: Callable[[], None] = lambda: None,
    ) -> None:
        self.context = context
        self.house = house
        self.send = send
        self.threads = house.settings.delivery_threads
        self._chores = [(every, chore, 0.0) for every, chore in chores]
        self._stop_chores = stop_chores
        self._owed: set[int] = set()
        self._bell = threading.Event()
        self._ear = Ear(context, self.wake)
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="delivery")
        self._ours: set[Claimed] = set()
        self._changed = threading.Condition()
        self._turn = Turn(house.settings.delivery_lease)
        self._thread = threading.Thread(target=self.run, name="dispatcher", daemon=True)

    def wake(self) -> None:
        """Say that there may be work."""
        self._bell.set()

    def start(self) -> None:
        """Run in a thread of its own."""
        self._ear.start()
        self._thread.start()

    def stop(self, drain: float) -> None:
        """Stop claiming, let attempts under way end within `drain` seconds, return the rest."""
        end = time.monotonic() + drain
        self._stopping.set()
        self._bell.set()
        self._ear.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(drain)
        self._stop_chores()
        self._pool.shutdown(wait=False)
        with self._changed:
            self._changed.wait_for(lambda: not self._ours, end - time.monotonic())
            left = list(self._ours)
        # A thread that still waits for its receiver or for the database marks nothing any more.
        self._over.set()
        if left:
            with self.context(), contextlib.suppress(UnavailableError):
                outbox.give_back(left, self.house.now())
        self._turn.release()

    def run(self) -> None:
        """Work until stopped; a database that is away is waited for."""
        backoff = 0.0
        while not self._stopping.is_set():
            rung = self._bell.is_set()
            self._bell.clear()
            try:
                pause = self.turn(rung=rung)
                backoff = 0.0
            except Exception:
                self.house.meter.turned_wrong()
                # The loop must outlive whatever one turn trips over.
                log.exception("a turn of the dispatcher failed")
                backoff = min(max(backoff * 2, BACKOFF_FIRST), BACKOFF_CEILING)
                self._stopping.wait(backoff)  # not the bell: it would cut the pause short
            else:
                self._bell.wait(pause)

    def turn(self, *, rung: bool = False) -> float:
        """Release, claim and hand out once; return the seconds until the next turn is due.

        Args:
            rung: somebody said that there may be work.
        """
        with self.context():
            if not self._turn.ours():
                return self.house.settings.poll_interval
            released = outbox.release(self.house)
            claimed = self._claim()
            for one in claimed:
                self._pool.submit(self._deliver, one, self._lease_end())
            if released:
                log.info("events released", extra={"count": released})
            tidied = self._do_chores(stirred=rung or released > 0)
            return 0.0 if released or claimed or tidied else self._pause()

    def _claim(self) -> list[Claimed]:
        with self._changed:
            free = 0 if self._stopping.is_set() else self.threads - len(self._ours)
        look = free == self.threads
        claimed = outbox.claim(self.house, free, look=look) if free > 0 else []
        with self._changed:
            self._ours.update(claimed)
        return claimed

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [self.house.settings.poll_interval, outbox.seconds_to_next(self.house)]
        chores = [self._chores[place] for place in self._owed]
        waits += [max(0.0, last + every - now) for every, _, last in chores]
        return min(wait for wait in waits if wait is not None)

    def _do_chores(self, *, stirred: bool) -> bool:
        """Do the chores that are due; say whether one of them has more to do.

        Args:
            stirred: there may be something for them: one whose time has not come is owed, and
                does not wait for the poll.
        """
        more = False
        for place, (every, chore, last) in enumerate(self._chores):
            now = time.monotonic()
            if last and now - last < every:
                self._owed |= {place} if stirred else set()
                continue
            self._owed.discard(place)
            full = self._do(chore, late=now - last - every if last else 0.0)
            self._chores[place] = (every, chore, 0.0 if full else now)
            more = more or full
        return more

    def _do(self, chore: Callable[[House], int], *, late: float) -> bool:
        """Do a chore; say whether it has more to do."""
        began, well = time.time(), False
        try:
            full = chore(self.house) >= BATCH
            well = True
        except Exception:
            # Nor may a chore keep deliveries waiting.
            log.exception("a chore failed")
            full = False
        name = f"{chore.__module__.rpartition('.')[2]}.{chore.__name__}"
        self.house.meter.did(name, late=late, began=began, well=well)
        return full

    def _lease_end(self) -> float:
        return time.monotonic() + self.house.settings.delivery_lease

    def _deliver(self, claimed: Claimed, end: float) -> None:
        try:
            if not self._over.is_set():
                self._mark(claimed, self._sent(claimed), end)
        except Exception:
            # Nobody asks the pool how it went: what is not said here is never heard of.
            log.exception("a result could not be marked", extra=_names(claimed))
        finally:
            with self._changed:
                self._ours.discard(claimed)
                self._changed.notify_all()
            self._bell.set()

    def _sent(self, claimed: Claimed) -> Result:
        try:
            return self.send(claimed)
        except Exception:
            # Our own fault, and it still counts as an attempt: else it repeats for ever.
            log.exception("a webhook could not be sent", extra=_names(claimed))
            return Result(None, SendError("internal", "Gatepost could not send this."))

    def _mark(self, claimed: Claimed, result: Result, end: float) -> None:
        """Write the result down, waiting for a database that is away until the lease ends."""
        while True:
            try:
                with self.context():
                    held = outbox.mark(self.house, claimed, result)
            except UnavailableError:
                if self._over.is_set() or time.monotonic() > end:
                    log.warning("webhook result lost", extra=_names(claimed))
                    return
                self._over.wait(MARK_PAUSE)
                continue
            self._count(claimed, result, held=held)
            _log_attempt(claimed, result, held=held)
            return

    def _count(self, claimed: Claimed, result: Result, *, held: bool) -> None:
        delay = None
        if held and result.good:
            delay = (self.house.now() - claimed.free_since).total_seconds()
        self.house.meter.attempted(result.outcome.value, held=held, delay=delay)


def _names(claimed: Claimed) -> dict[str, object]:
    return {
        "event": claimed.event_id,
        "endpoint": claimed.endpoint_id,
        "attempt": claimed.attempt,
    }


def _log_attempt(claimed: Claimed, result: Result, *, held: bool) -> None:
    status = None if result.answer is None else result.answer.status
    log.info("webhook attempted", extra={**_names(claimed), "status": status, "held": held})

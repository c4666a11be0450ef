"""What this process has counted since its start, for whoever watches over it."""

import threading
from collections import Counter
from dataclasses import dataclass, field

DELAYS = (
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    1800.0,
    7200.0,
    36_000.0,
    86_400.0,
)
"""Seconds; upper ends of the classes in which delays are counted."""


@dataclass(slots=True)
class Errand:
    """How a chore went so far.

    Args:
        runs, failures: how often it was begun, and how often it failed.
        late: seconds by which its last run began after its time.
        began: Unix seconds of its last run.
    """

    runs: int = 0
    failures: int = 0
    late: float = 0.0
    began: float = 0.0


@dataclass(slots=True)
class Meter:
    """Counts that only grow, from any thread.

    Args:
        attempts: webhook attempts by what came of them: ok, http, timeout, dns, connect, tls, …
        mails: mails by what came of them: sent, again, given_up.
        lost_leases: results that came after the lease was lost.
        failed_turns: turns of the dispatcher that failed.
        delays: deliveries that were taken, by the first class of `DELAYS` they fit in; the last
            place counts the slower ones.
        delayed: seconds, all delays together.
        errands: chores, by name.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    lost_leases: int = 0
    failed_turns: int = 0
    delays: list[int] = field(default_factory=lambda: [0] * (len(DELAYS) + 1))
    delayed: float = 0.0
    errands: dict[str, Errand] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attempted(self, outcome: str, *, held: bool, delay: float | None) -> None:
        """Count a webhook attempt.

        Args:
            outcome: "ok", or the class of the failure.
            held: whether the lease was still ours.
            delay: seconds since the event might leave, if it was taken now.
        """
        with self._lock:
            self.attempts[outcome] += 1
            self.lost_leases += not held
            if delay is not None:
                place = sum(delay > end for end in DELAYS)
                self.delays[place] += 1
                self.delayed += delay

    def mailed(self, outcome: str) -> None:
        """Count a mail that was tried."""
        with self._lock:
            self.mails[outcome] += 1

    def turned_wrong(self) -> None:
        """Count a turn of the dispatcher that failed."""
        with self._lock:
            self.failed_turns += 1

    def did(self, name: str, *, late: float, began: float, well: bool) -> None:
        """Count a run of a chore.

        Args:
            late: seconds by which it began after its time.
            began: Unix seconds.
        """
        with self._lock:
            errand = self.errands.setdefault(name, Errand())
            errand.runs += 1
            errand.failures += not well
            errand.late, errand.began = late, began

"""The faults a webhook engine must stand, in full size, one line each.

    python -m tests.checks.faults [--only 4,20] [--kind sqlite]

Where the suite tries a fault in full already, its tests are run and counted. It takes ten
minutes on two cores that do nothing else.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.databases import KINDS, Databases
from tests.faults import cases, growth
from tests.faults.ground import ground_on
from tests.serving import ROOT

OUT = "tests/out"


@dataclass(frozen=True)
class Fault:
    """One of the list.

    Args:
        text: given, when and then in a few words.
        run: from a ground (and the server, where it wants that) to what was measured.
        tests: else the suite's own tests, as pytest names them.
        settings: of the ground.
    """

    text: str
    run: Callable | None = None
    tests: tuple[str, ...] = ()
    settings: tuple[tuple[str, object], ...] = ()


GUARDED = ("tests/service/http/test_guarded.py", "tests/service/http/test_guarded_hard.py")
FAULTS = {
    1: Fault("a cause fails after its event: nothing is sent", cases.rollback),
    2: Fault("killed right after the commit: sent after the start", cases.crash_after_commit),
    3: Fault(
        "killed between send and mark: repeated, same id",
        tests=(f"{OUT}/test_webhooks.py", "-k", "killed_between or signed_anew"),
    ),
    4: Fault("kill -9 ten times: none lost", cases.kill_storm),
    5: Fault("several processes: none sent twice", cases.sharing),
    6: Fault("asleep past the lease: fenced off", cases.zombie),
    7: Fault(
        "a receiver hangs: the others do not wait",
        tests=(f"{OUT}/test_dispatcher.py", "-k", "hanging or cap_holds"),
    ),
    8: Fault(
        "answers that drip: the deadline holds",
        tests=(*GUARDED, "-k", "deadline or drips"),
    ),
    9: Fault(
        "131 MB, gzip bomb: no memory", tests=(*GUARDED, "-k", "huge or bomb or four_kilobytes")
    ),
    10: Fault(
        "500 for two days: nothing used up, all delivered", tests=(f"{OUT}/test_breaker.py",)
    ),
    11: Fault("dead for 120 h: told, disabled, replayed", tests=(f"{OUT}/test_long_failure.py",)),
    12: Fault("410: disabled at once", tests=(OUT, "-k", "gone")),
    13: Fault("Retry-After of every kind", tests=(OUT, "-k", "retry_after or busy_receiver")),
    14: Fault("redirects inside: not followed", tests=(OUT, *GUARDED, "-k", "redirect")),
    15: Fault(
        "DNS rebinding: one look-up, one address",
        tests=(*GUARDED, "-k", "no_name_leads or checked_address"),
    ),
    16: Fault(
        "forty spellings of addresses inside",
        tests=(*GUARDED, "-k", "spelling or no_name or metadata or refused_when_typed"),
    ),
    17: Fault(
        "TLS: expired, foreign, wrong host, old, stalled",
        tests=(*GUARDED, "-k", "certificate or handshake"),
    ),
    18: Fault("clocks off or jumping", tests=(f"{OUT}/test_clock_skew.py",)),
    19: Fault("database crashes, is full or held", cases.restart),
    20: Fault("10,000 at a dead endpoint, 500 good ones", cases.dead_endpoint),
    21: Fault("rotation in mid-flight", tests=(f"{OUT}/test_rotation.py",)),
    22: Fault("order: versions grow", tests=(f"{OUT}/test_order.py", "-k", "highest_version")),
    23: Fault("erased while it waits", tests=(f"{OUT}/test_order.py", "-k", "erased")),
    24: Fault("poison and missed ticks", tests=(f"{OUT}/test_poison.py",)),
    25: Fault("a million attempts purged beside work", growth.growth),
}


class Bench:
    """Runs faults on databases of its own and prints a line for each."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self.folder, self.databases = folder, databases
        self.failed = 0

    def measured(self, number: int, fault: Fault, kind: str) -> str:
        if number == 19 and kind == "sqlite":
            return tested(("tests/faults/test_database_away.py", "-k", "disk or holds"))
        url = self.databases.fresh(kind)
        place = Path(tempfile.mkdtemp(dir=self.folder))
        more = {"server": self.databases.server} if number == 19 else {}
        try:
            with ground_on(url, place) as ground:
                return fault.run(ground, **more)
        finally:
            self.databases.drop(url)

    def line(self, number: int, fault: Fault, kind: str) -> None:
        began = time.monotonic()
        try:
            told = self.measured(number, fault, kind) if fault.run else tested(fault.tests)
            verdict = "pass"
        except Exception as error:  # noqa: BLE001 - the others are tried all the same
            told, verdict = f"{type(error).__name__}: {error}"[:200], "FAIL"
            self.failed += 1
        seconds = time.monotonic() - began
        print(
            f"| {number} | {fault.text} | {kind} | {told} | {verdict}, {seconds:.0f} s |",
            flush=True,
        )


def tested(tests: tuple[str, ...]) -> str:
    """Run tests of the suite; return how many passed."""
    missing = [part for part in tests if part.startswith("tests/") and not (ROOT / part).exists()]
    if missing:
        raise RuntimeError(f"no such tests: {missing}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, last
    return last


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(map(str, FAULTS)))
    parser.add_argument("--kind", choices=KINDS)
    chosen = parser.parse_args()
    print("| | fault | database | measured | |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        bench = Bench(Path(folder), databases)
        try:
            for number in map(int, chosen.only.split(",")):
                fault = FAULTS[number]
                for kind in KINDS if fault.run else ("both",):
                    if chosen.kind in (None, kind) or kind == "both":
                        bench.line(number, fault, kind)
        finally:
            databases.close()
    return bench.failed


if __name__ == "__main__":
    sys.exit(main())

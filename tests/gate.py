"""All that must hold before a change lands; `python3 run.py test` runs this.

With arguments only pytest runs, with those arguments; with `--coverage` alone, all of it counted.
Counting makes the tests half as slow again, so the everyday run does without.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests import chromium

PROGRAMS = Path(sys.executable).parent  # not resolved: the environment's own
CHECKS: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "--quiet"],
    "lint": ["ruff", "check", "--quiet"],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
    "dependencies": ["deptry", "."],
}
COUNTED = "--coverage"
FIRST_HALF = [f"tests/{room}" for room in ("browser", "models", "out", "bench", "faults", "demo")]
HALVES = (FIRST_HALF, ["tests", *[f"--ignore={folder}" for folder in FIRST_HALF]])
"""Run side by side; each takes about as long as the other on two cores."""


def main(arguments: Sequence[str]) -> int:
    """Run the checks and return the exit code: 0 only when every one passed."""
    counted = list(arguments) == [COUNTED]
    if arguments and not counted:
        return _run(["pytest", *arguments])
    if not chromium.see_to_it():
        print(chromium.MISSING, flush=True)
        if os.environ.get("CI") == "true":
            return 1
    deeds = {name: partial(_run, command) for name, command in CHECKS.items()}
    deeds["tests"] = partial(_tests, counted=counted)
    if counted:
        deeds["coverage"] = _coverage
    failed = [name for name, deed in deeds.items() if not _passed(name, deed)]
    print(f"gate: {', '.join(failed)} failed" if failed else "gate: everything passed", flush=True)
    return 1 if failed else 0


def _tests(*, counted: bool) -> int:
    """Run both halves at once; what the first says is shown when both are done."""
    if counted:
        _run(["coverage", "erase"])
    with tempfile.TemporaryFile("w+") as said:
        beside = subprocess.Popen(_pytest(0, counted), stdout=said, stderr=subprocess.STDOUT)
        code = subprocess.run(_pytest(1, counted), check=False).returncode
        code = beside.wait() or code
        said.seek(0)
        print(f"gate: {' '.join(FIRST_HALF)}\n{said.read()}", flush=True)
    return code


def _pytest(half: int, counted: bool) -> list[str]:  # noqa: FBT001 - one of two ways to run it
    data = f"--data-file=.coverage.{half}"
    counting = (
        [str(PROGRAMS / "coverage"), "run", data, "-m"] if counted else [sys.executable, "-m"]
    )
    return [*counting, "pytest", *HALVES[half]]


def _coverage() -> int:
    return _run(["coverage", "combine", "--quiet"]) or _run(["coverage", "report"])


def _passed(name: str, deed: Callable[[], int]) -> bool:
    begin = time.monotonic()
    print(f"gate: {name}", flush=True)
    code = deed()
    print(f"gate: {name} took {time.monotonic() - begin:.1f} s", flush=True)
    return code == 0


def _run(command: Sequence[str]) -> int:
    program, *rest = command
    return subprocess.run([PROGRAMS / program, *rest], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

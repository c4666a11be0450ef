"""All that must hold before a change lands; `python3 run.py test` runs this.

With arguments only pytest runs, with those arguments.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests import chromium

PROGRAMS = Path(sys.executable).parent  # not resolved: the environment's own
CHECKS: dict[str, list[str]] = {
    "format": ["ruff", "format", "--check", "--quiet"],
    "lint": ["ruff", "check", "--quiet"],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
    "dependencies": ["deptry", "."],
    "tests": ["coverage", "run", "-m", "pytest"],
    "coverage": ["coverage", "report"],
}


def main(arguments: Sequence[str]) -> int:
    """Run the checks and return the exit code: 0 only when every one passed."""
    if arguments:
        return _run(["pytest", *arguments])
    if not chromium.see_to_it():
        print(chromium.MISSING, flush=True)
        if os.environ.get("CI") == "true":
            return 1
    failed = [name for name, command in CHECKS.items() if not _passed(name, command)]
    print(f"gate: {', '.join(failed)} failed" if failed else "gate: everything passed", flush=True)
    return 1 if failed else 0


def _passed(name: str, command: Sequence[str]) -> bool:
    begin = time.monotonic()
    print(f"gate: {name}", flush=True)
    code = _run(command)
    print(f"gate: {name} took {time.monotonic() - begin:.1f} s", flush=True)
    return code == 0


def _run(command: Sequence[str]) -> int:
    program, *rest = command
    return subprocess.run([PROGRAMS / program, *rest], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

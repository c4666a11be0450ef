"""Install and run Gatepost from a checkout, with nothing but Python.

    python3 run.py                 install what is missing, then serve
    python3 run.py demo            a seeded demo with a blog page
    python3 run.py test [PATHS]    all checks and tests, or pytest on PATHS
    python3 run.py install         install only
    python3 run.py VERB ...        any other verb of `gatepost`

What is installed is exactly the lock files' content, checked by hash. Where packages come from
is the business of pip's and uv's own settings.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for those who have an older one
    sys.exit(
        "Gatepost needs Python 3.11 or newer; this is {}.{}. Start it with a newer one, for"
        " example: python3.13 run.py".format(*sys.version_info)
    )

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / "bin"
PYTHON = PROGRAMS / "python"
STAMP = ENVIRONMENT / "gatepost-installed"
BUILD_LOCK = ROOT / "requirements-build.lock"  # what builds: first, so that nothing else is fetched
RUN_LOCK = ROOT / "requirements.lock"
DEVELOPMENT_LOCK = ROOT / "requirements-dev.lock"  # holds the run-time set too

PIP_INSTALL = (
    *("-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
    *("--no-build-isolation", "--no-deps", "--use-pep517"),
)
Command: TypeAlias = Sequence[str | Path]


class InstallError(Exception):
    """The environment cannot be made; the text says what to do."""


def main(arguments: Sequence[str]) -> None:
    """Install if needed, then become the program asked for."""
    verb = arguments[0] if arguments else "serve"
    try:
        install(development=verb == "test")
    except InstallError as error:
        sys.exit(f"run.py: {error}")
    if verb == "install":
        return
    if verb == "test":
        os.chdir(ROOT)
        become(PYTHON, "-m", "tests.gate", *arguments[1:])
    become(PROGRAMS / "gatepost", verb, *arguments[1:])


def become(program: Path, *arguments: str) -> None:
    """Turn into another program, so that signals and the exit code are its own."""
    sys.stdout.flush()
    os.execv(program, [str(program), *arguments])  # noqa: S606 - no shell is wanted


def install(*, development: bool) -> None:
    """Bring the environment to what the lock files say, unless it is there already.

    Raises:
        InstallError: neither uv nor pip could do it.
    """
    with Path(__file__).open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two starts at once install once
        done = STAMP.read_text("utf-8") if STAMP.is_file() and _works(PYTHON) else ""
        digest = _digest()
        if done == f"{digest} development" or (done == f"{digest} run" and not development):
            return
        STAMP.unlink(missing_ok=True)
        locks = [BUILD_LOCK, DEVELOPMENT_LOCK if development else RUN_LOCK]
        print("run.py: installing into .venv", flush=True)
        if not _with_uv(locks):
            _with_pip(locks)
        STAMP.write_text(f"{digest} {'development' if development else 'run'}", "utf-8")


def _digest() -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in (ROOT / "pyproject.toml", BUILD_LOCK, RUN_LOCK, DEVELOPMENT_LOCK):
        found.update(path.read_bytes())
    return found.hexdigest()


def _works(*command: str | Path) -> bool:
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _with_uv(locks: Sequence[Path]) -> bool:
    uv = shutil.which("uv")
    if uv is None or not _works(uv):
        return False
    if not _same_python():
        make: Command = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT]
        if not _done(make):
            return False
    common: Command = [uv, "pip", "install", "--quiet", "--python", PYTHON, "--no-build-isolation"]
    # Compiled once here, as pip does, or every start would compile what it imports.
    exact: Command = [*common, "--no-deps", "--require-hashes", "--compile-bytecode"]
    if all(_done([*exact, "-r", lock]) for lock in locks):
        return _done([*common, "--no-deps", "--editable", ROOT])
    print("run.py: uv could not install; trying pip", flush=True)
    return False


def _with_pip(locks: Sequence[Path]) -> None:
    if not _same_python() or not _works(PYTHON, "-m", "pip"):
        if importlib.util.find_spec("ensurepip") is None:
            raise InstallError(_no_ensurepip())
        if not _done([sys.executable, "-m", "venv", "--clear", ENVIRONMENT]):
            raise InstallError(f"{ENVIRONMENT} cannot be made")
    common: Command = [PYTHON, *PIP_INSTALL]
    for lock in locks:
        if not _done([*common, "--require-hashes", "-r", lock]):
            raise InstallError(f"pip could not install {lock.name}; its own words stand above")
    if not _done([*common, "--editable", ROOT]):
        raise InstallError("pip could not install this checkout; its own words stand above")


def _no_ensurepip() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        "this Python cannot make environments (no ensurepip). On Debian or Ubuntu:"
        f"\n    apt-get install python{version}-venv\nor install uv, and start again"
    )


def _same_python() -> bool:
    ask = "import sys; print(sys.version)"
    try:
        done = subprocess.run([PYTHON, "-c", ask], capture_output=True, check=False, text=True)
    except OSError:
        return False
    return done.stdout.strip() == sys.version


def _done(command: Command) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])

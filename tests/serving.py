"""The real service as a process of its own, for tests that need one to talk to or to kill."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from config import load

ROOT = Path(__file__).parents[1]
START_LIMIT = 30.0  # seconds


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pause(seconds: float) -> None:
    """Wait between two looks at something another process does."""
    threading.Event().wait(seconds)


class Service:
    """`gatepost serve` under a folder and a database of its own."""

    verb = "serve"

    def __init__(self, folder: Path, database_url: str = "", **settings: object) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log = folder / "service.log"
        values = {
            "base_url": self.base_url,
            "port": self.port,
            "data_dir": folder / "data",
            "key_ring": folder / "keys" / "gatepost.keys",
            "database_url": database_url,
            **settings,
        }
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("GATEPOST_")
            },
            **{f"GATEPOST_{name.upper()}": str(value) for name, value in values.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    def settings(self):
        """The settings the process runs with."""
        return load(self.environment)

    def launch(self) -> None:
        """Start it and wait for nothing."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", self.verb],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> "Service":
        """Start it and return when it is ready."""
        self.launch()
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the service stopped at once:\n{self.log.read_text()[-4000:]}")
            try:
                if self.get("/readyz")[0] == 200:
                    return self
            except OSError:
                pass
            pause(0.02)
        raise RuntimeError(f"the service did not get ready:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """Kill it and all its children the hard way."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connection(self, timeout: float = 20.0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = self.connection()
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def post_json(self, path: str, body: dict, headers: dict[str, str] | None = None):
        """POST an object; return (status, parsed answer)."""
        connection = self.connection()
        try:
            connection.request(
                "POST",
                path,
                json.dumps(body).encode(),
                {"Content-Type": "application/json", **(headers or {})},
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


class Worker(Service):
    """`gatepost worker`: it opens no door, so who needs it to be there looks at what it does."""

    verb = "worker"

    def start(self) -> "Worker":
        self.launch()
        return self


def host_of(url: str) -> str:
    """The Host header of a URL."""
    return urlsplit(url).netloc

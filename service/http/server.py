"""Serving: granian inside this one process, so that there is nothing to orphan."""

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from service.errors import SetupError
from service.http.front import Front

log = logging.getLogger("gatepost.server")

BACKLOG = 2048
HEADER_TIMEOUT = 10_000  # milliseconds for a whole head, and for silence between two requests
THREADS = Path("/proc/self/task")  # Linux: one entry a thread of this process, native ones too
LINGER = 0.5  # seconds granian's own threads may take to end
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(front: Front, *, host: str, port: int, drain: float, ready: Callable[[], None]) -> None:
    """Serve until told to stop, then let requests under way end.

    Embedded rather than granian's supervisor: with kill -9 of a supervisor its worker would go on
    holding the port and the database (tried).

    Args:
        drain: seconds that requests under way may take after the signal.
        ready: called once the port is bound.

    Raises:
        SetupError: somebody else listens on the port.
    """
    _check_free(host, port)
    before = _threads()
    try:
        asyncio.run(_serve(front, host, port, drain, ready))
    finally:
        _let_end(before)


def _check_free(host: str, port: int) -> None:
    # granian binds with SO_REUSEPORT: a second start by mistake would share port and database.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = str(error.strerror).partition(" (while")[0]  # the address stands here already
        raise SetupError(f"cannot listen on {host}, port {port}: {why}") from None


def _threads() -> set[str]:
    """Return the threads of this process that Python did not start; empty where nobody tells."""
    ours = {str(thread.native_id) for thread in threading.enumerate()}
    return {path.name for path in THREADS.iterdir()} - ours if THREADS.exists() else set()


def _let_end(before: set[str]) -> None:
    """Wait for granian's threads: one that meets a Python that is ending panics and may abort."""
    end = time.monotonic() + LINGER
    while _threads() - before and time.monotonic() < end:
        time.sleep(0.001)


async def _serve(
    front: Front, host: str, port: int, drain: float, ready: Callable[[], None]
) -> None:
    server = Server(
        front,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT, pipeline_flush=False),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(server.serve())
    if await _bound(host, port, serving):
        ready()
    await asyncio.wait(
        [serving, asyncio.create_task(stopping.wait())], return_when="FIRST_COMPLETED"
    )
    if serving.done():
        serving.result()  # the port is taken, say: let the reason be seen
        return
    server.stop()  # type: ignore[no-untyped-call]  # granian ships this method unannotated
    try:
        async with asyncio.timeout(drain):
            await serving
    except TimeoutError:
        log.warning("stopped with requests under way: they took longer than the drain")
        # granian still reports the end of a task that is gone.
        loop.set_exception_handler(lambda _loop, _context: None)


async def _bound(host: str, port: int, serving: asyncio.Task[None]) -> bool:
    """Wait until the port answers; False when serving ended first."""
    while not serving.done():
        try:
            _reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        return True
    return False

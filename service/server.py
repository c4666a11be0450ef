"""Serving: granian inside this one process, so that there is nothing to orphan."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from service.front import Front

BACKLOG = 2048
HEADER_TIMEOUT = 10_000  # milliseconds for a whole head
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(front: Front, *, host: str, port: int, drain: float, ready: Callable[[], None]) -> None:
    """Serve until told to stop, then let requests under way end.

    Embedded rather than granian's supervisor: with kill -9 of a supervisor its worker would go on
    holding the port and the database.

    Args:
        drain: seconds that requests under way may take after the signal.
        ready: called once the port is bound.
    """
    asyncio.run(_serve(front, host, port, drain, ready))


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
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(drain):
            await serving
    front.pool.shutdown(wait=False, cancel_futures=True)


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

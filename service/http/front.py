"""The front before Flask: judges heads, reads bodies whole, and lends a thread only then.

granian calls it for each request (RSGI). A client that sends half a header or drips its body costs
a task on the event loop and no thread; Flask sees complete requests only.
"""

import asyncio
import io
import ipaddress
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from service.errors import BadRequestError, ServiceError
from service.http.bodies import check_body
from service.http.gate import BODY_METHODS, Gate, Head

log = logging.getLogger("gatepost.front")

GATED = "gatepost.gated"
REFUSAL = "gatepost.refusal"
PARSED = "gatepost.json"
CLIENT = "gatepost.client"
QUEUE_PER_THREAD = 250  # requests that may wait for a thread before more are answered 503
NO_BODY = frozenset({204, 304})

Headers = list[tuple[str, str]]
PLAIN: Headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, ready to be sent."""

    status: int
    headers: Headers
    body: bytes


FAILED = Answer(500, PLAIN, b"Something went wrong on our side. Please try again.")
# Said by the front itself: a refusal rendered by Flask would wait in the queue that is full.
BUSY = Answer(503, [*PLAIN, ("retry-after", "2")], b"Too busy right now. Please try again.")


class Scope(Protocol):
    """What granian tells of a request (RSGI 1.6)."""

    http_version: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class Threads(Executor):
    """A fixed number of threads that never keep the process from ending.

    The standard library's pool is waited for at exit, so that one stuck request would hold the
    process, the port and the database for ever.
    """

    def __init__(self, number: int) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        for count in range(number):
            threading.Thread(target=self._work, name=f"request_{count}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a call in the next free thread."""
        future: Future[Any] = Future()
        self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - it belongs to who asked, whatever it is
                    future.set_exception(error)
            del future, call  # an idle thread keeps no reader's words


class Front:
    """The RSGI application.

    Args:
        wsgi: the Flask application.
        gate: judges heads and bodies.
        threads: threads that run Flask, each with room for QUEUE_PER_THREAD requests that wait.
        deadline: seconds within which a body must have arrived.
        trusted_proxies: own proxies in front; 0 = forwarding headers are ignored.
        ready: answers from memory a request without a body that passed the gate, or returns None.
    """

    def __init__(
        self,
        wsgi: WSGIApplication,
        gate: Gate,
        *,
        threads: int,
        deadline: float,
        trusted_proxies: int = 0,
        ready: Callable[[Head], Answer | None] = lambda _head: None,
    ) -> None:
        self.wsgi = wsgi
        self.gate = gate
        self.deadline = deadline
        self.trusted_proxies = trusted_proxies
        self.ready = ready
        self.pool = Threads(threads)
        self.room = threads * (1 + QUEUE_PER_THREAD)

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer one request."""
        head = Head(
            method=scope.method,
            path=scope.path,
            query=scope.query_string,
            version=scope.http_version,
            headers=[(name.lower(), value) for name, value in _pairs(scope.headers)],
            authority=scope.authority,
        )
        try:
            answer = await self._answer(scope, head, protocol)
        except Exception:
            # The last stop before the client: nothing of ours goes out, everything into the log.
            log.exception("the application failed")
            answer = FAILED
        _send(protocol, head, answer)

    async def _answer(self, scope: Scope, head: Head, protocol: Any) -> Answer:
        found: dict[str, Any] = {}
        try:
            passage = self.gate.check_head(head)
            if head.method in BODY_METHODS:
                body = await self._body(protocol, passage.length)
                found[PARSED] = check_body(passage, body)
                found["wsgi.input"] = io.BytesIO(body)
                found["CONTENT_LENGTH"] = str(len(body))
                found["CONTENT_TYPE"] = next(iter(head.all("content-type")), "")
            elif (answer := self.ready(head)) is not None:
                return answer
        except ServiceError as refusal:
            # Flask renders it. Its frames hold the connection: kept, they would leave it open
            # until the garbage collector comes by.
            refusal.__context__ = None
            found[REFUSAL] = refusal.with_traceback(None)
        if self.room <= 0:
            return BUSY
        environ = _environ(scope, head, self.trusted_proxies) | found
        self.room -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, call_wsgi, self.wsgi, environ)
        finally:
            self.room += 1

    async def _body(self, protocol: Any, length: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.deadline):
                async for part in protocol:
                    size += len(part)
                    if size > length:
                        break
                    parts.append(bytes(part))
        except TimeoutError:
            raise BadRequestError("The body did not arrive in time; send it again.") from None
        if size > length:
            raise BadRequestError("The body is longer than announced.")
        return b"".join(parts)


class Errors(io.TextIOBase):
    """What an application writes to `wsgi.errors`, as lines of our log."""

    def write(self, text: str, /) -> int:
        """Log a text unless it is blank."""
        if text.strip():
            log.error("%s", text.rstrip())
        return len(text)


ERRORS = Errors()


def _pairs(headers: Any) -> Iterable[tuple[str, str]]:
    for name in dict.fromkeys(headers.keys()):
        for value in headers.get_all(name):
            yield name, value


def _environ(scope: Scope, head: Head, trusted_proxies: int) -> dict[str, Any]:
    peer = scope.client.rpartition(":")[0].strip("[]")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        # WSGI wants bytes in the clothes of Latin-1 (PEP 3333).
        "PATH_INFO": head.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": head.query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": peer,
        GATED: True,
        CLIENT: client_address(peer, head.all("x-forwarded-for"), trusted_proxies),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": ERRORS,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in head.headers:
        # An underscore would let x_forwarded_for pass for x-forwarded-for.
        if "_" in name or name in ("content-length", "content-type"):
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def client_address(peer: str, forwarded: list[str], trusted_proxies: int) -> str:
    """Return the address a request came from, as far as our own proxies vouch for it.

    Args:
        forwarded: values of X-Forwarded-For; each proxy appends the address it saw.
        trusted_proxies: how many of the last hops are ours. What is no plain address ends the
            walk: behind it anybody may have written.
    """
    client = peer
    if trusted_proxies:
        hops = [hop.strip() for value in forwarded for hop in value.split(",")]
        for hop in hops[: -trusted_proxies - 1 : -1]:
            try:
                client = str(ipaddress.ip_address(hop.partition("%")[0]))
            except ValueError:
                break
    return client


def call_wsgi(wsgi: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Run a WSGI application to its end."""
    started: list[tuple[str, Headers]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: Headers, _failure: Any = None
    ) -> Callable[[bytes], Any]:
        started[:] = [(status, headers)]
        return written.append

    result = wsgi(environ, start_response)
    try:
        written.extend(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    return Answer(int(status.split(" ", 1)[0]), headers, b"".join(written))


def _send(protocol: Any, head: Head, answer: Answer) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers]
    if head.method == "HEAD" or answer.status in NO_BODY:
        protocol.response_empty(answer.status, headers)
    else:
        protocol.response_bytes(answer.status, headers, answer.body)

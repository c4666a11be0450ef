"""The front before Flask: judges heads, reads bodies whole, and lends a thread only then.

granian calls it for each request (RSGI). A client that sends half a header or drips its body costs
a task on the event loop and no thread; Flask sees complete requests only.
"""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from service.errors import BadRequestError, ServiceError, UnavailableError
from service.gate import BODY_METHODS, Gate, Head, check_body

log = logging.getLogger("gatepost.front")

GATED = "gatepost.gated"
REFUSAL = "gatepost.refusal"
PARSED = "gatepost.json"
CLIENT = "gatepost.client"
QUEUE_PER_THREAD = 250  # requests that may wait for a thread before more are answered 503
NO_BODY = frozenset({204, 304})
FAILED = b"Something went wrong on our side. Please try again."

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, ready to be sent."""

    status: int
    headers: Headers
    body: bytes


class Scope(Protocol):
    """What granian tells of a request (RSGI 1.6)."""

    http_version: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class Front:
    """The RSGI application.

    Args:
        wsgi: the Flask application.
        gate: judges heads and bodies.
        threads: threads that run Flask.
        deadline: seconds within which a body must have arrived.
        trusted_proxies: own proxies in front; 0 = forwarding headers are ignored.
        ready: answers from memory what needs no Flask, or returns None.
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
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.room = threads * QUEUE_PER_THREAD

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer one request."""
        head = Head(
            method=scope.method,
            path=scope.path,
            query=scope.query_string,
            version=scope.http_version,
            headers=[(name.lower(), value) for name, value in _pairs(scope.headers)],
        )
        answer = self.ready(head)
        if answer is None:
            environ = _environ(scope, head, self.trusted_proxies)
            await self._admit(head, protocol, environ)
            answer = await self._answer(environ)
        _send(protocol, head, answer)

    async def _admit(self, head: Head, protocol: Any, environ: dict[str, Any]) -> None:
        """Let the gate judge the request; what it refuses goes on as a refusal to be rendered."""
        environ[GATED] = True
        try:
            passage = self.gate.check_head(head)
            if head.method in BODY_METHODS:
                body = await self._body(protocol, passage.length)
                environ[PARSED] = check_body(passage, body)
                environ["wsgi.input"] = io.BytesIO(body)
                environ["CONTENT_LENGTH"] = str(len(body))
                environ["CONTENT_TYPE"] = next(iter(head.all("content-type")), "")
        except ServiceError as refusal:
            # Its frames hold the connection: kept, they would leave it open until the garbage
            # collector comes by.
            refusal.__context__ = None
            environ[REFUSAL] = refusal.with_traceback(None)

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

    async def _answer(self, environ: dict[str, Any]) -> Answer:
        if self.room <= 0:
            environ[REFUSAL] = UnavailableError("Too busy right now.", retry_after=2)
        self.room -= 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, call_wsgi, self.wsgi, environ)
        except Exception:
            # The last stop before the client: nothing of ours goes out, everything into the log.
            log.exception("the application failed")
            return Answer(500, [("content-type", "text/plain; charset=utf-8")], FAILED)
        finally:
            self.room += 1


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
        CLIENT: client_address(peer, head.all("x-forwarded-for"), trusted_proxies),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
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
        trusted_proxies: how many of the last hops are ours.
    """
    if trusted_proxies == 0:
        return peer
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    chain = [*hops, peer]
    return chain[-1 - min(trusted_proxies, len(chain) - 1)]


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

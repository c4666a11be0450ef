"""A real receiver on loopback: it keeps what came, answers by script and counts who is inside."""

import queue
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

PATIENCE = 20.0  # seconds after which a test that waits gives up


class Gate:
    """What a hanging reply waits for; whoever goes away meanwhile is noticed."""

    def __init__(self) -> None:
        self._inner, self._outer = socket.socketpair()

    def set(self) -> None:
        """Open it for all, once and for ever."""
        self._outer.close()

    def wait(self, visitor: socket.socket) -> None:
        """Return when it opens or the visitor hangs up."""
        select.select([self._inner, visitor], [], [], PATIENCE)

    def close(self) -> None:
        self._outer.close()
        self._inner.close()


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(frozen=True)
class Reply:
    """One answer; `gate` is waited for before it is given."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    gate: Gate | None = None


class _Server(ThreadingHTTPServer):
    """Many may knock at once: with the usual backlog of 5 some would have to knock again."""

    request_queue_size = 128
    daemon_threads = False  # so that closing waits for those who still answer


class Receiver:
    """Listens on a port of 127.0.0.1 between `__enter__` and `__exit__`."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.arrivals: queue.Queue[Received] = queue.Queue()
        self.peak: Counter[str] = Counter()
        self._scripts: dict[str, list[Reply]] = {}
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._gates: list[Gate] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def script(self, path: str, replies: Sequence[Reply]) -> None:
        """Answer a path with these, one after another; the last one stays."""
        with self._lock:
            self._scripts[path] = list(replies)

    def gate(self) -> Gate:
        """A gate for a reply that hangs; the end of the test opens it."""
        gate = Gate()
        self._gates.append(gate)
        return gate

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_for(self, number: int) -> list[Received]:
        """The next `number` arrivals, waited for."""
        return [self.arrivals.get(timeout=PATIENCE) for _ in range(number)]

    def at(self, path: str) -> list[Received]:
        """What came to a path."""
        with self._lock:
            return [one for one in self.received if one.path == path]

    def arrive(self, request: Received) -> Reply:
        """Keep a request and say how to answer it."""
        with self._lock:
            self.received.append(request)
            self._inside[request.path] += 1
            self.peak[request.path] = max(self.peak[request.path], self._inside[request.path])
            replies = self._scripts.get(request.path, [Reply()])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self.arrivals.put(request)
        return reply

    def leave(self, path: str) -> None:
        with self._lock:
            self._inside[path] -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.path, headers, body, time.monotonic())
                reply = receiver.arrive(request)
                try:
                    if reply.gate is not None:
                        reply.gate.wait(self.connection)
                finally:
                    receiver.leave(self.path)
                self._answer(reply)

            def _answer(self, reply: Reply) -> None:
                try:
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                except OSError:
                    self.close_connection = True  # the sender's patience was shorter

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self._gates:
            gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for gate in self._gates:
            gate.close()

"""Clients that send half a head or drip a body must not keep honest ones waiting."""

import selectors
import socket
import statistics
import threading
import time

from tests.server.desk import COMMENTS, FORM, noting_server, post, request

SLOW = 500  # of each kind
HONEST = 100  # of each kind
LIMIT = 0.050  # seconds, 95th of 100


def half_a_head(port):
    return f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Half".encode()


def a_dripping_body(port):
    return (
        f"POST {COMMENTS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\n"
        "Content-Length: 100000\r\n\r\ncomment="
    ).encode()


class Crowd:
    """Open connections that get one more byte each second."""

    def __init__(self, port):
        self.sockets = []
        for opening in (half_a_head(port), a_dripping_body(port)):
            for _ in range(SLOW):
                connection = socket.create_connection(("127.0.0.1", port), timeout=10)
                connection.sendall(opening)
                self.sockets.append(connection)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.drip)

    def drip(self):
        while not self.stop.wait(1.0):
            for connection in self.sockets:
                try:
                    connection.send(b"a")
                except OSError:
                    continue  # the server dropped it, as it should in the end

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        for connection in self.sockets:
            connection.close()


def dropped(crowd, limit):
    """Wait until the server has closed all of them; return how many it has not."""
    chosen = selectors.DefaultSelector()
    left = set(crowd.sockets)
    for connection in left:
        chosen.register(connection, selectors.EVENT_READ)
    end = time.monotonic() + limit
    while left and time.monotonic() < end:
        for key, _events in chosen.select(0.2):
            try:
                alive = key.fileobj.recv(65536)
            except OSError:
                alive = b""
            if not alive:
                chosen.unregister(key.fileobj)
                left.discard(key.fileobj)
    chosen.close()
    return len(left)


def test_honest_requests_are_answered_beside_a_thousand_slow_ones():
    with noting_server(deadline=6.0) as port, Crowd(port) as crowd:
        took, statuses = [], []
        for number in range(2 * HONEST):
            began = time.perf_counter()
            answer = post(port, b"comment=honest") if number % 2 else request(port)
            took.append(time.perf_counter() - began)
            statuses.append(answer[0])
        p95 = statistics.quantiles(took, n=20)[18]
        figures = f"p50 {statistics.median(took) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"
        print("honest requests beside 1,000 slow clients:", figures)  # noqa: T201 - the figure asked for
        assert statuses == [200] * (2 * HONEST)
        assert p95 < LIMIT
        assert dropped(crowd, limit=20) == 0

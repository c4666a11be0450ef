"""A site of one's own on this machine, whose pages a test writes."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback(ThreadingHTTPServer):
    """Serves `pages`: path -> (status, headers, body); counts who asked for what."""

    daemon_threads = True

    def __init__(self):
        self.pages = {}
        self.asked = []
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_port}"

    def put(self, path, body, status=200, **headers):
        """Write a page; header names with _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html", **given}, body.encode())


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002 - the library's name
        """Say nothing."""


@contextlib.contextmanager
def loopback():
    """The site, serving until the block ends."""
    server = Loopback()
    # A short poll: closing waits for one.
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

"""A port of its own for Prometheus: the only door a worker has, and one no reader can reach."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from config import Settings
from service.errors import SetupError
from service.figures.metrics import CONTENT_TYPE, exposition, shows_token
from service.house import House

PATIENCE = 5.0  # seconds for a request to arrive

Context = Callable[[], AbstractContextManager[Any]]


class MetricsPort:
    """Answers `GET /metrics` in threads of its own; nothing where the operator set no port.

    Args:
        context: makes the application context that a database session needs.
        house: clock, settings, counts.
    """

    def __init__(self, context: Context, house: House) -> None:
        self.context = context
        self.house = house
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Open the port.

        Raises:
            SetupError: somebody else listens there.
        """
        settings = self.house.settings
        if not settings.metrics_port:
            return
        address = settings.metrics_host, settings.metrics_port
        try:
            self._server = ThreadingHTTPServer(address, self._handler())
        except OSError as error:
            raise SetupError(
                f"cannot listen on {address[0]}, port {address[1]} (metrics_port): {error.strerror}"
            ) from None
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _text(self) -> bytes:
        with self.context():
            return exposition(self.house)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        text, settings = self._text, self.house.settings

        class Handler(BaseHTTPRequestHandler):
            timeout = PATIENCE

            def do_GET(self) -> None:
                known = self.path.partition("?")[0] == "/metrics"
                if not known or not _may(settings, self.headers.get("Authorization", "")):
                    self.send_error(401 if known else 404)
                    return
                body = text()
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def version_string(self) -> str:
                return "Gatepost"

            def log_message(self, *_: object) -> None:
                """Say nothing: a scrape is no event."""

        return Handler


def _may(settings: Settings, given: str) -> bool:
    wanted = settings.metrics_token
    return not wanted or shows_token(wanted, given)

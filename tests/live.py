"""An application of this process on a port of its own, for browsers and site generators."""

import contextlib
import logging
import threading
from urllib.parse import urlsplit

from werkzeug.serving import make_server


def whole(app):
    """The application, each answer read to its end and closed before any of it is sent.

    A browser that goes to another page hangs up, and werkzeug then leaves a picture's file open
    for the garbage collector to complain of.
    """

    def answered(environ, start_response):
        with contextlib.closing(app(environ, start_response)) as answer:
            return [b"".join(answer)]

    return answered


@contextlib.contextmanager
def live(app, base_url):
    """Serve an application under its base URL until the block ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", urlsplit(base_url).port, whole(app), threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

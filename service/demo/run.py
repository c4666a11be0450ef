"""The demo as one process: service, seeded comments, and the blog they stand under."""

import tempfile
from pathlib import Path

from config import Settings, load
from service import serving
from service.demo.blog import PAGE, Blog, start_blog
from service.demo.seed import SITE, Credentials, seed
from service.errors import SetupError

HOST = "127.0.0.1"


def run_demo(port: int = 8080, blog_port: int = 8081) -> int:
    """Serve the demo until told to stop and return the exit code; nothing is kept.

    Args:
        port: TCP port of the service.
        blog_port: TCP port of the blog; 0 = any free one.

    Raises:
        SetupError: the blog's port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="gatepost-demo-") as folder:
        settings = load(
            {},
            base_url=f"http://{HOST}:{port}",
            host=HOST,
            port=port,
            data_dir=str(Path(folder) / "data"),
            key_ring=str(Path(folder) / "keys" / "gatepost.keys"),
            log_level="warning",
            # Whoever tries the demo has his receiver on the same machine.
            webhook_allow="127.0.0.0/8",
        )
        blog = _blog(settings, blog_port)
        try:
            app, dispatcher = serving.make(settings)
            credentials = seed(app, origins=[_origin(blog)])
            serving.run(app, dispatcher, settings, lambda: _say(settings, blog, credentials))
        finally:
            blog.shutdown()
            blog.server_close()
    return 0


def _blog(settings: Settings, port: int) -> Blog:
    try:
        return start_blog(settings.base_url, SITE, HOST, port)
    except OSError as error:
        raise SetupError(f"port {port} is not free for the demo blog: {error.strerror}") from error


def _origin(blog: Blog) -> str:
    return f"http://{HOST}:{blog.server_port}"


def _say(settings: Settings, blog: Blog, credentials: Credentials) -> None:
    who = f"sign in as {credentials.email} with the password {credentials.password}"
    lines = (
        f"Open {settings.base_url}/queue and {who}",
        f"Blog with comments: {_origin(blog)}{PAGE}",
        "demo: nothing is kept",
    )
    for line in lines:
        print(line, flush=True)

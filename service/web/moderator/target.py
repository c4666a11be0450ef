"""Where somebody wanted to go before he was asked who he is: one of our own pages."""

from urllib.parse import quote, urlsplit

from flask import request

HOME = "/queue"


def target() -> str:
    """Return the path to go to: one of our own, whatever was asked for."""
    wanted = request.values.get("next", HOME)
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return (
        wanted if own and not parts.scheme and not parts.netloc and wanted.isprintable() else HOME
    )


def by_way_of(path: str) -> str:
    """Return a path of ours that leads on to where one wanted to go."""
    wanted = target()
    return path if wanted == HOME else f"{path}?next={quote(wanted)}"

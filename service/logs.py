"""JSON lines with an allow-list of fields: what is not on it is not logged."""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

from service.privacy import scrub

FIELDS = (
    "error_id",
    "event",
    "endpoint",
    "attempt",
    "status",
    "held",
    "site",
    "comment",
    "decision",
    "method",
    "path",
    "milliseconds",
    "count",
    "kid",
    "model",
    "moderator",
    "state",
)
SECRET_PATHS = re.compile(
    r"/(receipts|mail/confirm|mail/unsubscribe|invitations|coral/moderate)/[^/\s?\"]+"
)
QUERY_TOKENS = re.compile(r"([?&](?:t|key)=)[^&\s\"]+")


class JsonLines(logging.Formatter):
    """One event, one line, valid JSON, no raw control character, no address."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is not None:
                line[name] = masked(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _where(record.exc_info[1])
        # ASCII only: every control character, line separators included, is escaped.
        return json.dumps(line, default=lambda value: type(value).__name__)


def masked(text: str) -> str:
    """Return a text without private links and without anything that looks like an address."""
    return scrub(QUERY_TOKENS.sub(r"\1***", SECRET_PATHS.sub(r"/\1/***", text)))


def _where(error: BaseException) -> list[str]:
    """Return types and places of a chain of exceptions; never their texts, which hold values."""
    places: list[str] = []
    link: BaseException | None = error
    while link is not None and len(places) < 50:  # noqa: PLR2004 - a line, not a book
        frames = traceback.extract_tb(link.__traceback__)[-8:]
        trail = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
        places.append(f"{type(link).__module__}.{type(link).__name__} at {trail}")
        link = link.__cause__ or link.__context__
    return places


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    """Send all logging to a stream as JSON lines.

    Args:
        level: debug, info, warning or error.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # SQLAlchemy's engine log would print statements with readers' words at INFO and DEBUG.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)

"""Comments written for this project alone, on which every new model is measured before it serves.

Nobody trains with them. They came from no blog, so they carry nobody's words or licence, and they
stay as they are: a figure on them can be compared from one model to the next.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.spam.document import Document

_FILE = Path(__file__).with_name("comments.jsonl")


@dataclass(frozen=True, slots=True)
class FrozenComment:
    """One comment whose label is beyond doubt.

    Args:
        document: the comment; it stands on no page.
        spam: its label.
        language: ISO 639-1 code of its text.
    """

    document: Document
    spam: bool
    language: str


@cache
def frozen_comments() -> tuple[FrozenComment, ...]:
    """Return all frozen comments, the honest ones first, in the file's order."""
    with _FILE.open(encoding="utf-8") as lines:
        return tuple(_comment(line) for line in lines)


def _comment(line: str) -> FrozenComment:
    row = json.loads(line)
    return FrozenComment(
        document=Document(text=row["text"], author=row["author"], url=row["url"]),
        spam=row["label"] == "spam",
        language=row["lang"],
    )

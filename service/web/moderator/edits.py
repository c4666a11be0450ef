"""Edits as a moderator reads them: what was taken out, and what was put in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from models import Comment, Moderator, Revision
from service.comments.revise import Wording, wording_of

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST = 2000
"""Pieces of a text that are compared word by word; a longer one is shown as a whole."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Args:
        parts: stretches of the name, website and text with what became of each: `same`, `out`
            or `in`.
    """

    at: datetime
    by: str
    undone: bool
    parts: Sequence[tuple[str, str]]


def edits(comment: Comment, rows: Sequence[tuple[Revision, Moderator]]) -> list[Edit]:
    """Return the edits of a comment, oldest first: each from what was before to what came."""
    wordings = [wording_of(row) for row, _ in rows] + [wording_of(comment)]
    undone = {row.undoes_id for row, _ in rows}
    return [
        Edit(row.made_at, who.name, row.id in undone, difference(wordings[at], wordings[at + 1]))
        for at, (row, who) in enumerate(rows)
    ]


def difference(before: Wording, after: Wording) -> list[tuple[str, str]]:
    """Return two wordings as one text in stretches, each `same`, `out` or `in`."""
    old, new = _pieces(before), _pieces(after)
    if max(len(old), len(new)) > LONGEST:
        return [("out", "".join(old)), ("in", "".join(new))]
    found: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[a:b])))
            continue
        found += [("out", "".join(old[a:b]))] if a < b else []
        found += [("in", "".join(new[c:d]))] if c < d else []
    return found


def _pieces(wording: Wording) -> list[str]:
    whole = "\n".join(filter(None, (wording.name, wording.website, wording.text)))
    return _PIECES.findall(whole)

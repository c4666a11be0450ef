"""A comment as one sparse row: what a site's model learns from, and what an example keeps.

Layout: hashed words, names and links as the base model weighs them, then its measures, then
signals, then the share of the comment's words that stand on the page (Mishne 2005: comment and
post of a spam have little in common). Letter groups are left to the base model: on a site's few
verdicts they added nothing, and made a vector five times as long. No word can be read back.
"""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spam.artifact import feature_code
from models.spam.document import Document
from models.spam.features import LETTERS, WIDTH, Reading, weigh
from models.spam.pipeline import Look, SpamModel
from models.spam.site.signals import SIGNALS, signal_values
from models.spam.structure import MEASURES

SIGNALS_AT = WIDTH + len(MEASURES)
OVERLAP_AT = SIGNALS_AT + len(SIGNALS)
VECTOR_WIDTH = OVERLAP_AT + 1
LARGEST = 20_000
"""Features of one comment; 4,000 characters make some 2,000."""

_HEAD = struct.Struct("<4sI")
_MARK = b"GPV1"
_WIDE = b"|".join(row.name.encode() for row in SIGNALS)


def _version() -> str:
    digest = hashlib.sha256(feature_code().encode() + b"|" + _WIDE)
    return f"v1-{digest.hexdigest()[:24]}"


FEATURE_VERSION = _version()
"""Vectors of another version mean something else and are made again from their comments."""


@dataclass(frozen=True, slots=True)
class Vector:
    """The features of one comment that are not zero.

    Args:
        ids: ascending and unique, below `VECTOR_WIDTH`, int32 (n,).
        values: float32 (n,).
    """

    ids: NDArray[np.int32]
    values: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """Return the vector in about six bytes a feature; values keep three digits (float16)."""
        head = _HEAD.pack(_MARK, len(self.ids))
        return head + self.ids.astype("<i4").tobytes() + self.values.astype("<f2").tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Vector":
        """Read a stored vector.

        Raises:
            ValueError: these bytes are none.
        """
        if len(stored) < _HEAD.size:
            raise ValueError("a vector is cut off")
        mark, count = _HEAD.unpack_from(stored)
        if mark != _MARK or count > LARGEST or len(stored) != _HEAD.size + 6 * count:
            raise ValueError("not a vector")
        ids = np.frombuffer(stored, "<i4", count, _HEAD.size).astype(np.int32)
        values = np.frombuffer(stored, "<f2", count, _HEAD.size + 4 * count).astype(np.float32)
        rising = bool(np.all(ids[1:] > ids[:-1]))
        if count and not (rising and ids[0] >= 0 and ids[-1] < VECTOR_WIDTH):
            raise ValueError("a vector names features that there are not")
        if not np.all(np.isfinite(values)):
            raise ValueError("a vector holds values that are no numbers")
        return cls(ids, values)


def vector_of(model: SpamModel, document: Document, signals: Mapping[str, Any]) -> Vector:
    """Return the features of a comment.

    Args:
        signals: what was seen outside the text (`signals.SIGNALS`).
    """
    return vector_of_look(model, model.look(document), signals)


def vector_of_look(model: SpamModel, look: Look, signals: Mapping[str, Any]) -> Vector:
    """Return the features of a comment that the model has looked at already."""
    found = look.whole.found.ids
    learned = (found < LETTERS.start) | (found >= LETTERS.stop)
    ids, places = np.unique(found[learned], return_inverse=True)
    values = np.bincount(places, shares_of(model, look.whole)[learned], minlength=len(ids))
    tail = tail_of(look, signals)
    at = np.flatnonzero(tail)
    kept = values != 0
    return Vector(
        np.concatenate([ids[kept], WIDTH + at]).astype(np.int32),
        np.concatenate([values[kept], tail[at]]).astype(np.float32),
    )


def shares_of(model: SpamModel, reading: Reading) -> NDArray[np.float32]:
    """Return each occurrence's share of its feature's value; see `features.weigh`."""
    return np.concatenate(list(weigh(reading.blocks, model.weights.rarity)))


def tail_of(look: Look, signals: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return measures (absent = 0), signals and the overlap with the page, float32."""
    whole = look.whole
    words = whole.found.off_topic[: whole.ends[0]]
    overlap = 1 - np.mean(words) if len(words) else 0.0
    return np.concatenate(
        [look.seen, signal_values(signals), np.array([overlap], np.float32)]
    ).astype(np.float32)

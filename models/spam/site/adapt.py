"""What a site's moderators taught: a sparse residual on top of the base model's logit."""

import hashlib
import json
import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.spam.artifact import ModelFileError
from models.spam.site.vector import FEATURE_VERSION, VECTOR_WIDTH, Vector

LARGEST = 400_000
"""Weights of one residual."""
STRONGEST = 4.0
"""Logits one feature may add or take away: no host, word or phrase decides alone."""

_MARK = b"GPR1"
_HEAD = struct.Struct("<4sI32s")


@dataclass(frozen=True, slots=True)
class Example:
    """One verdict as the fit sees it.

    Args:
        vector: the comment.
        spam: the verdict.
        offset: logit of the base model and the campaign memory together.
        live: logit that the comment got when it came, None where none is known.
        account: who decided; below zero a program's key.
        family: equal for near-duplicates.
        weight: how much it counts; 1 = a verdict of a moderator.
    """

    vector: Vector
    spam: bool
    offset: float
    live: float | None = None
    account: int = 0
    family: int = 0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Residual:
    """Weights for the features that mattered here.

    Args:
        ids: ascending, int32 (n,).
        weights: logits per unit of the feature, float32 (n,).
        intercept: logits before anything is read.
    """

    ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    intercept: float

    def look_up(self, ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return the weight of each feature, 0 where there is none."""
        if not len(self.ids):
            return np.zeros(len(ids), np.float32)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[places] == ids, self.weights[places], np.float32(0))

    def of(self, vector: Vector) -> float:
        """Return what it adds to the logit of a comment."""
        return self.intercept + float(self.look_up(vector.ids) @ vector.values)

    def to_bytes(self) -> bytes:
        """Return the residual; the same one gives the same bytes."""
        manifest = json.dumps(
            {"features": FEATURE_VERSION, "intercept": self.intercept, "count": len(self.ids)},
            sort_keys=True,
        ).encode()
        arrays = self.ids.astype("<i4").tobytes() + self.weights.astype("<f4").tobytes()
        content = manifest + arrays
        return _HEAD.pack(_MARK, len(manifest), hashlib.sha256(content).digest()) + content

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Residual":
        """Read a stored residual and check all of it.

        Raises:
            ModelFileError: cut off, changed, of another kind, or of other feature code.
        """
        try:
            return cls._checked(stored)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            raise ModelFileError(f"damaged ({error})") from error

    @classmethod
    def _checked(cls, stored: bytes) -> "Residual":
        mark, length, digest = _HEAD.unpack_from(stored)
        content = stored[_HEAD.size :]
        if mark != _MARK:
            raise ModelFileError("is no model of a site")
        if hashlib.sha256(content).digest() != digest:
            raise ModelFileError("was changed or cut off")
        manifest = json.loads(content[:length])
        if manifest["features"] != FEATURE_VERSION:
            raise ModelFileError("was made for other feature code")
        count = int(manifest["count"])
        arrays = content[length:]
        if not 0 <= count <= LARGEST or len(arrays) != 8 * count:
            raise ModelFileError("has another shape than it says")
        ids = np.frombuffer(arrays, "<i4", count).astype(np.int32)
        weights = np.frombuffer(arrays, "<f4", count, 4 * count).astype(np.float32)
        intercept = float(manifest["intercept"])
        sound = bool(np.all(ids[1:] > ids[:-1])) and bool(np.all(np.isfinite(weights)))
        inside = not count or (ids[0] >= 0 and ids[-1] < VECTOR_WIDTH)
        if not (sound and inside and math.isfinite(intercept)):
            raise ModelFileError("holds values that make no sense")
        return cls(ids, weights, intercept)

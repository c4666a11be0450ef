"""Streams of decisions that were replayed: what was told before each label was known."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spam.making.samples import SampleError
from models.spam.measuring.figures import Replayed, Stretch
from models.spam.measuring.measures import Labels, Logits, figures, share

STRETCHES = 10
_HALVES = ("older half", "newer half")
_EDGE = 1e-9


def read_replayed(file: Path) -> Replayed:
    """Read what `gatepost model replay` wrote, and measure it stretch by stretch.

    Args:
        file: JSON lines in time order, each with `label` and `probability`.

    Raises:
        SampleError: a line lacks one of them, or there is none.
    """
    rows = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                rows.append(_row(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise SampleError(f"{file.name}, line {number}: {error!r}") from error
    if not rows:
        raise SampleError(f"{file.name} is empty")
    logits, labels = (np.array(column) for column in zip(*rows, strict=True))
    name = re.sub(r"[^A-Za-z0-9]+", "-", file.name.split(".", 1)[0]).strip("-") or "stream"
    places = np.arange(len(rows))
    return Replayed(
        name=name,
        figures=figures(name, logits, labels),
        halves=tuple(
            figures(half, logits[part], labels[part])
            for half, part in zip(_HALVES, np.array_split(places, 2), strict=True)
        ),
        stretches=tuple(
            _stretch(part, logits, labels)
            for part in np.array_split(places, STRETCHES)
            if len(part)
        ),
    )


def _row(row: dict[str, Any]) -> tuple[float, bool]:
    if row["label"] not in ("ham", "spam"):
        raise ValueError(f"label {row['label']!r}")
    probability = min(1 - _EDGE, max(_EDGE, float(row["probability"])))
    return math.log(probability / (1 - probability)), row["label"] == "spam"


def _stretch(part: NDArray[np.intp], logits: Logits, labels: Labels) -> Stretch:
    told, spam = logits[part] >= 0, labels[part]
    return Stretch(int(part[-1]) + 1, caught=share(told[spam]), flagged=share(told[~spam]))

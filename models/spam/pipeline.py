"""The model at work: a comment in, a score with its reasons out, in numpy alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.explain import reasons_of
from models.spam.features import Reading, contributions, read, table_of
from models.spam.score import Band, Score, probability_of
from models.spam.structure import MEASURES, main_script

MEASURE_CLIP, MEASURE_SCALE = 4.0, 0.25
"""Measures are standardised, cut at four deviations, and kept as small as a word's value."""

_ALWAYS = np.array([row.always for row in MEASURES])


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned, in calibrated logit units.

    Args:
        hashed: one weight per hashed feature, float16 or float32 (`features.WIDTH`,).
        rarity: one factor per hashed feature, the same shape.
        measured: one weight per measure, float32 (`len(MEASURES)`,).
        mean, deviation: of each measure over the training comments, float32.
        intercept: logit before anything is read.
    """

    hashed: NDArray[np.floating]
    rarity: NDArray[np.floating]
    measured: NDArray[np.float32]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    intercept: float


@dataclass(frozen=True, slots=True)
class Card:
    """What is known about a model beside its weights.

    Args:
        name: at most 80 characters.
        made: ISO date of the training.
        scripts: scripts in which honest comments were seen.
        figures: what was measured, plain values.
    """

    name: str
    made: str
    scripts: frozenset[str]
    figures: dict[str, object] = field(default_factory=dict)


def standardised(
    measures: NDArray[np.float32], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return measures as the classifier sees them; last axis is the measure."""
    level = (measures - mean) / deviation
    # Not `np.clip`: for so few numbers its own checks take longer than the work.
    cut = np.minimum(np.maximum(level, -MEASURE_CLIP), MEASURE_CLIP)
    scaled: NDArray[np.float32] = (cut * np.float32(MEASURE_SCALE)).astype(np.float32)
    return scaled


class SpamModel:
    """A linear scorer. Holds no state beside its weights; safe to share between threads."""

    def __init__(self, weights: Weights, card: Card) -> None:
        self.weights = weights
        self.card = card
        self._table = table_of(weights.rarity, weights.hashed)
        # Things that are absent say nothing: their share of the sum belongs to the base.
        rest = np.where(_ALWAYS, weights.mean, np.float32(0))
        self._rest = standardised(rest, weights.mean, weights.deviation)
        self.base = float(weights.intercept + self._rest @ weights.measured)

    @property
    def name(self) -> str:
        """Name of the model, for the moderator and the log."""
        return self.card.name

    def score(self, document: Document) -> Score:
        """Return probability, band and reasons for one comment."""
        total, reading, parts, measured = max(self._views(document), key=itemgetter(0))
        logit = self.base + total
        probability = probability_of(logit)
        script = main_script(reading.body.text)
        return Score(
            probability=probability,
            logit=logit,
            band=Band.of(probability),
            reasons=reasons_of(document, reading, parts, measured, (logit, self.base)),
            folded=reading.body,
            known_language=not script or script in self.card.scripts,
        )

    def _views(self, document: Document) -> Iterator["_View"]:
        """Yield the ways to look at a comment; the most suspicious one is the score.

        There is one as yet: the whole. Windows (head, tail, round each link) belong here.
        """
        yield self._view(document)

    def _view(self, document: Document) -> "_View":
        reading = read(document)
        weights = self.weights
        parts = contributions(reading, self._table)
        seen = standardised(reading.measures, weights.mean, weights.deviation)
        measured = (seen - self._rest) * weights.measured
        total = sum(float(np.add.reduce(part)) for part in (*parts, measured))
        return total, reading, parts, measured


_View = tuple[float, Reading, list[NDArray[np.float32]], NDArray[np.float32]]
"""Sum of the contributions, the comment as read, contributions per block and of the measures."""

"""The model at work: a comment in, a score with its reasons out, in numpy alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.explain import reasons_of
from models.spam.features import Reading, contributions, read, table_of, window
from models.spam.links import LINK
from models.spam.score import Band, Reason, Score, probability_of
from models.spam.structure import MEASURES, main_script

MEASURE_CLIP, MEASURE_SCALE = 4.0, 0.25
"""Measures are standardised, cut at four deviations, and kept as small as a word's value."""

WINDOW, LONG = 40, 50
"""Chunks (words) of a window, and of a comment before it has any."""
BEFORE_LINK, AFTER_LINK = 25, 15
WINDOW_COST = 1.0
"""Logits: several chances to look suspicious would else flag long honest comments. Of dev's spam
.910 was caught without windows at 1 % false alarms and .903 with them; of the same spam with 60
honest words appended .745 and .817 (at no cost .884 and .829, at two logits .910 and .797)."""

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
        return self.scored(self.look(document))

    def scored(self, look: "Look", added: tuple[Reason, ...] = ()) -> Score:
        """Return the score of a comment that was looked at.

        Args:
            added: further parts of the sum, each with its weight.
        """
        alone = self.base + look.view.total
        logit = alone + sum(reason.weight for reason in added)
        probability = probability_of(logit)
        script = main_script(look.whole.body.text)
        view = look.view
        own = reasons_of(
            look.document, view.reading, view.parts, view.measured, (alone + view.cost, self.base)
        )
        if view.cost:
            own = (Reason("window", "judged by its most suspicious part", -view.cost), *own)
        return Score(
            probability=probability,
            logit=logit,
            band=Band.of(probability),
            reasons=(*added, *own),
            folded=look.whole.body,
            known_language=not script or script in self.card.scripts,
        )

    def look(self, document: Document) -> "Look":
        """Read a comment and judge each view of it; the most suspicious one counts."""
        whole = read(document)
        weights = self.weights
        seen = standardised(whole.measures, weights.mean, weights.deviation) - self._rest
        measured = seen * weights.measured
        views = [self._view(whole, measured)]
        views += [self._view(part, measured, WINDOW_COST) for part in windows(whole)]
        return Look(document, whole, seen, max(views, key=attrgetter("total")))

    def _view(self, reading: Reading, measured: NDArray[np.float32], cost: float = 0.0) -> "View":
        parts = contributions(reading, self._table)
        total = sum(float(np.add.reduce(part)) for part in (*parts, measured))
        return View(total - cost, reading, parts, measured, cost)


def windows(whole: Reading) -> Iterator[Reading]:
    """Yield the parts of a long comment that are judged alone: head, tail, round its links.

    Sixty honest words before or after an advertisement would else drown it.
    """
    chunks = whole.body.text.split(" ")
    count = len(chunks)
    if count < LONG:
        return
    links = [place for place, chunk in enumerate(chunks) if LINK in chunk]
    spans = {(0, WINDOW), (count - WINDOW, count)}
    for place in {links[0], links[-1]} if links else ():
        spans.add((max(0, place - BEFORE_LINK), min(count, place + AFTER_LINK)))
    for first, stop in sorted(spans):
        yield window(whole, first, stop)


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a comment: the whole of it, or a window.

    Args:
        total: sum of the contributions.
        reading: what of the comment lies in it.
        parts: contribution of each occurrence, per block.
        measured: contribution of each measure.
        cost: what a part must be more suspicious by than the whole to count.
    """

    total: float
    reading: Reading
    parts: list[NDArray[np.float32]]
    measured: NDArray[np.float32]
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """A comment as the model has read it.

    Args:
        whole: all of it.
        seen: measures as the classifier sees them, 0 where absent or average.
        view: the most suspicious view.
    """

    document: Document
    whole: Reading
    seen: NDArray[np.float32]
    view: View

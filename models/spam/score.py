"""What the model answers: a probability, a band, and reasons that add up."""

import enum
import math
from dataclasses import dataclass

from models.spam.text import FoldedText

FINE_BELOW = 0.10
SPAM_FROM = 0.95


class Band(enum.StrEnum):
    """How sure the model is."""

    FINE = "fine"
    UNSURE = "unsure"
    SPAM = "spam"

    @classmethod
    def of(cls, probability: float) -> "Band":
        """Return the band of a probability, 0..1."""
        if probability >= SPAM_FROM:
            return cls.SPAM
        return cls.FINE if probability < FINE_BELOW else cls.UNSURE


@dataclass(frozen=True, slots=True)
class Reason:
    """One signed part of a score.

    Args:
        name: kind, for programs: `word`, `pair`, `name`, `website`, `link`, the name of a
            measure, or `rest` (all smaller ones) and `base` (before anything was read).
        text: the same in words, for people.
        weight: contribution to the logit; above zero speaks for spam.
    """

    name: str
    text: str
    weight: float

    def to_json(self) -> dict[str, str | float]:
        """Return plain values for a JSON column."""
        return {"name": self.name, "text": self.text, "weight": round(self.weight, 4)}


@dataclass(frozen=True, slots=True)
class Score:
    """What the model thinks of one comment.

    Args:
        probability: of spam, 0..1, calibrated for as much spam as ham.
        logit: log(p / (1 - p)); the weights of all reasons add up to it.
        band: how sure.
        reasons: strongest first, then `rest` and `base`.
        folded: the text as the model read it.
        known_language: honest comments in this script were among the training comments. Where
            not, a high score says little, and nothing should be filed away by it.
    """

    probability: float
    logit: float
    band: Band
    reasons: tuple[Reason, ...]
    folded: FoldedText
    known_language: bool

    def to_json(self) -> dict[str, object]:
        """Return plain values for a JSON column; the folded text is left out."""
        return {
            "probability": self.probability,
            "logit": self.logit,
            "band": self.band.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "known_language": self.known_language,
        }


def probability_of(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)


def logit_of(probability: float) -> float:
    """Return log(p / (1 - p)) for a probability 0..1, at most 30 away from zero."""
    inside = min(max(probability, 1e-13), 1 - 1e-13)
    return math.log(inside / (1 - inside))

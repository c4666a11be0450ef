"""The spam check as a deed sees it: an answer always, a verdict never."""

import logging
from dataclasses import dataclass, field
from typing import Any

from models.spam import Document, SpamModel

log = logging.getLogger("gatepost.scoring")

FAILED = "The spam check failed, so this waits for a person."


@dataclass(frozen=True, slots=True)
class Scored:
    """What the check found.

    Args:
        probability: probability of spam, 0..1; None when the check failed.
        band: `fine`, `unsure` or `spam`; None when the check failed.
        reasons: signed contributions to the logit, ready for JSON.
        model: which model spoke.
        known_language: the model has seen honest comments in this script.
        note: why there is no score.
    """

    probability: float | None = None
    band: str | None = None
    reasons: list[Any] = field(default_factory=list)
    model: str = ""
    known_language: bool = False
    note: str = FAILED


class Scorer:
    """Asks the model, and never lets its failure become the reader's."""

    def __init__(self, model: SpamModel) -> None:
        self.model = model

    def score(self, document: Document) -> Scored:
        """Return the score, or a note when the model failed."""
        try:
            score = self.model.score(document)
        except Exception:
            # Whatever the model trips over: the comment is kept and a person decides.
            log.exception("scoring failed")
            return Scored()
        return Scored(
            probability=score.probability,
            band=score.band.value,
            reasons=[reason.to_json() for reason in score.reasons],
            model=self.model.name,
            known_language=score.known_language,
            note="",
        )

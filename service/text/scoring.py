"""The spam check as a deed sees it: an answer always, a verdict never."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.spam import Document, SpamModel
from models.spam.site.adapt import Residual
from models.spam.site.memory import NOTHING, Recall
from models.spam.site.site_score import score_for_site
from models.spam.structure import main_script

log = logging.getLogger("gatepost.scoring")

FAILED = "The spam check failed, so this waits for a person."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a score rests on beside the comment and its page.

    Args:
        signals: what was seen outside the text, as it is stored with the comment.
        residual: what the site's decisions taught; None = the base model alone.
        recall: what the site's campaign memory says.
        marks: by what its campaign is known in the queue.
    """

    signals: Mapping[str, Any] = field(default_factory=dict)
    residual: Residual | None = None
    recall: Recall = NOTHING
    marks: tuple[int, ...] = ()


ALONE = Surroundings()


@dataclass(frozen=True, slots=True)
class Scored:
    """What the check found.

    Args:
        probability: probability of spam, 0..1; None when the check failed.
        band: `fine`, `unsure` or `spam`; None when the check failed.
        reasons: signed contributions to the logit, ready for JSON.
        model: which model spoke.
        known_language: the model has seen honest comments in this script.
        script: script of most letters; empty without letters.
        note: why there is no score.
    """

    probability: float | None = None
    band: str | None = None
    reasons: list[Any] = field(default_factory=list)
    model: str = ""
    known_language: bool = False
    script: str = ""
    note: str = FAILED


class Scorer:
    """Asks the model, and never lets its failure become the reader's.

    Args:
        path: file of the model; empty = the one shipped.
    """

    def __init__(self, model: SpamModel, path: str = "") -> None:
        self.model = model
        self.path = path

    def score(self, document: Document, around: Surroundings = ALONE) -> Scored:
        """Return the score, or a note when the model failed."""
        try:
            score = score_for_site(
                self.model,
                document,
                signals=around.signals,
                residual=around.residual,
                recall=around.recall,
            )
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
            script=main_script(score.folded.text),
            note="",
        )

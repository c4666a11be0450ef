"""A score as one site has it: the base model, what its moderators taught, what it remembers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.spam.document import Document
from models.spam.explain import reasons_of
from models.spam.features import BLOCKS, LETTERS, WIDTH
from models.spam.pipeline import Look, SpamModel
from models.spam.score import Reason, Score
from models.spam.site.adapt import Residual
from models.spam.site.memory import NOTHING, Recall, memory_reasons
from models.spam.site.signals import SIGNALS
from models.spam.site.vector import VECTOR_WIDTH, shares_of, tail_of
from models.spam.structure import MEASURES

TOLD = 3
"""Reasons of what was learned that are told one by one; the others are one sum."""
_SMALLEST = 0.05


def score_for_site(
    model: SpamModel,
    document: Document,
    *,
    signals: Mapping[str, Any],
    residual: Residual | None,
    recall: Recall = NOTHING,
) -> Score:
    """Return the score of a comment on one site.

    Still one sum: the reasons of the memory, of what was learned and of the base model add up
    to the logit.

    Args:
        signals: what was seen outside the text.
        residual: what the site's decisions taught; None = nothing yet.
        recall: what the campaign memory says.
    """
    look = model.look(document)
    added = memory_reasons(recall)
    if residual is not None:
        added += _learned(model, look, signals, residual)
    return model.scored(look, added)


def _learned(
    model: SpamModel, look: Look, signals: Mapping[str, Any], residual: Residual
) -> tuple[Reason, ...]:
    """Return what a residual adds, as reasons on the words and links of the comment."""
    whole = look.whole
    # Letter groups are never learned here, so they are not looked up.
    learned = [part for place, part in enumerate(whole.parts) if BLOCKS[place] is not LETTERS]
    each = np.zeros(len(whole.found.ids), np.float32)
    shares = shares_of(model, whole)
    for part in learned:
        each[part] = shares[part] * residual.look_up(whole.found.ids[part])
    tail = tail_of(look, signals) * residual.look_up(np.arange(WIDTH, VECTOR_WIDTH))
    parts = [each[part] for part in whole.parts]
    measured, seen = tail[: len(MEASURES)], tail[len(MEASURES) :].tolist()
    text = sum(float(np.add.reduce(part)) for part in (*parts, measured))
    told = [
        *reasons_of(look.document, whole, parts, measured, (text, 0.0))[:-2],
        *(Reason("signal", row.words, weight) for row, weight in zip(SIGNALS, seen, strict=False)),
        Reason("overlap", "how much of it stands on the page", seen[-1]),
    ]
    told.sort(key=lambda reason: -abs(reason.weight))
    shown = [
        Reason("learned", f"learned here: {reason.text}", reason.weight)
        for reason in told[:TOLD]
        if abs(reason.weight) >= _SMALLEST
    ]
    rest = text + sum(seen) + residual.intercept - sum(reason.weight for reason in shown)
    return (*shown, Reason("learned_rest", "everything else learned here together", rest))

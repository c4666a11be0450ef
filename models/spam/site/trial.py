"""The gate: a candidate takes over only if it is no worse, on two sets that it never saw.

On frozen comments, which nobody trains with, no site may unlearn what is plain. On the newest
verdicts of the site itself, which the candidate on trial was not fitted on, it must be no worse
than what judged those comments when they came, and no worse than the base model alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spam.site.adapt import Example, Residual

SURE, LIKELY = 2.944, 0.0  # logits of the probabilities .95 and .5
HELD_OUT = 0.2
"""Share of the newest verdicts that the candidate on trial does not see."""
FEWEST = 3
"""Verdicts of each kind among those held out, or they say nothing."""
HAM_MARGIN, RECALL_MARGIN, CALIBRATION_MARGIN = 0.02, 0.03, 0.05
"""By how much a share may be worse before it counts: so much is chance on small sets."""

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one model does to one set of comments.

    Args:
        ham, spam: how many there are.
        ham_filed: share of the ham at p >= .95.
        ham_flagged: share of the ham at p >= .5.
        recall: share of the spam at p >= .5.
        loss: mean log-loss, both kinds weighted alike; in nats.
    """

    ham: int
    spam: int
    ham_filed: float
    ham_flagged: float
    recall: float
    loss: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trial.

    Args:
        accepted: the candidate may take over.
        report: plain values for a page: `accepted`, `reasons` (why not, in words), and the
            figures of each model on each set.
    """

    accepted: bool
    report: dict[str, Any]


def figures(logits: Logits, spam: NDArray[np.bool_]) -> Figures:
    """Measure logits against labels; both kinds must be there."""
    ham, bad = logits[~spam], logits[spam]
    loss = (np.mean(np.logaddexp(0, ham)) + np.mean(np.logaddexp(0, -bad))) / 2
    return Figures(
        ham=len(ham),
        spam=len(bad),
        ham_filed=float(np.mean(ham >= SURE)),
        ham_flagged=float(np.mean(ham >= LIKELY)),
        recall=float(np.mean(bad >= LIKELY)),
        loss=float(loss),
    )


def split(examples: Sequence[Example]) -> tuple[Sequence[Example], Sequence[Example]]:
    """Return the older examples and the newest ones, which are held out."""
    cut = round(len(examples) * (1 - HELD_OUT))
    return examples[:cut], examples[cut:]


def trial(
    candidate: Residual,
    on_trial: Residual | None,
    frozen: Sequence[Example],
    held_out: Sequence[Example],
) -> Verdict:
    """Try a candidate.

    Args:
        candidate: fitted on all verdicts.
        on_trial: the same fitted without those held out; None where too few are left.
        frozen: comments of which the labels are beyond doubt.
        held_out: the site's newest verdicts; a program's reports count only where people's are too
            few to say anything.
    """
    reasons: list[str] = []
    report: dict[str, Any] = {"weights": len(candidate.ids)}
    before, after = _on(frozen, None), _on(frozen, candidate)
    report["frozen"] = {"base": _plain(before), "candidate": _plain(after)}
    reasons += [f"On the frozen comments {why}." for why in _worse(before, after)]
    held_out = _of_people(held_out)
    spam = [example.spam for example in held_out]
    if on_trial is not None and FEWEST <= sum(spam) <= len(spam) - FEWEST:
        alone, tried, live = _on(held_out, None), _on(held_out, on_trial), _live(held_out)
        report["newest"] = {
            "base": _plain(alone),
            "live": _plain(live),
            "candidate": _plain(tried),
        }
        reasons += [
            f"On the newest verdicts, against the base model, {why}."
            for why in _worse(alone, tried)
        ]
        reasons += [
            f"On the newest verdicts, against what judged them, {why}."
            for why in _worse(live, tried)
        ]
    accepted = not reasons
    return Verdict(accepted, {"accepted": accepted, "reasons": reasons, **report})


def _of_people(held_out: Sequence[Example]) -> Sequence[Example]:
    """Return people's verdicts, where there are enough: a key must not judge what it taught."""
    people = [example for example in held_out if example.account >= 0]
    spam = sum(example.spam for example in people)
    return people if FEWEST <= spam <= len(people) - FEWEST else held_out


def _on(examples: Sequence[Example], residual: Residual | None) -> Figures:
    logits = np.array([example.offset for example in examples])
    if residual is not None:
        logits = logits + np.array([residual.of(example.vector) for example in examples])
    return figures(logits, _labels(examples))


def _live(examples: Sequence[Example]) -> Figures:
    logits = [example.offset if example.live is None else example.live for example in examples]
    return figures(np.array(logits), _labels(examples))


def _labels(examples: Sequence[Example]) -> NDArray[np.bool_]:
    return np.array([example.spam for example in examples], dtype=bool)


def _worse(old: Figures, new: Figures) -> list[str]:
    """Return in words what got worse by more than chance would do; one comment is chance."""
    ham_margin = max(HAM_MARGIN, 1.01 / old.ham)
    spam_margin = max(RECALL_MARGIN, 1.01 / old.spam)
    found = []
    if new.ham_filed > old.ham_filed + ham_margin:
        found.append(
            f"{new.ham_filed:.1%} of the honest would be filed away, {old.ham_filed:.1%} before"
        )
    if new.ham_flagged > old.ham_flagged + ham_margin:
        found.append(
            f"{new.ham_flagged:.1%} of the honest ones look like spam, {old.ham_flagged:.1%} before"
        )
    if new.recall < old.recall - spam_margin:
        found.append(f"{new.recall:.1%} of the spam is seen, {old.recall:.1%} before")
    if new.loss > old.loss + CALIBRATION_MARGIN + 0.5 / min(old.ham, old.spam):
        found.append(f"its probabilities are further off ({new.loss:.2f}, {old.loss:.2f} before)")
    return found


def _plain(found: Figures) -> dict[str, float | int]:
    return {
        "ham": found.ham,
        "spam": found.spam,
        "ham_filed": round(found.ham_filed, 4),
        "ham_flagged": round(found.ham_flagged, 4),
        "recall": round(found.recall, 4),
        "loss": round(found.loss, 4),
    }

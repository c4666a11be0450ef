"""Measures of one set of comments whose labels are known: from logits to figures and shapes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.spam.measuring.figures import Bin, Figures, Shape, Share, share_of
from models.spam.score import FINE_BELOW, SPAM_FROM, probability_of

Logits = NDArray[np.float64]
Labels = NDArray[np.bool_]

_BINS = 10
_RESAMPLES = 300
_ALARMS = (
    0.001, 0.0014, 0.002, 0.003, 0.004, 0.005, 0.007,
    0.01, 0.014, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1,
)  # fmt: skip


def figures(name: str, logits: Logits, labels: Labels) -> Figures:
    """Measure one set of comments.

    Args:
        name: of the set.
        logits: (n,), above zero for what is more likely spam.
        labels: (n,), True for spam.
    """
    ham, spam = logits[~labels], logits[labels]
    both = bool(len(ham) and len(spam))
    likely = _probabilities(logits)
    return Figures(
        name=name,
        ham=len(ham),
        spam=len(spam),
        auc=float(roc_auc_score(labels, logits)) if both else None,
        recall_at_1=_recall(ham, spam, 0.01) if both else None,
        recall_at_01=_recall(ham, spam, 0.001) if both else None,
        flagged=share(likely[~labels] >= 0.5),  # noqa: PLR2004 - more likely than not
        filed=share(likely[~labels] >= SPAM_FROM),
        caught=share(likely[labels] >= SPAM_FROM),
        fine=share(likely[~labels] < FINE_BELOW),
        calibration_error=_calibration_error(likely, labels) if both else None,
    )


def shape(name: str, logits: Logits, labels: Labels) -> Shape | None:
    """Return what of a set is drawn; None without both classes."""
    ham, spam = logits[~labels], logits[labels]
    if not len(ham) or not len(spam):
        return None
    roc = [(alarms, float(np.mean(spam > threshold(ham, alarms)))) for alarms in _ALARMS]
    return Shape(name, tuple(roc), _reliability(_probabilities(logits), labels))


def threshold(ham: Logits, alarms: float) -> float:
    """Return the lowest limit that at most this share of the ham lies above."""
    return float(np.quantile(ham, 1 - alarms, method="higher"))


def share(hits: NDArray[np.bool_]) -> Share:
    """Return the share of True with its interval."""
    return share_of(int(np.count_nonzero(hits)), len(hits))


def _recall(ham: Logits, spam: Logits, alarms: float) -> Share:
    """Return the spam caught, with the interval of the bootstrap over ham and spam."""
    chance = np.random.default_rng(0)
    resampled = [
        np.mean(chance.choice(spam, len(spam)) > threshold(chance.choice(ham, len(ham)), alarms))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    value = float(np.mean(spam > threshold(ham, alarms)))
    return Share(value, float(low), float(high), len(spam))


def _probabilities(logits: Logits) -> Logits:
    return np.array([probability_of(logit) for logit in logits.tolist()])


def _weights(labels: Labels) -> Logits:
    """Weigh both classes alike: that is what the probability assumes."""
    of_spam, of_ham = 0.5 / max(1, labels.sum()), 0.5 / max(1, (~labels).sum())
    weights: Logits = np.where(labels, of_spam, of_ham)
    return weights


def _bins(likely: Logits) -> NDArray[np.int64]:
    return np.minimum((likely * _BINS).astype(np.int64), _BINS - 1)


def _calibration_error(likely: Logits, labels: Labels) -> float:
    gap = np.bincount(_bins(likely), _weights(labels) * (likely - labels), minlength=_BINS)
    return float(np.abs(gap).sum())


def _reliability(likely: Logits, labels: Labels) -> tuple[Bin, ...]:
    bins, weights = _bins(likely), _weights(labels)
    counts = np.bincount(bins, minlength=_BINS)
    mass = np.bincount(bins, weights, minlength=_BINS)
    told = np.bincount(bins, weights * likely, minlength=_BINS)
    found = np.bincount(bins, weights * labels, minlength=_BINS)
    return tuple(
        Bin(int(counts[n]), float(told[n] / mass[n]), float(found[n] / mass[n]))
        for n in range(_BINS)
        if counts[n]
    )

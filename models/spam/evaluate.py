"""Measuring a model on labelled comments it was not trained on. Returns plain figures.

Needs scikit-learn (for the area under the curve) and, for sites left out, `train`.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.spam.attacks import ATTACKS
from models.spam.document import Document
from models.spam.figures import Evaluation, Figures, Share, Speed, as_text
from models.spam.pipeline import SpamModel
from models.spam.samples import Sample, labels_of, read_split
from models.spam.score import FINE_BELOW, SPAM_FROM, probability_of
from models.spam.train import Progress, fit, quiet

__all__ = [
    "BLOGS",
    "Evaluation",
    "Figures",
    "Share",
    "Speed",
    "as_text",
    "evaluate",
    "figures",
    "leave_sites_out",
    "logits_of",
]

BLOGS = ("haacked", "joehx", "archive_fever", "mademistakes")
"""Moderated blogs: each has ham and spam that a person told apart."""
ARCHIVES = ("haacked_archive",)
"""Published comments of blogs: ham only, for false alarms too rare for the blogs' own number."""
PROBE = "textdetox"
"""Rude but honest sentences in many languages."""

_BINS = 10
_Z = 1.96  # 95 % of a normal distribution
_RESAMPLES = 300
_SPEED_RUNS = 200

Logits = NDArray[np.float64]
Labels = NDArray[np.bool_]


def evaluate(
    model: SpamModel,
    source: Path | Sequence[Path],
    *,
    sites_left_out: bool = False,
    progress: Progress = quiet,
) -> Evaluation:
    """Measure a model on the split `dev`.

    Args:
        sites_left_out: also train a model without each blog and measure it there (minutes).

    Raises:
        SampleError: a line is no labelled comment.
    """
    samples = read_split(source, "dev")
    progress(f"scoring {len(samples)} comments")
    logits, labels = logits_of(model, samples), labels_of(samples)
    sites = np.array([sample.site for sample in samples])
    blogs = np.isin(sites, BLOGS)
    chosen = {
        "blogs": blogs,
        "blogs and archives": blogs | np.isin(sites, ARCHIVES),
        **{str(site): sites == site for site in np.unique(sites)},
    }
    progress("attacking")
    attacks = attacked(model, [s for s, blog in zip(samples, blogs, strict=True) if blog])
    return Evaluation(
        sets=tuple(figures(name, logits[rows], labels[rows]) for name, rows in chosen.items()),
        languages=_languages(samples, logits),
        attacks=attacks,
        left_out=leave_sites_out(source, progress=progress) if sites_left_out else (),
        speed=tuple(speed(model, length) for length in (200, 4_000)),
    )


def leave_sites_out(
    source: Path | Sequence[Path], *, seed: int = 0, progress: Progress = quiet
) -> tuple[Figures, ...]:
    """Judge each blog, all its comments, by a model trained and calibrated without it."""
    train = read_split(source, "train") + read_split(source, "extra")
    dev = read_split(source, "dev")
    found = []
    for site in BLOGS:
        if not any(sample.site == site for sample in (*train, *dev)):
            continue
        progress(f"training without {site}")
        unseen = [sample for sample in (*train, *dev) if sample.site == site]
        trained = fit(
            [sample for sample in train if sample.site != site],
            [sample for sample in dev if sample.site != site],
            made=date.min,
            seed=seed,
        )
        found.append(figures(site, logits_of(trained.model, unseen), labels_of(unseen)))
    return tuple(found)


def logits_of(model: SpamModel, samples: Iterable[Sample]) -> Logits:
    """Return the logit of each sample as serving computes it."""
    return np.array([model.score(sample.document).logit for sample in samples])


def figures(name: str, logits: Logits, labels: Labels) -> Figures:
    """Measure one set of comments."""
    ham, spam = logits[~labels], logits[labels]
    both = bool(len(ham) and len(spam))
    likely = np.array([probability_of(logit) for logit in logits.tolist()])
    return Figures(
        name=name,
        ham=len(ham),
        spam=len(spam),
        auc=float(roc_auc_score(labels, logits)) if both else None,
        recall_at_1=_recall(ham, spam, 0.01) if both else None,
        recall_at_01=_recall(ham, spam, 0.001) if both else None,
        flagged=_share(likely[~labels] >= 0.5),  # noqa: PLR2004 - more likely than not
        filed=_share(likely[~labels] >= SPAM_FROM),
        caught=_share(likely[labels] >= SPAM_FROM),
        fine=_share(likely[~labels] < FINE_BELOW),
        calibration_error=_calibration_error(likely, labels) if both else None,
    )


def attacked(model: SpamModel, samples: Sequence[Sample]) -> tuple[tuple[str, Share], ...]:
    """Disguise the text of the spam and say how much is still caught at 1 % false alarms."""
    ham = logits_of(model, (sample for sample in samples if not sample.spam))
    spam = [sample.document for sample in samples if sample.spam]
    if not len(ham) or not spam:
        return ()
    limit = _threshold(ham, 0.01)
    random = Random(0)  # noqa: S311 - reproducible, not secret
    attacks = {"none": lambda text, _random: text, **ATTACKS}
    found = []
    for name, attack in attacks.items():
        changed = [
            Document(attack(document.text, random), document.author, document.url)
            for document in spam
        ]
        hits = np.array([model.score(document).logit > limit for document in changed])
        found.append((name, _share(hits)))
    return tuple(found)


def speed(model: SpamModel, length: int) -> Speed:
    """Time the scoring of one comment of so many characters."""
    words = "I had to change the second step to make it work here, since the path differs. "
    document = Document((words * (length // len(words) + 1))[:length], "Ann Example", "")
    times = []
    for _ in range(_SPEED_RUNS):
        begin = time.perf_counter()
        model.score(document)
        times.append((time.perf_counter() - begin) * 1e6)
    return Speed(length, median(times), float(np.quantile(times, 0.99)))


def _languages(samples: Sequence[Sample], logits: Logits) -> tuple[tuple[str, Share], ...]:
    rows = [
        (sample.language, logit >= 0)
        for sample, logit in zip(samples, logits.tolist(), strict=True)
        if sample.site == PROBE
    ]
    return tuple(
        (language, _share(np.array([flagged for found, flagged in rows if found == language])))
        for language in sorted({language for language, _ in rows})
    )


def _threshold(ham: Logits, alarms: float) -> float:
    """Return the lowest limit that at most this share of the ham lies above."""
    return float(np.quantile(ham, 1 - alarms, method="higher"))


def _recall(ham: Logits, spam: Logits, alarms: float) -> Share:
    chance = np.random.default_rng(0)
    resampled = [
        np.mean(chance.choice(spam, len(spam)) > _threshold(chance.choice(ham, len(ham)), alarms))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    value = float(np.mean(spam > _threshold(ham, alarms)))
    return Share(value, float(low), float(high), len(spam))


def _share(hits: NDArray[np.bool_]) -> Share:
    """Return a share with Wilson's interval."""
    count = len(hits)
    if not count:
        return Share(0.0, 0.0, 1.0, 0)
    value = float(np.mean(hits))
    scale = 1 + _Z**2 / count
    middle = (value + _Z**2 / (2 * count)) / scale
    reach = _Z * ((value * (1 - value) + _Z**2 / (4 * count)) / count) ** 0.5 / scale
    return Share(value, max(0.0, middle - reach), min(1.0, middle + reach), count)


def _calibration_error(likely: Logits, labels: Labels) -> float:
    weights = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())
    bins = np.minimum((likely * _BINS).astype(int), _BINS - 1)
    gap = np.bincount(bins, weights * (likely - labels), minlength=_BINS)
    return float(np.abs(gap).sum())

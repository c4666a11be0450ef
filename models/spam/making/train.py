"""Training: labelled comments in, a scikit-learn classifier and its exported weights out.

Needs scikit-learn and scipy; nothing that serves imports this.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from models.spam.features import LETTERS, WIDTH, Occurrences, read, weigh
from models.spam.making.samples import Sample, augmented, labels_of, read_split, sample_weights
from models.spam.making.templates import expanded, read_templates
from models.spam.pipeline import Card, SpamModel, Weights, standardised
from models.spam.structure import MEASURES, main_script

BODY_SHARE = 0.7
"""Weight of the classifier that knows nothing but the text, against 1 for the one that knows all.

The sum of two linear classifiers over the same features is one: serving pays nothing for it.
"""
STRENGTH = 4.0
"""C of both classifiers: the inverse of their regularisation."""
SEEN_AT_LEAST = 2
"""A feature in fewer comments than this has no weight and fills no length."""
KNOWN_SCRIPT = 20
"""Honest comments in a script before the model may say it knows the script."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A classifier as scikit-learn has it and as we serve it.

    Args:
        model: the exported weights, float32, calibrated.
        everything: logistic regression on all features.
        body: logistic regression on the text's words and letter groups.
        calibration: logistic regression from their weighted mean to the probability (Platt).
    """

    model: SpamModel
    everything: LogisticRegression
    body: LogisticRegression
    calibration: LogisticRegression

    def decision(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Return the calibrated logits as scikit-learn computes them, float64 (n,)."""
        matrix = _Matrix(samples)
        weights = self.model.weights
        inputs = matrix.inputs(weights.rarity, weights.mean, weights.deviation)
        mean = _mean_decision(self.everything, self.body, inputs)
        result: NDArray[np.float64] = self.calibration.decision_function(mean[:, np.newaxis])
        return result


def quiet(_message: str) -> None:
    """Report progress to nobody."""


def train(
    source: Path | Sequence[Path], *, made: date, seed: int = 0, progress: Progress = quiet
) -> TrainedModel:
    """Train a model on the splits `train` and `extra`, calibrated on `dev`.

    Args:
        source: folder or files of labelled comments (`samples.read_split`).
        made: date of the training, for the model's name.
        seed: of the websites dropped and lent and of the disguises; same seed, same model.
        progress: told what is being done.

    Raises:
        SampleError: a line is no labelled comment.
        ValueError: a split lacks one of the classes.
    """
    samples = read_split(source, "train") + read_split(source, "extra")
    samples = with_templates(source, samples, seed=seed)
    return fit(samples, read_split(source, "dev"), made=made, seed=seed, progress=progress)


def with_templates(
    source: Path | Sequence[Path], samples: Sequence[Sample], *, seed: int
) -> list[Sample]:
    """Return the samples with spam made of the source's templates beside them."""
    chance = Random(seed)  # noqa: S311 - reproducible, not secret
    return [*samples, *expanded(read_templates(source), samples, chance)]


def fit(
    samples: Sequence[Sample],
    calibration_samples: Sequence[Sample],
    *,
    made: date,
    seed: int = 0,
    progress: Progress = quiet,
) -> TrainedModel:
    """Train on samples at hand; see `train`."""
    for name, rows in (("training", samples), ("calibration", calibration_samples)):
        if len({row.spam for row in rows}) < 2:  # noqa: PLR2004 - ham and spam
            raise ValueError(f"the {name} comments must hold both ham and spam")
    progress(f"reading {len(samples)} comments")
    matrix = _Matrix(augmented(samples, Random(seed)))  # noqa: S311 - reproducible, not secret
    labels, weights = labels_of(samples), sample_weights(samples)
    rarity = _rarity(matrix)
    mean = np.average(matrix.measures, axis=0, weights=weights).astype(np.float32)
    spread = np.average((matrix.measures - mean) ** 2, axis=0, weights=weights)
    deviation = np.maximum(np.sqrt(spread), 0.05).astype(np.float32)
    inputs = matrix.inputs(rarity, mean, deviation)
    progress("fitting the classifier that knows everything")
    everything = _regression(seed).fit(inputs, labels, sample_weight=weights)
    _never_reward_disguise(everything)
    progress("fitting the classifier that knows the text alone")
    body = _regression(seed).fit(inputs[:, : LETTERS.stop], labels, sample_weight=weights)
    progress(f"calibrating on {len(calibration_samples)} comments")
    known = _Matrix(calibration_samples).inputs(rarity, mean, deviation)
    calibration = LogisticRegression(C=1e6).fit(
        _mean_decision(everything, body, known)[:, np.newaxis],
        labels_of(calibration_samples),
        sample_weight=sample_weights(calibration_samples),
    )
    shared = Weights(
        hashed=np.empty(0),
        rarity=rarity,
        measured=np.empty(0, np.float32),
        mean=mean,
        deviation=deviation,
        intercept=0.0,
    )
    weights_out = _exported(shared, everything, body, calibration)
    card = Card(f"base {made.isoformat()}", made.isoformat(), matrix.known_scripts(labels))
    return TrainedModel(SpamModel(weights_out, card), everything, body, calibration)


class _Matrix:
    """Comments as the rows a classifier takes."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.blocks: list[tuple[Occurrences, ...]] = []
        self.scripts: list[str] = []
        measures = []
        for sample in samples:
            reading = read(sample.document)
            self.blocks.append(tuple(map(_slim, reading.blocks)))
            self.scripts.append(main_script(reading.body.text))
            measures.append(reading.measures)
        self.measures: NDArray[np.float32] = np.array(measures)

    def inputs(
        self,
        rarity: NDArray[np.floating],
        mean: NDArray[np.float32],
        deviation: NDArray[np.float32],
    ) -> csr_matrix:
        """Return (n, WIDTH + measures), float32: the very numbers that serving multiplies."""
        values = [np.concatenate(list(weigh(blocks, rarity))) for blocks in self.blocks]
        ids = [np.concatenate([block.ids for block in blocks]) for blocks in self.blocks]
        ends = np.concatenate([[0], np.cumsum([len(row) for row in ids])])
        hashed = csr_matrix(
            (np.concatenate(values), np.concatenate(ids), ends), shape=(len(ids), WIDTH)
        )
        hashed.sum_duplicates()
        hashed.eliminate_zeros()
        return hstack([hashed, standardised(self.measures, mean, deviation)], format="csr")

    def known_scripts(self, spam: NDArray[np.bool_]) -> frozenset[str]:
        """Return the scripts with enough honest comments."""
        seen = Counter(
            script for script, bad in zip(self.scripts, spam, strict=True) if script and not bad
        )
        return frozenset(script for script, count in seen.items() if count >= KNOWN_SCRIPT)


def _slim(block: Occurrences) -> Occurrences:
    """Return a block in half the memory, without what only explaining needs."""
    return replace(block, ids=block.ids.astype(np.int32), owners=np.empty(0, np.int64))


def _rarity(matrix: _Matrix) -> NDArray[np.float32]:
    """Return log((1 + n) / (1 + comments with the feature)) + 1, rounded as it will be stored."""
    seen = np.zeros(WIDTH)
    for blocks in matrix.blocks:
        seen[np.unique(np.concatenate([block.ids for block in blocks]))] += 1
    rarity = np.log((1 + len(matrix.blocks)) / (1 + seen)) + 1
    rarity[seen < SEEN_AT_LEAST] = 0
    return rarity.astype(np.float16).astype(np.float32)


def _regression(seed: int) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, solver="liblinear", random_state=seed, max_iter=200)


def _never_reward_disguise(classifier: LogisticRegression) -> None:
    """Cut the weights of disguises at zero: hiding something must never speak for a comment."""
    measured = classifier.coef_[0, WIDTH:]
    disguises = np.array([row.disguise for row in MEASURES])
    measured[disguises] = np.maximum(measured[disguises], 0)


def _mean_decision(
    everything: LogisticRegression, body: LogisticRegression, inputs: csr_matrix
) -> NDArray[np.float64]:
    whole = everything.decision_function(inputs)
    text = body.decision_function(inputs[:, : LETTERS.stop])
    mean: NDArray[np.float64] = (whole + BODY_SHARE * text) / (1 + BODY_SHARE)
    return mean


def _exported(
    shared: Weights,
    everything: LogisticRegression,
    body: LogisticRegression,
    calibration: LogisticRegression,
) -> Weights:
    """Return the classifiers and their calibration as one vector of weights."""
    slope, shift = float(calibration.coef_[0, 0]), float(calibration.intercept_[0])
    combined = everything.coef_[0].copy()
    combined[: LETTERS.stop] += BODY_SHARE * body.coef_[0]
    combined *= slope / (1 + BODY_SHARE)
    intercept = everything.intercept_[0] + BODY_SHARE * body.intercept_[0]
    return replace(
        shared,
        hashed=combined[:WIDTH].astype(np.float32),
        measured=combined[WIDTH:].astype(np.float32),
        intercept=float(slope * intercept / (1 + BODY_SHARE) + shift),
    )

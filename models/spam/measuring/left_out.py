"""Each moderated blog judged by a model that never saw it: what a new site can expect."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from models.spam.making.samples import Sample, labels_of, read_split
from models.spam.making.train import Progress, fit, quiet, with_templates
from models.spam.measuring.figures import Figures, Shape
from models.spam.measuring.measures import Logits, figures, shape
from models.spam.measuring.times import by_time, times_of
from models.spam.pipeline import SpamModel

BLOGS = ("haacked", "joehx", "archive_fever", "mademistakes")
"""Moderated blogs: each has ham and spam that a person told apart."""
ARCHIVES = ("haacked_archive",)
"""Published comments of blogs: ham only, for false alarms too rare for the blogs' own number."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One blog taken out.

    Args:
        site: the blog.
        train: what is left to train on.
        dev: what is left to calibrate on.
        unseen: all comments of the blog.
        times: their ISO times.
    """

    site: str
    train: list[Sample]
    dev: list[Sample]
    unseen: list[Sample]
    times: list[str]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was measured: per blog, per third of a blog in time, and what of it is drawn."""

    sites: tuple[Figures, ...]
    times: tuple[Figures, ...]
    shapes: tuple[Shape, ...]


def folds(source: Path | Sequence[Path]) -> Iterator[Fold]:
    """Yield the blogs of a source that stand to be left out, one after the other."""
    splits = {split: read_split(source, split) for split in ("train", "extra", "dev")}
    times = {split: times_of(source, split, splits[split]) for split in ("train", "dev")}
    for site in BLOGS:
        unseen = [
            (sample, time)
            for split in ("train", "dev")
            for sample, time in zip(splits[split], times[split], strict=True)
            if sample.site == site
        ]
        if unseen:
            yield Fold(
                site=site,
                train=[s for s in (*splits["train"], *splits["extra"]) if s.site != site],
                dev=[s for s in splits["dev"] if s.site != site],
                unseen=[sample for sample, _ in unseen],
                times=[time for _, time in unseen],
            )


def leave_sites_out(
    source: Path | Sequence[Path], *, seed: int = 0, progress: Progress = quiet
) -> tuple[Figures, ...]:
    """Judge each blog, all its comments, by a model trained and calibrated without it."""
    return left_out(source, seed=seed, progress=progress).sites


def left_out(
    source: Path | Sequence[Path], *, seed: int = 0, progress: Progress = quiet
) -> LeftOut:
    """As `leave_sites_out`, with the thirds of each blog by time and what is drawn."""
    sites: list[Figures] = []
    thirds: list[Figures] = []
    shapes: list[Shape | None] = []
    for fold in folds(source):
        progress(f"training without {fold.site}")
        samples = with_templates(source, fold.train, seed=seed)
        trained = fit(samples, fold.dev, made=date.min, seed=seed)
        logits, labels = logits_of(trained.model, fold.unseen), labels_of(fold.unseen)
        sites.append(figures(fold.site, logits, labels))
        thirds += by_time(fold.site, fold.times, logits, labels, parts=3)
        shapes.append(shape(f"{fold.site}, never seen", logits, labels))
    return LeftOut(tuple(sites), tuple(thirds), tuple(filter(None, shapes)))


def logits_of(model: SpamModel, samples: Sequence[Sample]) -> Logits:
    """Return the logit of each sample as serving computes it."""
    return np.array([model.score(sample.document).logit for sample in samples])

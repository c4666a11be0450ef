"""Measuring a model on labelled comments it was not trained on. Returns plain figures.

Needs scikit-learn (for the area under the curve) and, for sites left out, `train`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.spam.making.samples import Sample, labels_of, read_split
from models.spam.making.train import Progress, quiet
from models.spam.measuring.figures import Collection, Evaluation, Figures, Shape, Share, Speed
from models.spam.measuring.footprint import LENGTHS, footprint, speed
from models.spam.measuring.learning_curve import learning_curve
from models.spam.measuring.left_out import (
    ARCHIVES,
    BLOGS,
    LeftOut,
    leave_sites_out,
    left_out,
    logits_of,
)
from models.spam.measuring.measures import Labels, Logits, figures, shape, share
from models.spam.measuring.peers import compare
from models.spam.measuring.robustness import attacked
from models.spam.measuring.sections import as_text
from models.spam.measuring.times import by_time, collections_of, times_of
from models.spam.pipeline import SpamModel

__all__ = [
    "ARCHIVES",
    "BLOGS",
    "Evaluation",
    "Figures",
    "Share",
    "Speed",
    "as_text",
    "attacked",
    "evaluate",
    "figures",
    "leave_sites_out",
    "logits_of",
    "speed",
]

PROBE = "textdetox"
"""Rude but honest sentences in many languages."""


def evaluate(
    model: SpamModel,
    source: Path | Sequence[Path],
    *,
    sites_left_out: bool = False,
    curves: bool = False,
    peers: bool = False,
    progress: Progress = quiet,
) -> Evaluation:
    """Measure a model on the split `dev`.

    Args:
        model: as it serves.
        source: labelled comments (`samples.read_split`).
        sites_left_out: also train a model without each blog and measure it there (minutes).
        curves: also train with parts of the comments (minutes).
        peers: also measure other filters, and where sites are left out, them as well.
        progress: told what is being done.

    Raises:
        SampleError: a line is no labelled comment.
    """
    samples = read_split(source, "dev")
    progress(f"scoring {len(samples)} comments")
    logits, labels = logits_of(model, samples), labels_of(samples)
    sites = np.array([sample.site for sample in samples])
    chosen = {
        "blogs": np.isin(sites, BLOGS),
        "blogs and archives": np.isin(sites, (*BLOGS, *ARCHIVES)),
        **{str(site): sites == site for site in np.unique(sites)},
    }
    progress("attacking")
    attacks = attacked(model, [s for s in samples if s.site in (*BLOGS, *ARCHIVES)])
    left = LeftOut((), (), ())
    if sites_left_out:
        left = left_out(source, progress=progress)
    return Evaluation(
        sets=tuple(figures(name, logits[rows], labels[rows]) for name, rows in chosen.items()),
        languages=_languages(samples, logits),
        attacks=attacks,
        left_out=left.sites,
        speed=tuple(speed(model, length) for length in LENGTHS),
        times=_halves(samples, times_of(source, "dev", samples), logits, labels) + left.times,
        shapes=_shapes(chosen, logits, labels) + left.shapes,
        collections=_collections(source),
        learning=learning_curve(source, progress=progress) if curves else (),
        peers=compare(source, sites_left_out=sites_left_out, progress=progress) if peers else (),
        footprint=footprint(model),
    )


def _shapes(chosen: dict[str, Labels], logits: Logits, labels: Labels) -> tuple[Shape, ...]:
    found = (shape(name, logits[rows], labels[rows]) for name, rows in chosen.items())
    return tuple(drawn for drawn in found if drawn)


def _halves(
    samples: Sequence[Sample], times: Sequence[str], logits: Logits, labels: Labels
) -> tuple[Figures, ...]:
    found: list[Figures] = []
    for site in BLOGS:
        rows = np.array([n for n, sample in enumerate(samples) if sample.site == site], np.int64)
        of_site = [times[row] for row in rows]
        found += by_time(site, of_site, logits[rows], labels[rows], parts=2)
    return tuple(found)


def _languages(samples: Sequence[Sample], logits: Logits) -> tuple[tuple[str, Share], ...]:
    rows = [
        (sample.language, logit >= 0)
        for sample, logit in zip(samples, logits.tolist(), strict=True)
        if sample.site == PROBE
    ]
    return tuple(
        (language, share(np.array([flagged for found, flagged in rows if found == language])))
        for language in sorted({language for language, _ in rows})
    )


def _collections(source: Path | Sequence[Path]) -> tuple[Collection, ...]:
    found: list[Collection] = []
    for split in ("train", "extra", "dev"):
        samples = read_split(source, split)
        found += collections_of(split, samples, times_of(source, split, samples))
    return tuple(found)

"""A model from labelled comments to shipped files, in one call."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from models.spam.artifact import FILE_NAME, load, save
from models.spam.making.train import Progress, quiet, train
from models.spam.measuring.card import card
from models.spam.measuring.evaluate import evaluate
from models.spam.measuring.figures import Evaluation
from models.spam.pipeline import SpamModel


def build(
    source: Path | Sequence[Path],
    out: Path,
    *,
    made: date,
    seed: int = 0,
    sites_left_out: bool = False,
    progress: Progress = quiet,
) -> Evaluation:
    """Train, measure, and write `model.npz` and `CARD.md` into a folder.

    Raises:
        SampleError: a line is no labelled comment.
        ValueError: a split lacks one of the classes.
    """
    trained = train(source, made=made, seed=seed, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    file = out / FILE_NAME
    save(trained.model, file)
    # Measured as it is served: read back, with weights rounded to 16 bits.
    model = load(file)
    evaluation = evaluate(model, source, sites_left_out=sites_left_out, progress=progress)
    figures = {found.name: asdict(found) for found in evaluation.sets[:2]}
    save(SpamModel(model.weights, replace(model.card, figures=dict(figures))), file)
    (out / "CARD.md").write_text(card(model, evaluation), encoding="utf-8")
    return evaluation

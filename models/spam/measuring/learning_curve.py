"""How much the model gains from more comments to learn from."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random

from models.spam.making.samples import labels_of, read_split
from models.spam.making.train import Progress, fit, quiet
from models.spam.measuring.figures import Step
from models.spam.measuring.left_out import BLOGS, logits_of
from models.spam.measuring.measures import figures

SHARES = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0)


def learning_curve(
    source: Path | Sequence[Path], *, seed: int = 0, progress: Progress = quiet
) -> tuple[Step, ...]:
    """Train with growing shares of the comments, each holding the one before; measure on blogs.

    A share without both classes is left out.
    """
    train = read_split(source, "train") + read_split(source, "extra")
    Random(seed).shuffle(train)  # noqa: S311 - reproducible, not secret
    dev = read_split(source, "dev")
    blogs = [sample for sample in dev if sample.site in BLOGS]
    found = []
    for part in SHARES:
        some = train[: round(part * len(train))]
        if len({sample.spam for sample in some}) < 2 or not blogs:  # noqa: PLR2004 - ham and spam
            continue
        progress(f"training with {part:.0%} of the comments")
        model = fit(some, dev, made=date.min, seed=seed).model
        step = figures("blogs", logits_of(model, blogs), labels_of(blogs))
        found.append(Step(part, len(some), step))
    return tuple(found)

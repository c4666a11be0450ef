"""Moderated blogs lived through in time order: what learning adds, through the real code path.

    python -m tests.checks.prequential FOLDER [--models FOLDER] [--blogs haacked ...] [--newest N]

FOLDER holds train.jsonl[.gz] and dev.jsonl[.gz]. For each blog a base model is trained that
never saw it (kept in --models, for the next time); then each of its comments is submitted,
scored, decided and learned from by `gatepost model replay`. Printed: what the base alone
achieves on the same comments, and what it achieves with the site's learning beside it.
"""

import argparse
import gzip
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from models.spam import Document, SpamModel, load
from models.spam.artifact import save
from models.spam.making.samples import read_split
from models.spam.making.train import fit, with_templates
from models.spam.measuring.evaluate import BLOGS, figures
from models.spam.measuring.figures import Figures
from service.verbs.replay import replay

EDGE = 1e-9
EARLY = (30, 50, 100)  # decisions after which the rest is looked at


def rows_of(folder: Path, blog: str) -> list[dict]:
    """Return a blog's comments in time order."""
    found = []
    for path in sorted(folder.glob("*.jsonl*")):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            rows = (json.loads(line) for line in lines)
            found += [
                row for row in rows if row["site"] == blog and row["label"] in ("ham", "spam")
            ]
    return sorted(found, key=lambda row: row.get("time") or "")


def model_without(folder: Path, blog: str, models: Path) -> Path:
    """Return the file of a base model that never saw a blog; trained if it is not there."""
    path = models / f"without-{blog}.npz"
    if not path.exists():
        print(f"training without {blog}", file=sys.stderr, flush=True)
        every = read_split(folder, "train") + read_split(folder, "extra")
        train = [sample for sample in every if sample.site != blog]
        trained = fit(
            with_templates(folder, train, seed=0),
            [sample for sample in read_split(folder, "dev") if sample.site != blog],
            made=date(2026, 1, 1),
        )
        models.mkdir(parents=True, exist_ok=True)
        save(trained.model, path)
    return path


def replayed(rows: Sequence[dict], model: Path) -> list[dict]:
    """Return the rows with the probability each got before its label was known."""
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    out = io.StringIO()
    replay(io.StringIO(lines), out, model=model)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def base_alone(model: SpamModel, rows: Sequence[dict]) -> np.ndarray:
    """Return the logit of each row without learning."""
    return np.array(
        [
            model.score(Document(row["text"], row.get("author") or "", row.get("url") or "")).logit
            for row in rows
        ]
    )


def logit(probability: float) -> float:
    """Return log(p / (1 - p)), finite."""
    inside = min(max(probability, EDGE), 1 - EDGE)
    return float(np.log(inside / (1 - inside)))


def told(name: str, found: Figures) -> Iterator[str]:
    """Yield the cells of one row of the table."""
    recall, error = found.recall_at_1, found.calibration_error
    yield name
    yield f"{found.ham} / {found.spam}"
    yield "-" if found.auc is None else f"{found.auc:.4f}"
    yield "-" if recall is None else f"{recall.value:.3f} ({recall.low:.2f}-{recall.high:.2f})"
    yield "-" if error is None else f"{error:.3f}"
    yield f"{found.filed.value:.2%}"
    yield f"{found.caught.value:.1%}"


def main() -> None:
    """Run and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "left-out")
    parser.add_argument("--blogs", nargs="+", default=BLOGS)
    parser.add_argument("--newest", type=int, default=0, help="only so many of the newest comments")
    chosen = parser.parse_args()
    print(
        "| comments | ham / spam | AUC | recall at 1 % | calibration error "
        "| ham p >= .95 | spam p >= .95 |"
    )
    print("| --- " * 7 + "|")
    means: dict[str, list[float]] = {"base alone": [], "with learning": []}
    for blog in chosen.blogs:
        path = model_without(chosen.folder, blog, chosen.models)
        rows = rows_of(chosen.folder, blog)[-chosen.newest :]
        labels = np.array([row["label"] == "spam" for row in rows])
        alone = base_alone(load(path), rows)
        begin = time.perf_counter()
        learned = np.array([logit(row["probability"]) for row in replayed(rows, path)])
        pace = (time.perf_counter() - begin) / len(rows)
        for kind, logits in (("base alone", alone), ("with learning", learned)):
            found = figures(blog, logits, labels)
            means[kind].append(found.recall_at_1.value if found.recall_at_1 else 0.0)
            print("| " + " | ".join(told(f"{blog}, {kind}", found)) + " |")
        for start in EARLY:
            if labels[start:].any() and not labels[start:].all():
                found = figures(blog, learned[start:], labels[start:])
                print("| " + " | ".join(told(f"{blog}, after {start} decisions", found)) + " |")
        print(
            f"{blog}: {pace * 1000:.1f} ms a comment with its decision", file=sys.stderr, flush=True
        )
    for kind, values in means.items():
        print(f"\nMean recall at 1 %, {kind}: {np.mean(values):.3f}")


if __name__ == "__main__":
    main()

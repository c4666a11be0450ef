"""Comments in the order in which they were written, and measures of older and newer ones."""

import gzip
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.spam.making.samples import Sample
from models.spam.measuring.figures import Collection, Figures
from models.spam.measuring.measures import Labels, Logits, figures

_NAMES = {2: ("older half", "newer half"), 3: ("oldest third", "middle third", "newest third")}


def times_of(source: Path | Sequence[Path], split: str, samples: Sequence[Sample]) -> list[str]:
    """Return the ISO time of each sample of a split; empty where the source has none.

    Samples are found by their text, name and website, equal ones in the order of the file.
    """
    found: dict[tuple[str, str, str], deque[str]] = defaultdict(deque)
    for row in _rows(source, split):
        key = str(row.get("text")), str(row.get("author") or ""), str(row.get("url") or "")
        found[key].append(str(row.get("time") or ""))
    times = []
    for sample in samples:
        document = sample.document
        queue = found[document.text, document.author, document.url]
        times.append(queue.popleft() if queue else "")
    return times


def by_time(
    name: str, times: Sequence[str], logits: Logits, labels: Labels, parts: int
) -> tuple[Figures, ...]:
    """Measure the halves (2) or thirds (3) of a site in time order; nothing without times."""
    dated = [place for place, time in enumerate(times) if time]
    order = np.array(sorted(dated, key=lambda place: times[place]), dtype=np.int64)
    if len(order) < parts:
        return ()
    return tuple(
        figures(f"{name}, {part}", logits[rows], labels[rows])
        for part, rows in zip(_NAMES[parts], np.array_split(order, parts), strict=True)
    )


def collections_of(
    split: str, samples: Sequence[Sample], times: Sequence[str]
) -> tuple[Collection, ...]:
    """Count the comments of each site, with the years of the first and the last."""
    counts = Counter((sample.site, sample.spam) for sample in samples)
    years: dict[str, list[str]] = defaultdict(list)
    for sample, time in zip(samples, times, strict=True):
        if time:
            years[sample.site].append(time[:4])
    return tuple(
        Collection(
            site=site,
            split=split,
            ham=counts[site, False],
            spam=counts[site, True],
            first=min(years[site], default=""),
            last=max(years[site], default=""),
        )
        for site in sorted({site for site, _ in counts})
    )


def _rows(source: Path | Sequence[Path], split: str) -> Iterator[dict[str, Any]]:
    files = sorted(source.iterdir()) if isinstance(source, Path) else source
    for file in files:
        if file.name not in {f"{split}.jsonl", f"{split}.jsonl.gz"}:
            continue
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)

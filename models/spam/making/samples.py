"""Labelled comments: reading them, weighing them, and changing some for training's sake."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.making.attacks import ATTACKS

GROUP_CAP = 2_000
"""Effective rows that one label of one site may have: no blog's habits may become the rule."""
WEBSITE_DROPPED, WEBSITE_LENT = 0.60, 0.35
LINK_MOVED = 0.50
NAME_DROPPED, NAME_LENT = 0.05, 0.85
DISGUISED = 0.08
"""Share of the spam that is disguised in training, so that disguise is learned as a sign."""

NAME_LATIN = 0.5
"""Share of the names lent to a text in another script that are Latin all the same."""
_FOREIGN_WORD = re.compile(r"[\u0370-\u1fff\u2c00-\ud7ff]{2,}")
_LINK = re.compile(r"https?://[^\s<>\"'()\[\]]{3,200}")
_UNUSED = frozenset({"annotated-odd"})


class SampleError(Exception):
    """The labelled comments cannot be used; the text says which line and why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled comment.

    Args:
        document: the comment.
        spam: its label.
        site: where it was written.
        language: as far as the collection says; else empty.
    """

    document: Document
    spam: bool
    site: str
    language: str = ""


def read_split(source: Path | Sequence[Path], split: str) -> list[Sample]:
    """Read one split ("train", "dev", "extra") of labelled comments.

    Args:
        source: a folder with `{split}.jsonl` or `{split}.jsonl.gz`, or the files themselves.

    Returns:
        The samples in the file's order; none when there is no such file.

    Raises:
        SampleError: a line is no labelled comment.
    """
    files = sorted(source.iterdir()) if isinstance(source, Path) else source
    names = {f"{split}.jsonl", f"{split}.jsonl.gz"}
    return [sample for file in files if file.name in names for sample in _read(file)]


def _read(file: Path) -> Iterator[Sample]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                if row.get("quality") not in _UNUSED:
                    yield _sample(row)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SampleError(f"{file.name}, line {number}: {error!r}") from error


def _sample(row: dict[str, Any]) -> Sample:
    if row["label"] not in ("ham", "spam"):
        raise ValueError(f"label {row['label']!r}")
    return Sample(
        document=Document(
            text=str(row["text"]),
            author=str(row.get("author") or ""),
            url=str(row.get("url") or ""),
        ),
        spam=row["label"] == "spam",
        site=str(row.get("site") or ""),
        language=str(row.get("lang") or ""),
    )


def sample_weights(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Weigh samples: each site's label at most `GROUP_CAP` rows, both classes alike; mean 1."""
    sizes = Counter((sample.site, sample.spam) for sample in samples)
    weights = np.array([min(1.0, GROUP_CAP / sizes[s.site, s.spam]) for s in samples])
    spam = np.array([sample.spam for sample in samples])
    for label in (False, True):
        weights[spam == label] /= weights[spam == label].sum()
    level: NDArray[np.float64] = weights * len(samples) / weights.sum()
    return level


def augmented(samples: Sequence[Sample], random: Random) -> list[Sample]:
    """Return the samples with websites and names dropped, lent or moved, and some spam disguised.

    Where only some sources ask for a website, "has a website" would be learned as "is from that
    source", hence as its share of spam; with names it is the same.
    """
    honest = [sample.document for sample in samples if not sample.spam]
    websites = [document.url for document in honest if document.url]
    names = [document.author for document in honest if document.author]
    return [
        _disguised(_name(_website(sample, websites, random), names, random), random)
        for sample in samples
    ]


def _name(sample: Sample, names: Sequence[str], random: Random) -> Sample:
    chance = random.random()
    if sample.document.author:
        return _with(sample, author="") if chance < NAME_DROPPED else sample
    if sample.spam or not names or chance >= NAME_LENT:
        return sample
    return _with(sample, author=_own_script(sample, random) or random.choice(names))


def _own_script(sample: Sample, random: Random) -> str:
    """Return a made-up name in the script of a text that is not Latin; empty for the others.

    Honest sentences come without names. Lent Latin ones alone, a name in one's own script would
    be learned as a sign of spam.
    """
    words = _FOREIGN_WORD.findall(sample.document.text)
    if not words or random.random() < NAME_LATIN:
        return ""
    return " ".join(random.choice(words)[:12].capitalize() for _ in range(random.randint(1, 2)))


def _website(sample: Sample, websites: Sequence[str], random: Random) -> Sample:
    chance = random.random()
    if sample.document.url:
        return _with(sample, url="") if chance < WEBSITE_DROPPED else sample
    if sample.spam:
        return _moved(sample) if chance < LINK_MOVED else sample
    if not websites or chance >= WEBSITE_LENT:
        return sample
    return _with(sample, url=random.choice(websites))


def _moved(sample: Sample) -> Sample:
    """Move the first link of the text to the website field, where another form has it."""
    found = _LINK.search(sample.document.text)
    if found is None:
        return sample
    before, after = sample.document.text[: found.start()], sample.document.text[found.end() :]
    return _with(sample, text=before + after, url=found.group())


def _disguised(sample: Sample, random: Random) -> Sample:
    if not sample.spam or random.random() >= DISGUISED:
        return sample
    attack = ATTACKS[random.choice(sorted(ATTACKS))]
    return _with(sample, text=attack(sample.document.text, random))


def _with(sample: Sample, **changes: str) -> Sample:
    return replace(sample, document=replace(sample.document, **changes))


def labels_of(samples: Iterable[Sample]) -> NDArray[np.bool_]:
    """Return the labels, True for spam."""
    return np.array([sample.spam for sample in samples], dtype=np.bool_)

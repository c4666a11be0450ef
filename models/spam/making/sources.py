"""Where labelled comments come from: a folder with its splits, or any files of them.

Comments without a split of their own for calibration get one here: near-duplicates stay on one
side, and the same comments are always split alike, in whatever order or file they come.
"""

import gzip
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.spam.making.samples import SampleError
from models.spam.making.templates import FILES as TEMPLATES

DEV_SHARE = 0.15
"""Share of each class that is split off for calibration and measuring."""
ENDINGS = (".jsonl", ".jsonl.gz")
SPLITS = ("train", "dev", "extra")

_WORD = re.compile(r"\w+")
_SHINGLE = 3  # words
_BANDS, _ROWS = 25, 4
_MULTIPLIERS = (
    np.random.default_rng(7).integers(1 << 63, size=(_BANDS * _ROWS, 1), dtype=np.uint64) * 2 + 1
)


@dataclass(frozen=True, slots=True)
class Source:
    """Files to read splits from.

    Args:
        files: named `train`, `dev` and `extra`, as `samples.read_split` wants them.
        notes: sentences on how they came about, for whoever asked.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def split_source(paths: Sequence[Path], into: Path) -> Source:
    """Return files with a `dev` split: those named if they have one, else new ones.

    Args:
        paths: folders or files, `.jsonl` or `.jsonl.gz`.
        into: folder where new files are written.

    Raises:
        SampleError: there is no such file, or a line is no labelled comment.
    """
    files = _files(paths)
    templates = [file for path in paths if path.is_dir() for file in sorted(path.glob(TEMPLATES))]
    if any(_stem(file) == "dev" for file in files):
        unused = [file.name for file in files if _stem(file) not in SPLITS]
        notes = tuple(f"{name} is no split and is not read" for name in unused)
        return Source((*files, *templates), notes)
    extra = [file for file in files if _stem(file) == "extra"]
    rows = [row for file in files if file not in extra for row in _rows(file)]
    dev = _chosen(rows)
    for name, kept in (("train", False), ("dev", True)):
        lines = [row.line for row, chosen in zip(rows, dev, strict=True) if chosen == kept]
        (into / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    note = (
        f"there is no dev.jsonl: {sum(dev)} of {len(rows)} comments are split off for calibration"
        " and measuring, near-duplicates on one side"
    )
    return Source((into / "train.jsonl", into / "dev.jsonl", *extra, *templates), (note,))


@dataclass(frozen=True, slots=True)
class _Row:
    line: str
    text: str
    spam: bool


def _files(paths: Sequence[Path]) -> list[Path]:
    found = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        labelled = [file for file in inside if file.name.endswith(ENDINGS)]
        if not labelled:
            raise SampleError(
                f"{path} is no folder with .jsonl or .jsonl.gz files, and no such file"
            )
        found += labelled
    return found


def _stem(file: Path) -> str:
    return file.name.split(".", 1)[0]


def _rows(file: Path) -> Iterator[_Row]:
    opened = gzip.open if file.suffix == ".gz" else open
    number = 0
    try:
        with opened(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 - named when reading fails
                yield _row(line)
    except (ValueError, KeyError, TypeError) as error:
        raise SampleError(f"{file.name}, line {number}: {error!r}") from error


def _row(line: str) -> _Row:
    row = json.loads(line)
    if row["label"] not in ("ham", "spam"):
        raise ValueError(f"label {row['label']!r}")
    return _Row(f"{line.rstrip()}\n", str(row["text"]), row["label"] == "spam")


def _chosen(rows: Sequence[_Row]) -> list[bool]:
    """Tell which rows are split off: whole families, by their hash, up to the share of a class."""
    families = _families([row.text for row in rows])
    chosen = [False] * len(rows)
    for spam in (False, True):
        quota = DEV_SHARE * sum(row.spam == spam for row in rows)
        taken = 0
        for members in families:
            if _mostly_spam(rows, members) != spam or (taken and taken + len(members) > quota):
                continue
            taken += len(members)
            for member in members:
                chosen[member] = True
            if taken >= quota:
                break
    return chosen


def _mostly_spam(rows: Sequence[_Row], members: Sequence[int]) -> bool:
    return 2 * sum(rows[member].spam for member in members) > len(members)


def _families(texts: Sequence[str]) -> list[list[int]]:
    """Return the texts' places grouped by likeness, the groups in the order of their hashes."""
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[tuple[int, bytes], int] = {}
    for place, text in enumerate(texts):
        for key in _keys(text):
            other = first.setdefault(key, place)
            parent[root(place)] = root(other)
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(texts)):
        groups[root(place)].append(place)
    return sorted(groups.values(), key=lambda group: _hash(texts[place] for place in group))


def _hash(texts: Iterable[str]) -> str:
    """Return the lowest hash of a group: the same in whatever order its texts come."""
    return min(sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts)


def _keys(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield what near-duplicates most likely share: bands of the least hashes of word triples.

    Source: Broder 1997, "On the resemblance and containment of documents" (MinHash).
    """
    words = _WORD.findall(text.lower())
    triples = range(max(1, len(words) - _SHINGLE + 1))
    shingles = {" ".join(words[start : start + _SHINGLE]) for start in triples}
    hashes: NDArray[np.uint64] = np.array(
        [zlib.crc32(shingle.encode("utf-8", "surrogatepass")) for shingle in shingles], np.uint64
    )
    least = ((hashes * _MULTIPLIERS) >> np.uint64(32)).min(axis=1)
    for band in range(_BANDS):
        yield band, least[band * _ROWS : (band + 1) * _ROWS].tobytes()

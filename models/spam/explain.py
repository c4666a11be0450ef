"""Reasons in words. The model is a sum, so its parts are exact and nothing is estimated."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.features import Occurrences, Reading
from models.spam.links import TOKEN_WORDS, host_of
from models.spam.score import Reason
from models.spam.structure import MEASURES

SHOWN = 6
"""Reasons told one by one; the others are one sum."""
_LONGEST = 60
_SMALLEST = 0.005

Parts = list[NDArray[np.float32]]
Found = list[tuple[float, str, str]]


def reasons_of(
    document: Document,
    reading: Reading,
    parts: Parts,
    measured: NDArray[np.float32],
    sums: tuple[float, float],
) -> tuple[Reason, ...]:
    """Return the strongest contributions, then `rest` and `base`; together they are the logit.

    Args:
        parts: contribution of each occurrence, per block of the reading.
        measured: contribution of each measure.
        sums: the logit, and what of it was there before anything was read.
    """
    logit, base = sums
    found = [
        *_measures(measured),
        *_chunks_and_pairs(reading, parts),
        (float(parts[2].sum()), "name", f"the name “{_short(document.author)}”"),
        *_links(document, reading, parts[3]),
    ]
    top = sorted((row for row in found if abs(row[0]) >= _SMALLEST), key=lambda row: -abs(row[0]))
    shown = [Reason(name, text, weight) for weight, name, text in top[:SHOWN]]
    rest = logit - base - sum(reason.weight for reason in shown)
    return (
        *shown,
        Reason("rest", "everything else together", rest),
        Reason("base", "before anything was read", base),
    )


def _measures(measured: NDArray[np.float32]) -> Found:
    return [
        (weight, row.name, row.words)
        for weight, row in zip(measured.tolist(), MEASURES, strict=True)
    ]


def _chunks_and_pairs(reading: Reading, parts: Parts) -> Found:
    """Return one row per distinct word, with its letter groups, and one per strong pair."""
    words, letters = reading.blocks[0], reading.blocks[1]
    chunks = reading.body.text.split(" ") if reading.body.text else []
    shares = _per_owner(words, parts[0], len(chunks))
    of_pairs = shares[len(chunks) :]
    by_chunk = shares[: len(chunks)] + _per_owner(letters, parts[1], len(chunks))
    return [
        *_merged("word", "the word", zip(by_chunk.tolist(), chunks, strict=True)),
        *_merged("pair", "the words", _strong_pairs(reading, of_pairs)),
    ]


def _per_owner(block: Occurrences, part: NDArray[np.float32], owners: int) -> NDArray[np.float64]:
    """Add up a block's contributions per unit, for at least so many units."""
    # `astype`: for no occurrences at all `bincount` answers in whole numbers.
    return np.bincount(block.owners, part, minlength=owners).astype(np.float64)


def _strong_pairs(reading: Reading, shares: NDArray[np.float64]) -> list[tuple[float, str]]:
    """Return the word pairs that may matter: text is cut out for these alone."""
    padded = f" {reading.body.text} "
    begins, ends = reading.pairs
    strong = np.argsort(-np.abs(shares))[: 4 * SHOWN]
    return [(float(shares[n]), padded[begins[n] : ends[n]]) for n in strong]


def _merged(name: str, label: str, rows: Iterable[tuple[float, str]]) -> Found:
    """Add up equal texts."""
    sums: dict[str, float] = {}
    for weight, text in rows:
        sums[text] = sums.get(text, 0.0) + weight
    strong = sorted(sums.items(), key=lambda row: -abs(row[1]))[:SHOWN]
    return [(weight, name, f"{label} “{_short(text)}”") for text, weight in strong]


def _links(document: Document, reading: Reading, part: NDArray[np.float32]) -> Found:
    shares = _per_owner(reading.blocks[3], part, 1).tolist()
    website, *links = zip(shares, [document.url, *reading.body.links.links], strict=False)
    rows: Found = []
    if website[1]:
        rows.append((website[0], "website", f"the website {_short(host_of(website[1]))}"))
    hosts = [(weight, host_of(link)) for weight, link in links]
    return [*rows, *_merged("link", "the link to", hosts)]


def _short(text: str) -> str:
    """Return a text fit to stand in a sentence: tokens spelled out, not too long."""
    if len(text) <= _LONGEST and text.isascii() and text.isprintable():
        return text.strip()
    for token, word in TOKEN_WORDS.items():
        text = text.replace(token, f"({word})")
    shown = "".join(sign for sign in text if sign.isprintable()).strip()
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"

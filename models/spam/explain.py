"""Reasons in words. The model is a sum, so its parts are exact and nothing is estimated."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.features import Reading
from models.spam.links import TOKEN_WORDS, host_of
from models.spam.score import Reason
from models.spam.structure import MEASURES

SHOWN = 6
"""Reasons told one by one; the others are one sum."""
_LONGEST = 60
_SMALLEST = 0.005
_SENTENCES = {
    "word": "the word “{}”",
    "pair": "the words “{}”",
    "name": "the name “{}”",
    "website": "the website {}",
    "link": "the link to “{}”",
}

Parts = list[NDArray[np.float32]]
Sums = dict[str, float]
"""Contribution per distinct text."""


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
    words, pairs = _words_and_pairs(reading, parts)
    website, hosts = _links(document, reading, parts[3])
    kinds: tuple[tuple[str, Mapping[str, float] | Mapping[int, float]], ...] = (
        ("measure", dict(enumerate(measured.tolist()))),
        ("word", words),
        ("pair", pairs),
        ("name", {document.author: float(np.add.reduce(parts[2]))}),
        ("website", website),
        ("link", hosts),
    )
    # Text is made for those few alone that are told.
    sizes = map(abs, chain.from_iterable(found.values() for _, found in kinds))
    limit = max(_SMALLEST, min(nlargest(SHOWN, sizes)))
    top = [
        (weight, kind, text)
        for kind, found in kinds
        for text, weight in found.items()
        if abs(weight) >= limit
    ]
    top.sort(key=lambda row: -abs(row[0]))
    shown = [_told(*row) for row in top[:SHOWN]]
    rest = logit - base - sum(reason.weight for reason in shown)
    return (
        *shown,
        Reason("rest", "everything else together", rest),
        Reason("base", "before anything was read", base),
    )


def _told(weight: float, kind: str, text: str | int) -> Reason:
    if isinstance(text, int):
        return Reason(MEASURES[text].name, MEASURES[text].words, weight)
    return Reason(kind, _SENTENCES[kind].format(_short(text)), weight)


def _words_and_pairs(reading: Reading, parts: Parts) -> tuple[Sums, Sums]:
    """Return one row per distinct word, with its letter groups, and one per strong pair."""
    words, letters = (reading.found.owners[part] for part in reading.parts[:2])
    chunks = reading.body.text.split(" ") if reading.body.text else []
    units = len(chunks) + len(reading.pairs[0])
    shares = _per_owner(words, parts[0], units)
    of_pairs = shares[len(chunks) :]
    by_chunk = shares[: len(chunks)] + _per_owner(letters, parts[1], len(chunks))
    return (
        _merged(zip(by_chunk.tolist(), chunks, strict=True)),
        _merged(_strong_pairs(reading, of_pairs)),
    )


def _per_owner(
    owners: NDArray[np.int64], part: NDArray[np.float32], units: int
) -> NDArray[np.float64]:
    """Add up a block's contributions per unit."""
    # `astype`: for no occurrences at all `bincount` answers in whole numbers.
    return np.bincount(owners, part, minlength=units).astype(np.float64, copy=False)


def _strong_pairs(reading: Reading, shares: NDArray[np.float64]) -> Iterator[tuple[float, str]]:
    """Yield the word pairs that may matter: text is cut out for these alone."""
    padded = f" {reading.body.text} "
    begins, ends = reading.pairs
    if len(shares) > 4 * SHOWN:
        strong = np.argpartition(np.abs(shares), -4 * SHOWN)[-4 * SHOWN :]
        shares, begins, ends = shares[strong], begins[strong], ends[strong]
    for share, begin, end in zip(shares.tolist(), begins.tolist(), ends.tolist(), strict=True):
        yield share, padded[begin:end]


def _merged(rows: Iterable[tuple[float, str]]) -> Sums:
    """Add up equal texts."""
    sums: Sums = {}
    for weight, text in rows:
        sums[text] = sums.get(text, 0.0) + weight
    return sums


def _links(document: Document, reading: Reading, part: NDArray[np.float32]) -> tuple[Sums, Sums]:
    """Return the contribution of the website's host, and one row per host of the text."""
    if not len(part):
        return {}, {}
    owners = reading.found.owners[reading.parts[3]]
    shares = _per_owner(owners, part, 1).tolist()
    website = {host_of(document.url): shares[0]} if document.url else {}
    hosts = map(host_of, reading.body.links.links)
    return website, _merged(zip(shares[1:], hosts, strict=False))


def _short(text: str) -> str:
    """Return a text fit to stand in a sentence: tokens spelled out, not too long."""
    if len(text) <= _LONGEST and text.isascii() and text.isprintable():
        return text.strip()
    for token, word in TOKEN_WORDS.items():
        text = text.replace(token, f"({word})")
    shown = "".join(sign for sign in text if sign.isprintable()).strip()
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"

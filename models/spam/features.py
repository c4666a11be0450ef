"""A comment as numbers: hashed words, letter groups, name and link tokens, and measures.

Every hashed feature has one place in one weight vector; four blocks lie in it one after the
other. A block's values are (1 + log count) * rarity, scaled so that their squares add up to 1.
"""

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.spam.document import Document
from models.spam.hashing import (
    buckets,
    codes_of,
    letter_groups,
    pair_hashes,
    piece_hashes,
    runs,
    token_hashes,
)
from models.spam.links import LINKS_READ, TOKEN_WORDS, link_tokens
from models.spam.structure import measure
from models.spam.text import FoldedText, fold

NAME_CAP = 200
"""Characters of a name that are read."""
URL_CAP = 500
PAGE_CAP = 40_000
"""Characters of a page's own text that are read."""

_SPACE = 32
_BODY_GROUPS, _NAME_GROUPS = (3, 4, 5), (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the weight vector.

    Args:
        name: what its features are.
        bits: it holds 2**bits features.
        start: where it begins.
    """

    name: str
    bits: int
    start: int

    @property
    def stop(self) -> int:
        """One past its last feature."""
        return self.start + (1 << self.bits)


WORDS = Block("words", 18, 0)
LETTERS = Block("letters", 18, WORDS.stop)
NAME = Block("name", 15, LETTERS.stop)
LINK_TOKENS = Block("links", 16, NAME.stop)
BLOCKS = (WORDS, LETTERS, NAME, LINK_TOKENS)
WIDTH = LINK_TOKENS.stop
"""Number of hashed features."""


def _word_signs() -> NDArray[np.bool_]:
    """Tell for every code point below 0x10000 whether it belongs to a word.

    Marks do, or Devanagari and its kin would fall apart; so do the tokens for links.
    """
    table = np.array(
        [chr(c).isalnum() or unicodedata.category(chr(c))[0] == "M" for c in range(0x10000)]
    )
    table[[ord(token) for token in TOKEN_WORDS]] = True
    return table


_WORD_SIGNS = _word_signs()


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where features occur in one comment, n times in all; one block's or several joined.

    Args:
        ids: places in the weight vector, int64 (n,), repeated when a feature occurs again.
        owners: unit of the comment each occurrence belongs to, int64 (n,).
        off_topic: False where the page itself holds the word, bool (n,).
    """

    ids: NDArray[np.int64]
    owners: NDArray[np.int64]
    off_topic: NDArray[np.bool_]


_NOTHING = Occurrences(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Reading:
    """One comment, read.

    Args:
        body: the folded text.
        blocks: occurrences per block, in the order of `BLOCKS`.
        measures: float32, one per row of `structure.MEASURES`.
        pairs: begin and end of each word pair in the padded text.
    """

    body: FoldedText
    blocks: tuple[Occurrences, ...]
    measures: NDArray[np.float32]
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]]


def read(document: Document) -> Reading:
    """Read a comment. What its owners are: see `body_features` and `link_features`."""
    body, name = fold(document.text), fold(document.author, cap=NAME_CAP)
    page = page_words(document.title, document.page_text)
    words, letters, pairs = body_features(body.text, page)
    return Reading(
        body=body,
        blocks=(words, letters, name_features(name.text), link_features(document.url, body)),
        measures=measure(document, body, name),
        pairs=pairs,
    )


@lru_cache(maxsize=32)
def page_words(title: str, page_text: str) -> NDArray[np.uint64]:
    """Return the sorted hashes of the words and word pairs of a page; empty for none.

    Kept for the pages last seen: a busy thread has one page and many comments.
    """
    if not title and not page_text:
        return np.empty(0, np.uint64)
    found = [np.empty(0, np.uint64)]
    for part in (title, page_text):
        codes = codes_of(f" {fold(part, cap=PAGE_CAP).text} ")
        words = piece_hashes(codes, *runs(_belongs(codes)))
        found += [words, pair_hashes(words)]
    return np.unique(np.concatenate(found))


def body_features(
    text: str, page: NDArray[np.uint64]
) -> tuple[Occurrences, Occurrences, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return words and pairs, letter groups, and where the pairs stand.

    An owner below the number of chunks (stretches between spaces) is a chunk; above it, a pair.
    """
    codes = codes_of(f" {text} " if text else " ")
    spaces = np.cumsum(codes == _SPACE)
    begins, ends = runs(_belongs(codes))
    words = piece_hashes(codes, begins, ends)
    pairs = pair_hashes(words)
    chunks = int(spaces[-1]) - 1
    known, known_pairs = _among(words, page), _among(pairs, page)
    single = Occurrences(
        ids=WORDS.start + buckets(np.concatenate([words, pairs]), WORDS.bits),
        owners=np.concatenate([spaces[begins] - 1, chunks + np.arange(len(pairs))]),
        off_topic=~np.concatenate([known, known_pairs]),
    )
    hashes, places = letter_groups(codes, spaces, _BODY_GROUPS)
    groups = Occurrences(
        ids=LETTERS.start + buckets(hashes, LETTERS.bits),
        owners=spaces[places] - 1,
        off_topic=_outside(len(codes), begins[known], ends[known])[places],
    )
    return single, groups, (begins[:-1], ends[1:])


def name_features(name: str) -> Occurrences:
    """Return the letter groups of a name; its owner is the name as a whole (0)."""
    codes = codes_of(f" {name} " if name else " ")
    hashes, _ = letter_groups(codes, np.cumsum(codes == _SPACE), _NAME_GROUPS)
    return _whole(NAME, hashes, np.zeros(len(hashes), np.int64))


def link_features(website: str, body: FoldedText) -> Occurrences:
    """Return the tokens of links; owner 0 is the website, 1, 2 .. the links of the text."""
    tokens: list[str] = []
    owners: list[int] = []
    sources = ["".join(website.split())[:URL_CAP], *(link[:URL_CAP] for link in body.links.links)]
    for owner, link in enumerate(sources[: LINKS_READ + 1]):
        if link:
            new = link_tokens(link, website=owner == 0)
            tokens += new
            owners += [owner] * len(new)
    if not tokens:
        return _NOTHING
    return _whole(LINK_TOKENS, token_hashes(tokens), np.array(owners, dtype=np.int64))


def weigh(
    blocks: tuple[Occurrences, ...], rarity: NDArray[np.floating]
) -> Iterator[NDArray[np.float32]]:
    """Yield, per block, each occurrence's share of its feature's value, float32.

    The shares of one feature's occurrences add up to its value. A word of the page itself
    counts as nothing, but still fills its part of the block's length: what is no evidence must
    not make the rest louder.

    Args:
        rarity: one factor per hashed feature (inverse document frequency).
    """
    for block in blocks:
        if not len(block.ids):
            yield np.empty(0, np.float32)
            continue
        counts = _counts(block.ids)
        values = (1 + np.log(counts)) * rarity[block.ids].astype(np.float32)
        length = np.sqrt(np.sum(values * values / counts)) or np.float32(1)
        yield values / counts / length * block.off_topic


_scratch = threading.local()


def _counts(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return for each occurrence how often its feature occurs, float32.

    By a table as wide as the weight vector, kept per thread: cheaper than sorting.
    """
    table: NDArray[np.float32] | None = getattr(_scratch, "table", None)
    if table is None:
        table = _scratch.table = np.zeros(WIDTH, dtype=np.float32)
    np.add.at(table, ids, np.float32(1))
    counts = table[ids]
    table[ids] = 0
    return counts


def _belongs(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which code points belong to words; beyond the table are emoji and rare letters."""
    known = _WORD_SIGNS[np.minimum(codes, len(_WORD_SIGNS) - 1)]
    return np.logical_or(codes >= len(_WORD_SIGNS), known)


def _among(hashes: NDArray[np.uint64], page: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(page):
        return np.zeros(len(hashes), dtype=np.bool_)
    nearest = page[np.minimum(np.searchsorted(page, hashes), len(page) - 1)]
    return np.equal(nearest, hashes)


def _outside(size: int, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return True for the positions outside all stretches begins[i]..ends[i]."""
    steps = np.zeros(size + 1, dtype=np.int64)
    steps[begins] += 1
    steps[ends] -= 1
    return np.equal(np.cumsum(steps[:-1]), 0)


def _whole(block: Block, hashes: NDArray[np.uint64], owners: NDArray[np.int64]) -> Occurrences:
    ids = block.start + buckets(hashes, block.bits)
    return Occurrences(ids, owners, np.ones(len(ids), dtype=np.bool_))

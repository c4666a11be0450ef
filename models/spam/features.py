"""A comment as numbers: hashed words, letter groups, name and link tokens, and measures.

Every hashed feature has one place in one weight vector; four blocks lie in it one after the
other. A block's values are (1 + log count) * rarity, scaled so that their squares add up to 1.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from models.spam.alphabets import WORD, codes_of, kinds_of
from models.spam.document import Document
from models.spam.hashing import (
    letter_groups,
    mixed,
    pair_hashes,
    piece_hashes,
    runs,
    token_hashes,
)
from models.spam.links import LINK, LINKS_READ, link_tokens
from models.spam.structure import measure
from models.spam.text import FoldedText, fold

NAME_CAP = 200
"""Characters of a name that are read."""
URL_CAP = 500
PAGE_CAP = 40_000
"""Characters of a page's own text that are read."""

_SPACE = 32
_TOPICAL, _LATIN = 4, 0x24F
"""Letters a Latin word has before it can be a topic, and the last Latin letter."""
_FUNCTION_WORDS = (
    "about above after again also although always among another anything because been before "
    "being below between both came cannot come comes could didn does doesn doing done down each "
    "either even ever every from gets give goes going gone have having here hers himself "
    "however into itself just knew know known later least less like made make many maybe might "
    "more most much must myself never next none nothing often once only other others ours over "
    "perhaps quite rather really same shall should since some someone something still such take "
    "than that their theirs them then there these they thing think this those though through "
    "told took toward under until upon very want wants well went were what when where whether "
    "which while whom whose will with within without would years your yours para pero como este "
    "esta eles pelo pela uma dans avec pour nous vous aber auch eine einen einer nicht sich "
    "sind wird oder werden"
)
"""Longer words that stand everywhere (English above all; the shorter ones are no topic anyway)."""
_BODY_GROUPS, _NAME_GROUPS = (3, 4, 5), (2, 3, 4)
_PAIRS, _NAME_STRETCH = 1, 2 + len(_BODY_GROUPS)
_LAST_STRETCH = (_PAIRS, _NAME_STRETCH - 1, _NAME_STRETCH, _NAME_STRETCH + 1)
_NO_HASHES, _NO_OWNERS = np.empty(0, np.uint64), np.empty(0, np.int64)
_ONE = np.float32(1)


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


_STARTS = np.array([block.start for block in BLOCKS])
_SHIFTS = np.array([64 - block.bits for block in BLOCKS], np.uint64)


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


@dataclass(frozen=True, slots=True)
class Reading:
    """One comment, read, or a window of it (`window`).

    Args:
        body: the folded text.
        found: occurrences of all features, in ascending stretches: words, pairs of words, letter
            groups by size, groups of the name, tokens of links.
        ends: where in `found` each of these stretches ends.
        measures: float32, one per row of `structure.MEASURES`.
        pairs: begin and end of each word pair in the padded text.
    """

    body: FoldedText
    found: Occurrences
    ends: tuple[int, ...]
    measures: NDArray[np.float32]
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def parts(self) -> tuple[slice, ...]:
        """Where in `found` each of `BLOCKS` lies."""
        words, letters, name, links = (self.ends[n] for n in _LAST_STRETCH)
        return slice(0, words), slice(words, letters), slice(letters, name), slice(name, links)

    @property
    def blocks(self) -> tuple[Occurrences, ...]:
        """Occurrences per block, in the order of `BLOCKS`."""
        found = self.found
        return tuple(
            Occurrences(found.ids[part], found.owners[part], found.off_topic[part])
            for part in self.parts
        )


def read(document: Document) -> Reading:
    """Read a comment.

    An owner in the blocks of words and letters is a chunk of the text (stretch between spaces)
    or, from the number of chunks on, a word pair; in the name's block it is 0 for the name as a
    whole, and in the links' block 0 for the website and 1, 2 .. for the links of the text.
    """
    body, name = fold(document.text), fold(document.author, cap=NAME_CAP)
    page = page_words(document.title, document.page_text)
    codes = codes_of(f" {body.text} " if body.text else " ")
    spaces = (codes == _SPACE).cumsum()
    begins, ends = runs(kinds_of(codes) & WORD > 0)
    words = piece_hashes(codes, begins, ends)
    pairs = pair_hashes(words)
    groups, places = letter_groups(codes, spaces, _BODY_GROUPS)
    names = _name_hashes(name.text)
    tokens, token_owners = _link_hashes(document.url, body)
    chunks, owners = int(spaces[-1]) - 1, spaces - 1
    places_joined = np.concatenate(places)
    stretches = [words, pairs, *groups, names, tokens]
    sizes = list(map(len, stretches))
    found = Occurrences(
        ids=_ids(stretches, sizes),
        owners=np.concatenate(
            [
                owners[begins],
                np.arange(chunks, chunks + len(pairs)),
                owners[places_joined],
                np.zeros(len(names), np.int64),
                token_owners,
            ]
        ),
        off_topic=_off_topic(page, words, pairs, (begins, ends, places_joined), sum(sizes)),
    )
    return Reading(
        body=body,
        found=found,
        ends=tuple(accumulate(sizes)),
        measures=measure(document, body, name),
        pairs=(begins[:-1], ends[1:]),
    )


def window(reading: Reading, first: int, stop: int) -> Reading:
    """Return what of a reading lies in the chunks `first` .. `stop` - 1 of its text.

    Nothing is read again: stretches are sliced. Name, website and measures stay those of the
    whole comment; of the links only those within stay. Owners keep their numbers.
    """
    owners, begin = reading.found.owners, 0
    slices: list[slice] = []
    for number, end in enumerate(reading.ends[:_NAME_STRETCH]):
        if number == _PAIRS:  # words n and n + 1 are pair n, and both must lie within
            low, high = slices[0].start, max(slices[0].start, slices[0].stop - 1)
        else:
            low, high = owners[begin:end].searchsorted((first, stop)).tolist()
        slices.append(slice(begin + low, begin + high))
        begin = end
    name, links = reading.ends[_NAME_STRETCH:]
    slices.append(slice(begin, name))
    website, low, high = owners[name:links].searchsorted((1, *_links_in(reading, first, stop)))
    slices += [slice(name, name + website), slice(name + low, name + high)]
    sizes = [part.stop - part.start for part in slices]
    sizes.append(sizes.pop() + sizes.pop())
    found = reading.found
    columns = (found.ids, found.owners, found.off_topic)
    kept = [np.concatenate([column[part] for part in slices]) for column in columns]
    return replace(reading, found=Occurrences(*kept), ends=tuple(accumulate(sizes)))


def _links_in(reading: Reading, first: int, stop: int) -> tuple[int, int]:
    """Return the first owner of link tokens in these chunks, and one past the last."""
    text, links = reading.body.text, reading.body.links.links
    if text.count(LINK) != len(links):  # links in words have no tokens: whose is whose is lost
        return 1, len(links) + 1
    if not links:
        return 1, 1
    places = [chunk for chunk, piece in enumerate(text.split(" ")) if LINK in piece]
    return 1 + bisect_left(places, first), 1 + bisect_left(places, stop)


@lru_cache(maxsize=32)
def page_words(title: str, page_text: str) -> NDArray[np.uint64]:
    """Return the sorted hashes of the words and word pairs that are a page's topic; empty for none.

    "The", "and", "is" stand on every page and are no topic: they are how honest people write, and
    taking them away took their evidence away with them.

    Kept for the pages last seen: a busy thread has one page and many comments.
    """
    if not title and not page_text:
        return np.empty(0, np.uint64)
    found = [np.empty(0, np.uint64)]
    for part in (title, page_text):
        codes = codes_of(f" {fold(part, cap=PAGE_CAP).text} ")
        begins, ends = runs(kinds_of(codes) & WORD > 0)
        words = piece_hashes(codes, begins, ends)
        topical = (ends - begins >= _TOPICAL) | (codes[begins] > _LATIN)
        topical &= ~np.isin(words, _function_words())
        found += [words[topical], pair_hashes(words)[topical[:-1] | topical[1:]]]
    return np.unique(np.concatenate(found))


@cache
def _function_words() -> NDArray[np.uint64]:
    return token_hashes(_FUNCTION_WORDS.split())


def _off_topic(
    page: NDArray[np.uint64],
    words: NDArray[np.uint64],
    pairs: NDArray[np.uint64],
    where: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    total: int,
) -> NDArray[np.bool_]:
    """Tell which occurrences are no word of the page; name and links never are.

    Args:
        where: begin and end of each word, and place of each letter group.
        total: number of occurrences.
    """
    answer = np.ones(total, dtype=np.bool_)
    if len(page) and len(words):
        begins, ends, places = where
        known = _among(words, page)
        reach = int(places.max(initial=ends[-1])) + 1
        outside = _outside(reach, begins[known], ends[known])
        size = len(words) + len(pairs)
        answer[: len(words)] = ~known
        answer[len(words) : size] = ~_among(pairs, page)
        answer[size : size + len(places)] = outside[places]
    return answer


def _name_hashes(name: str) -> NDArray[np.uint64]:
    """Hash the letter groups of a name."""
    if not name:
        return _NO_HASHES
    codes = codes_of(f" {name} ")
    hashes, _ = letter_groups(codes, (codes == _SPACE).cumsum(), _NAME_GROUPS)
    return np.concatenate(hashes)


def _link_hashes(website: str, body: FoldedText) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash the tokens of links and return their owners too, ascending."""
    tokens: list[str] = []
    owners: list[int] = []
    sources = ["".join(website.split())[:URL_CAP], *(link[:URL_CAP] for link in body.links.links)]
    for owner, link in enumerate(sources[: LINKS_READ + 1]):
        if link:
            new = link_tokens(link, website=owner == 0)
            tokens += new
            owners += [owner] * len(new)
    if not tokens:
        return _NO_HASHES, _NO_OWNERS
    return token_hashes(tokens), np.array(owners, dtype=np.int64)


def _ids(stretches: list[NDArray[np.uint64]], sizes: list[int]) -> NDArray[np.int64]:
    """Return the place in the weight vector of each hash."""
    words, pairs, *letters, name, links = sizes
    counts = words + pairs, sum(letters), name, links
    topmost = mixed(np.concatenate(stretches)) >> np.repeat(_SHIFTS, counts)
    ids: NDArray[np.int64] = topmost.view(np.int64) + np.repeat(_STARTS, counts)
    return ids


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
    for block, shortest in zip(blocks, _SHORTEST, strict=True):
        counts = _counts(block.ids)
        values = (1 + np.log(counts)) * rarity[block.ids].astype(np.float32)
        length = max(np.sqrt(np.sum(values * values / counts)), shortest)
        yield values / counts / length * block.off_topic


def table_of(rarity: NDArray[np.floating], weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return each feature's rarity and weight side by side: one look-up finds both.

    Returns:
        (`WIDTH`,) float64, each in truth two float32.
    """
    table = np.empty((len(rarity), 2), np.float32)
    table[:, 0], table[:, 1] = rarity, weights
    return table.view(np.float64)[:, 0]


def contributions(reading: Reading, table: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    """Return, per block, what each occurrence adds to the score: `weigh` times the weight.

    Args:
        table: of `table_of`.
    """
    found = reading.found
    counts = _counts(found.ids)
    looked_up = table.take(found.ids, mode="clip").view(np.float32).reshape(-1, 2)
    values = (np.log(counts) + _ONE) * looked_up[:, 0]
    shares = values / counts
    squares, scaled = values * shares, shares * looked_up[:, 1] * found.off_topic
    return [
        scaled[part] / max(np.sqrt(np.add.reduce(squares[part])), shortest)
        for part, shortest in zip(reading.parts, _SHORTEST, strict=True)
    ]


_SHORTEST = tuple(map(np.float32, (8.0, 20.0, 1.0, 1.0)))
"""Least length of each block, in units of rarity: as if a text had two or three words. Without it
the one word of a very short comment would have all the weight there is."""

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

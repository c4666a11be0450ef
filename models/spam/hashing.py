"""Hashes of words and letter groups, whole texts at a time, in numpy alone.

A piece c0 c1 c2 .. of code points hashes to c0 + c1*P + c2*P**2 .. modulo 2**64, then its bits
are mixed and the topmost are the bucket. Training and serving share this file, so a weight
always meets the group it was learned for. Feature hashing: Weinberger et al. 2009, "Feature
Hashing for Large Scale Multitask Learning"; no vocabulary, so nothing a reader typed is kept.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_PRIME = 0x100000001B3
_MIX_FIRST, _MIX_LAST = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(32)
_SPACE = 32
LONGEST_PIECE = 64
"""Code points of one word that are hashed; what follows is not read."""


def _powers(count: int) -> NDArray[np.uint64]:
    return np.array([pow(_PRIME, n, 1 << 64) for n in range(count)], dtype=np.uint64)


_POWERS = np.concatenate([_powers(LONGEST_PIECE), np.zeros(1, dtype=np.uint64)])


def codes_of(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def buckets(hashes: NDArray[np.uint64], bits: int) -> NDArray[np.int64]:
    """Return bucket numbers 0..2**bits-1 for hashes, all bits of which are mixed first."""
    mixed = (hashes ^ (hashes >> _HALF)) * _MIX_FIRST
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX_LAST
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


def letter_groups(
    codes: NDArray[np.uint32], spaces_before: NDArray[np.int64], sizes: Iterable[int]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash every group of letters that lies within one word and its two edges.

    Args:
        codes: a text that begins and ends with a space and has no two together.
        spaces_before: number of spaces up to and with each position.
        sizes: lengths of the groups, ascending, each at least 2.

    Returns:
        The hashes, and for each the position of its second code point: always inside the word
        or, for a group of two, at its end.
    """
    hashes, places = [], []
    wide = codes.astype(np.uint64)
    rolling, done = wide, 1
    for size in sizes:
        count = len(codes) - size + 1
        if count <= 0:
            break
        while done < size:
            rolling = rolling[:-1] + wide[done:] * _POWERS[done]
            done += 1
        # Spaces strictly between the first and the last code point part two words.
        inside = np.flatnonzero(spaces_before[size - 2 : -1] == spaces_before[:count])
        hashes.append(rolling[inside] + np.uint64(size))
        places.append(inside + 1)
    if not hashes:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    return np.concatenate(hashes), np.concatenate(places)


def runs(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return begin and end (one past) of each run of True; the first and last must be False."""
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    return edges[0::2], edges[1::2]


def piece_hashes(
    codes: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Hash each stretch begins[i]..ends[i] of the codes; stretches are in order and not empty."""
    if not len(begins):
        return np.empty(0, np.uint64)
    lengths = ends - begins
    firsts = np.cumsum(lengths) - lengths
    steps = np.arange(lengths.sum()) - np.repeat(firsts, lengths)
    letters = codes[np.repeat(begins, lengths) + steps].astype(np.uint64)
    terms = letters * _POWERS[np.minimum(steps, LONGEST_PIECE)]
    return np.add.reduceat(terms, firsts)


def pair_hashes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash each word with its successor; one fewer than there are words."""
    return (words[:-1] ^ (words[:-1] >> _HALF)) * _MIX_FIRST + words[1:]


def token_hashes(tokens: list[str]) -> NDArray[np.uint64]:
    """Hash a list of tokens without spaces."""
    codes = codes_of(f" {' '.join(tokens)} ")
    begins, ends = runs(codes != _SPACE)
    return piece_hashes(codes, begins, ends)

"""Hashes of words and letter groups, whole texts at a time, in numpy alone.

A piece c0 c1 c2 .. of code points hashes to c0 + c1*P + c2*P**2 .. modulo 2**64, then its bits
are mixed and the topmost are the bucket. Training and serving share this file, so a weight
always meets the group it was learned for. Feature hashing: Weinberger et al. 2009, "Feature
Hashing for Large Scale Multitask Learning"; no vocabulary, so nothing a reader typed is kept.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from models.spam.alphabets import codes_of

_PRIME = 0x100000001B3
_MIX_FIRST, _MIX_LAST = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(32)
_SPACE = 32
LONGEST = 40_002
"""Code points that can be hashed at a time."""


def _powers(of: int) -> NDArray[np.uint64]:
    """Return 1, of, of**2 .. modulo 2**64."""
    factors = np.full(LONGEST, of, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


_POWERS = _powers(_PRIME)
_INVERSE = _powers(pow(_PRIME, -1, 1 << 64))


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return hashes of whose bits the topmost depend on all others: those are the bucket."""
    once = (hashes ^ (hashes >> _HALF)) * _MIX_FIRST
    twice: NDArray[np.uint64] = (once ^ (once >> _HALF)) * _MIX_LAST
    return twice


def letter_groups(
    codes: NDArray[np.uint32], spaces_before: NDArray[np.int64], sizes: Iterable[int]
) -> tuple[list[NDArray[np.uint64]], list[NDArray[np.int64]]]:
    """Hash every group of letters that lies within one word and its two edges.

    Args:
        codes: a text that begins and ends with a space and has no two together.
        spaces_before: number of spaces up to and with each position.
        sizes: lengths of the groups, ascending, each at least 2.

    Returns:
        For each size the hashes, and the position of each one's second code point: always
        inside the word or, for a group of two, at its end.
    """
    hashes, places = [], []
    rolling, done = codes.astype(np.uint64), 1
    wide = rolling
    for size in sizes:
        while done < size:
            rolling = rolling[:-1] + wide[done:] * _POWERS[done]
            done += 1
        # Spaces strictly between the first and the last code point part two words.
        inside = (spaces_before[size - 2 : -1] == spaces_before[: len(rolling)]).nonzero()[0]
        hashes.append(rolling[inside] + np.uint64(size))
        places.append(inside + 1)
    return hashes, places


def runs(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return begin and end (one past) of each run of True; the first and last must be False."""
    edges = (inside[1:] != inside[:-1]).nonzero()[0] + 1
    return edges[0::2], edges[1::2]


def piece_hashes(
    codes: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Hash each stretch begins[i]..ends[i] of the codes; stretches are in order and not empty."""
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(codes * _POWERS[: len(codes)], out=sums[1:])
    return (sums[ends] - sums[begins]) * _INVERSE[begins]


def pair_hashes(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash each word with its successor; one fewer than there are words."""
    return (words[:-1] ^ (words[:-1] >> _HALF)) * _MIX_FIRST + words[1:]


def token_hashes(tokens: list[str]) -> NDArray[np.uint64]:
    """Hash a list of tokens without spaces."""
    codes = codes_of(f" {' '.join(tokens)} ")
    begins, ends = runs(codes != _SPACE)
    return piece_hashes(codes, begins, ends)

"""The campaign memory: what rejected comments leave behind, and what meeting it again says.

Shingles after Broder 1997 ("On the resemblance and containment of documents"): the share of a
comment's word triples that stand in one rejected comment. Only their hashes are kept.
"""

from dataclasses import dataclass

import numpy as np

from models.spam.alphabets import WORD, codes_of, kinds_of
from models.spam.document import Document
from models.spam.hashing import mixed, pair_hashes, piece_hashes, runs
from models.spam.links import host_of
from models.spam.score import Reason
from models.spam.structure import FREE_HOSTS, SHORTENERS
from models.spam.text import fold

SKETCH = 64
"""Shingles kept of a comment: those with the smallest hashes, a fair sample of all."""
HOSTS = 8
FEWEST = 5
"""Words a comment must have before another can be called its like: "nice post" is nobody's."""
MUCH, SOME = 0.5, 0.25
"""Share of the shingles from which another comment is much or somewhat like this one."""
MUCH_WEIGHT, SOME_WEIGHT = 3.0, 1.0
REJECTED_WEIGHT, APPROVED_WEIGHT = 2.5, -2.0

PLATFORMS = frozenset(
    {
        "youtube.com", "youtu.be", "google.com", "facebook.com", "twitter.com", "x.com",
        "instagram.com", "wikipedia.org", "github.com", "gitlab.com", "linkedin.com",
        "reddit.com", "medium.com", "stackoverflow.com", "amazon.com", "apple.com",
        "microsoft.com", "pinterest.com", "tiktok.com", "vimeo.com", "imgur.com", "archive.org",
        "telegram.me", "whatsapp.com", "gmail.com", "yahoo.com", "mozilla.org", "mastodon.social",
    }
)  # fmt: skip
"""Hosts on which everybody writes: one rejected link there says nothing about the next."""
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "gob"})
_COUNTRY = 2  # letters of a country's top-level domain


@dataclass(frozen=True, slots=True)
class Trace:
    """What is remembered of a comment; numbers fit a signed 64-bit column.

    Args:
        shingles: hashed word triples, at most `SKETCH`.
        hosts: hashed registered hosts, at most `HOSTS`.
        family: equal for comments that are alike in most of their words.
    """

    shingles: tuple[int, ...]
    hosts: tuple[int, ...]
    family: int


@dataclass(frozen=True, slots=True)
class Recall:
    """What the memory says of a comment.

    Args:
        overlap: largest share of its shingles found in one rejected comment, 0..1.
        rejected_hosts: its hosts that were rejected before and never approved.
        approved_hosts: its hosts that were approved before and never rejected.
    """

    overlap: float = 0.0
    rejected_hosts: int = 0
    approved_hosts: int = 0


NOTHING = Recall()


def trace_of(document: Document) -> Trace:
    """Return what is remembered of a comment."""
    body = fold(document.text)
    codes = codes_of(f" {body.text} " if body.text else " ")
    words = piece_hashes(codes, *runs(kinds_of(codes) & WORD > 0))
    triples = np.empty(0, np.uint64)
    if len(words) >= FEWEST:
        triples = np.unique(mixed(pair_hashes(pair_hashes(words)) + words[2:]))[:SKETCH]
    whole = mixed(words.sum(keepdims=True)) if len(words) else np.zeros(1, np.uint64)
    shingles = tuple(triples.view(np.int64).tolist())
    hosts = dict.fromkeys(map(registered_host, (host_of(document.url), *body.links.hosts)))
    return Trace(
        shingles=shingles,
        hosts=tuple(_number(host) for host in list(filter(None, hosts))[:HOSTS]),
        family=shingles[0] if shingles else int(whole.view(np.int64)[0]),
    )


def family_of(trace: Trace) -> int:
    """Return a number that near-duplicates share."""
    return trace.family


def registered_host(host: str) -> str:
    """Return the part of a host that somebody registered; empty where that says nothing.

    Without a list of public suffixes: the last two labels, or three below a country's `co`,
    `com` and the like. Free hosts, link shorteners and great platforms are nobody's own.
    """
    labels = host.split(".")
    below = len(labels) > _COUNTRY and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == _COUNTRY
    own = ".".join(labels[-3:] if below else labels[-2:])
    shared = own in PLATFORMS or own in SHORTENERS or bool(set(labels).intersection(FREE_HOSTS))
    return "" if shared or len(labels) < _COUNTRY else own


def memory_logit(recall: Recall) -> float:
    """Return what a recall adds to the logit."""
    return sum(reason.weight for reason in memory_reasons(recall))


def memory_reasons(recall: Recall) -> tuple[Reason, ...]:
    """Return a recall as reasons; none where nothing was met again."""
    found = []
    if recall.overlap >= SOME:
        weight = MUCH_WEIGHT if recall.overlap >= MUCH else SOME_WEIGHT
        words = f"{recall.overlap:.0%} of its word triples stand in one rejected comment"
        found.append(Reason("campaign", words, weight))
    if recall.rejected_hosts:
        words = "a link to a host that was rejected before and never approved"
        found.append(Reason("host_rejected", words, REJECTED_WEIGHT))
    elif recall.approved_hosts:
        words = "a link to a host that was approved before and never rejected"
        found.append(Reason("host_approved", words, APPROVED_WEIGHT))
    return tuple(found)


def _number(host: str) -> int:
    codes = codes_of(f" {host} ")
    hashes = piece_hashes(codes, np.array([1]), np.array([len(codes) - 1]))
    return int(mixed(hashes).view(np.int64)[0])

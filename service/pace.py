"""How often something may be done: buckets in the database that fill with time."""

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import RateBucket
from service.errors import TooManyError
from service.queries.limits import bucket, bucket_for_change
from service.text.language import said

TOO_MANY = said("Too many tries came just now. Please wait a moment and try again.")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often something may be done: so many at once, so many a minute in the long run."""

    burst: int
    per_minute: float


def take_turn(session: Session, key: bytes, pace: Pace, now: datetime) -> None:
    """Take one token from a bucket; it fills with time.

    Kept in the database, so that it holds across workers and restarts.

    Args:
        key: keyed digest of whoever is held to the pace.

    Raises:
        TooManyError: the bucket is empty; says after how many seconds it is not.
    """
    seconds = turn_in(session, key, pace, now)
    if seconds:
        raise TooManyError(TOO_MANY, retry_after=seconds)


def turn_in(session: Session, key: bytes, pace: Pace, now: datetime) -> int:
    """Take one token from a bucket; return 0, or the seconds after which there is one again."""
    return turns_in(session, key, pace, now)[1]


def turns_in(
    session: Session, key: bytes, pace: Pace, now: datetime, *, most: int = 1
) -> tuple[int, int]:
    """Take up to so many tokens; return how many, and the seconds after which there is one."""
    row = bucket_for_change(session, key, full=float(pace.burst), now=now)
    tokens = tokens_left(row, pace, now)
    if tokens < 1:
        return 0, math.ceil((1 - tokens) / pace.per_minute * 60)
    taken = min(most, int(tokens))
    row.tokens, row.filled_at = tokens - taken, now
    return taken, 0


def tokens_used(session: Session, key: bytes, pace: Pace, now: datetime) -> float:
    """Return how many tokens a bucket lacks: about how many tries came just now, 0 or more."""
    row = bucket(session, key)
    return 0.0 if row is None else pace.burst - tokens_left(row, pace, now)


def tokens_left(row: RateBucket, pace: Pace, now: datetime) -> float:
    """Return what is in a bucket now."""
    # A clock set back must not empty the bucket.
    passed = max(0.0, (now - row.filled_at).total_seconds())
    return min(float(pace.burst), row.tokens + passed * pace.per_minute / 60)

"""What stands between a well-formed comment and the database: origin, rate, twins."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import RateBucket
from service.errors import ForbiddenError, TooManyError
from service.language import said
from service.pages import PageError, origin_of
from service.queries.limits import bucket, bucket_for_change

FOREIGN_ORIGIN = said(
    "This form stands on a page that the site does not know. The site's owner can add the page's"
    " address in the site's settings."
)
TOO_MANY = said("Too many tries came just now. Please wait a moment and try again.")


def origin_trusted(origin: str | None, own: Sequence[str]) -> bool:
    """Say whether the browser named an origin that is the site's or ours.

    A missing or `null` origin is no refusal, only less trust: old browsers, privacy
    extensions and no-referrer pages send none.

    Args:
        origin: the Origin header.
        own: the site's origins and our own.

    Raises:
        ForbiddenError: somebody else's origin.
    """
    if origin is None or origin.strip().lower() == "null":
        return False
    try:
        named = origin_of(origin)
    except PageError:
        named = ""
    if named not in own:
        raise ForbiddenError(FOREIGN_ORIGIN)
    return True


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

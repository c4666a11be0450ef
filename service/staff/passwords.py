"""Passwords: which will do, how they are hashed, and how many may be hashed at once."""

import contextlib
import functools
import threading
import unicodedata
from collections.abc import Generator

from flask_security.utils import hash_password, verify_password

from service.errors import UnavailableError

SHORTEST_ALONE = 15  # NIST SP 800-63B-4: characters of a password that stands alone
SHORTEST_WITH_FACTOR = 8  # and of one that stands beside a second factor
LONGEST = 1000
# Argon2id at 19 MiB and two passes takes about 85 ms (OWASP's second profile). One at a time, and
# who would wait long is sent away: signing in must not be a way to hold every thread.
HASHING = threading.BoundedSemaphore(1)
HASHING_WAIT = 1.0  # seconds
BUSY = "Too many people are signing in right now. Please try again."
COMMON = ("password", "passwort", "qwerty", "letmein", "iloveyou", "administrator", "gatepost")
NONE = "!"
"""What stands where nobody has a password that opens: no hash begins so."""


def problem_of(
    password: str, email: str, name: str, *, shortest: int = SHORTEST_ALONE
) -> str | None:
    """Return what is wrong with a new password, None when it will do (NIST SP 800-63B-4).

    Length alone counts, in code points; no rule of composition, no expiry. What everybody
    tries first is refused, with the reason.

    Args:
        shortest: characters it must have.
    """
    normal = _normal(password)
    if len(normal) < shortest:
        return f"Enter at least {shortest} characters; a few words are fine"
    if len(normal) > LONGEST:
        return f"Enter at most {LONGEST} characters"
    plain = normal.casefold().replace(" ", "")
    own = [part for part in (email.partition("@")[0], name.casefold().replace(" ", "")) if part]
    for known in (*COMMON, *own):
        if len(known) > 3 and len(plain.replace(known, "")) < shortest // 2:  # noqa: PLR2004 - shorter ones occur anywhere
            return "This is among the first passwords anybody would try; take other words"
    if len(set(plain)) < 5:  # noqa: PLR2004 - "aaaa…" and "abababab…"
        return "Use more different characters"
    return None


def is_short(password: str) -> bool:
    """Say whether a password is too short to stand alone."""
    return len(_normal(password)) < SHORTEST_ALONE


def hashed(password: str) -> str:
    """Return what is stored of a password.

    Raises:
        UnavailableError: too many are hashed just now.
    """
    with _hashing():
        found: str = hash_password(_normal(password))
    return found


def matches(password: str, stored: str | None) -> bool:
    """Say whether a password is the stored one; takes as long where there is none.

    Raises:
        UnavailableError: too many are hashed just now.
    """
    real = None if stored in (None, NONE) else stored
    with _hashing():
        right: bool = verify_password(_normal(password)[:LONGEST], real or nobodys_hash())
    return right and real is not None


@functools.cache
def nobodys_hash() -> str:
    """Return a hash to compare with where there is no account.

    Made before the first try, so that no try takes longer for making it.
    """
    found: str = hash_password("nobody has this password")
    return found


@contextlib.contextmanager
def _hashing() -> Generator[None]:
    if not HASHING.acquire(timeout=HASHING_WAIT):
        raise UnavailableError(BUSY, retry_after=2)
    try:
        yield
    finally:
        HASHING.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)

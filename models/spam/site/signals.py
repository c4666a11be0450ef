"""What is seen outside the text, as numbers a site's model can learn from.

The base model was trained on comments of which nothing but the text is known; it gives these
no weight. What they are worth on a site, its moderators' decisions teach.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HASTY, _STALE = 3.0, 86_400.0  # seconds a form was open


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing seen.

    Args:
        name: its key among the signals of a comment.
        words: for people.
        value: from what was seen to a number -1 .. 1; nothing seen is 0.
    """

    name: str
    words: str
    value: Callable[[Any], float]


def _yes(seen: Any) -> float:
    return float(bool(seen))


def _missing(seen: Any) -> float:
    return float(seen is False)


def _hasty(seconds: Any) -> float:
    return float(seconds < _HASTY)


def _stale(seconds: Any) -> float:
    return float(seconds > _STALE)


def _many(number: Any) -> float:
    """Return 0 for none, 1 for about twenty."""
    return min(1.0, math.log1p(max(0.0, float(number))) / 3)


SIGNALS = (
    Signal("origin", "the browser did not name the page", _missing),
    Signal("honeypot", "a field that people do not see was filled in", _yes),
    Signal("ticket_age", "sent within three seconds", _hasty),
    Signal("ticket_age", "sent from a form more than a day old", _stale),
    Signal("network_rate", "many comments from the same network just then", _many),
    Signal("thread_rate", "many comments on the page just then", _many),
    Signal("first_timer", "the first comment from this address", _yes),
    Signal("approved_before", "comments from this address were approved", _yes),
    Signal("reply", "an answer to another comment", _yes),
    Signal("disposable", "an address of a throw-away mail domain", _yes),
    Signal("new_host", "a link to a host never seen here", _yes),
)


def signal_values(signals: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return one number per row of `SIGNALS`, float32; 0 for what is unknown or no number."""
    return np.array([signal_value(row, signals) for row in SIGNALS], dtype=np.float32)


def signal_value(row: Signal, signals: Mapping[str, Any]) -> float:
    """Return the number of one row; 0 for what is unknown or no number."""
    seen = signals.get(row.name)
    return row.value(seen) if isinstance(seen, bool | int | float) else 0.0

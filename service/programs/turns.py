"""How fast a key may ask: a bucket in the database, emptied by the handful.

A token at a time would be a write for every read. A process takes some at once and gives them out
itself; the pace holds across processes, and a read costs a write once in ten.
"""

import threading
from datetime import datetime, timedelta

from service import privacy
from service.db import transaction
from service.errors import TooManyError
from service.house import House, Turns
from service.pace import Pace, turns_in

HANDFUL = 10
KEEPS = timedelta(seconds=10)
"""For how long a process may give out what it took."""
TOO_FAST = "This key asks too often. Wait as long as Retry-After says."

_guard = threading.Lock()


def keep_pace(house: House, key_id: int) -> None:
    """Take one turn of a key.

    Raises:
        TooManyError: there is none now; says after how many seconds there is.
        UnavailableError: the database could not say.
    """
    now = house.now()
    if _from_hand(house.turns, key_id, now):
        return
    pace = Pace(house.settings.api_burst, house.settings.api_per_minute)
    name = privacy.fingerprint(f"key|{key_id}".encode(), house.ring)[:16]
    with transaction() as session:
        taken, seconds = turns_in(session, name, pace, now, most=HANDFUL)
    if not taken:
        raise TooManyError(TOO_FAST, retry_after=seconds)
    with _guard:
        house.turns[key_id] = (taken - 1, now)


def _from_hand(turns: Turns, key_id: int, now: datetime) -> bool:
    with _guard:
        left, taken_at = turns.get(key_id, (0, now))
        if not left or now - taken_at > KEEPS:
            return False
        turns[key_id] = (left - 1, taken_at)
        return True

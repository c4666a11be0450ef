"""How alarmed a site is: what it took lately, in one bucket, and the owner's switch."""

from enum import StrEnum

from sqlalchemy.orm import Session

from models import Site
from service import privacy
from service.house import House
from service.pace import Pace, tokens_left
from service.queries.limits import bucket, bucket_for_change


class Alarm(StrEnum):
    """What a site asks of those who write; from SLOW on everything waits for a person."""

    CALM = "calm"
    """Nothing."""
    SLOW = "slow"
    """Whoever shows no good ticket waits his turn."""
    WORK = "work"
    """Whoever shows no solved proof of work waits his turn."""


def alarm_of(session: Session, house: House, site: Site) -> Alarm:
    """Return a site's level now: by its bucket, or by its owner's switch."""
    if site.policy.under_attack:
        return Alarm.WORK
    pace = _pace(house)
    row = bucket(session, _key(house, site.id))
    tokens = pace.burst if row is None else tokens_left(row, pace, house.now())
    if tokens > pace.burst / 2:
        return Alarm.CALM
    return Alarm.SLOW if tokens >= 1 else Alarm.WORK


def count_in(session: Session, house: House, site_id: int) -> None:
    """Let a comment that was taken drain the site's bucket, down to a debt as deep as it is high.

    The debt is what keeps the alarm up for minutes. Call it last: until the transaction ends,
    every other comment on the site waits for this row.
    """
    pace, now = _pace(house), house.now()
    row = bucket_for_change(session, _key(house, site_id), full=float(pace.burst), now=now)
    tokens = tokens_left(row, pace, now) - 1
    row.tokens, row.filled_at = max(-float(pace.burst), tokens), now


def _pace(house: House) -> Pace:
    return Pace(house.settings.site_burst, house.settings.site_per_minute)


def _key(house: House, site_id: int) -> bytes:
    return privacy.fingerprint(f"alarm|{site_id}".encode(), house.ring)[:16]

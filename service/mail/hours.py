"""Hours on a moderator's own clock: quiet ones, and when a digest falls due."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from models import Digest

UTC_NAME = "UTC"
ALIASES = ("Etc/", "SystemV/", "US/", "posix/", "right/")
"""Areas of the time zone database that repeat others under old names."""
WEEK = 7  # days


@cache
def zones() -> tuple[str, ...]:
    """Return the names of time zones to choose from: UTC, and places as IANA names them."""
    places = (name for name in available_timezones() if "/" in name)
    return UTC_NAME, *sorted(name for name in places if not name.startswith(ALIASES))


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; UTC where this machine does not know it any more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(UTC_NAME)


def quiet_until(
    now: datetime, begins: time | None, ends: time | None, zone: ZoneInfo
) -> datetime | None:
    """Return when the quiet hours end that it is in now, None when it is in none.

    Args:
        begins, ends: times of day; the later may be the smaller, over midnight.
    """
    if begins is None or ends is None:
        return None
    clock = now.astimezone(zone).time()
    over_midnight = begins >= ends
    quiet = (clock >= begins or clock < ends) if over_midnight else begins <= clock < ends
    return next(_moments(now, ends, zone)) if quiet else None


def next_digest(
    digest: Digest, now: datetime, zone: ZoneInfo, *, hour: int, weekday: int
) -> datetime | None:
    """Return when the next digest falls due, None when there is none.

    Args:
        hour: 0 to 23; not for hourly ones, which come on the hour.
        weekday: 0 = Monday; for weekly ones.
    """
    if digest is Digest.OFF:
        return None
    if digest is Digest.HOURLY:
        clock = now.astimezone(zone)
        past = timedelta(minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
        return now.astimezone(UTC) - past + timedelta(hours=1)
    moments = _moments(now, time(hour), zone, once_a_day=True)
    if digest is Digest.DAILY:
        return next(moments)
    return next(one for one in moments if one.astimezone(zone).weekday() == weekday)


def _moments(
    now: datetime, clock: time, zone: ZoneInfo, *, once_a_day: bool = False
) -> Iterator[datetime]:
    """Yield the moments after now at which the clock of a zone shows a time, in order.

    Where the clock is set forward past the time, it is the moment it would have been by the clock
    as it went before (PEP 495). Where it is set back, the time comes twice.

    Args:
        once_a_day: the first of the two alone.
    """
    day = now.astimezone(zone).date() - timedelta(days=1)
    for number in range(3 * WEEK):
        for moment in _on(day + timedelta(days=number), clock, zone, once_a_day=once_a_day):
            if moment > now:
                yield moment


def _on(day: date, clock: time, zone: ZoneInfo, *, once_a_day: bool) -> list[datetime]:
    first = datetime.combine(day, clock, zone).astimezone(UTC)
    second = datetime.combine(day, clock, zone).replace(fold=1).astimezone(UTC)
    # Of a time that the clock leaves out the second reading would be the earlier one.
    return [first, second] if second > first and not once_a_day else [first]

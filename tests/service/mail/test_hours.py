"""Quiet hours and digests by a moderator's clock, over midnight and over changes of the clock."""

from datetime import UTC, datetime, time

import pytest

from models import Digest
from service.mail.hours import next_digest, quiet_until, zone_of, zones

BERLIN = zone_of("Europe/Berlin")


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-23 20:59", None),
        ("2026-11-23 21:00", "2026-11-24 06:00"),
        ("2026-11-24 00:30", "2026-11-24 06:00"),
        ("2026-11-24 05:59", "2026-11-24 06:00"),
        ("2026-11-24 06:00", None),
        ("2026-03-28 23:00", "2026-03-29 05:00"),  # the night that is an hour shorter
        ("2026-10-24 23:00", "2026-10-25 06:00"),  # the night that is an hour longer
    ],
)
def test_quiet_hours_over_midnight_end_by_the_local_clock(now, ends):
    found = quiet_until(moment(now), time(22), time(7), BERLIN)
    assert found == (ends and moment(ends))


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-03-29 00:30", "2026-03-29 01:30"),  # 02:30 does not come: an hour after 01:30
        ("2026-10-24 23:50", "2026-10-25 00:30"),  # 02:30 for the first time
        ("2026-10-25 00:40", None),
        ("2026-10-25 01:10", "2026-10-25 01:30"),  # 02:10 once more is quiet once more
        ("2026-10-25 01:30", None),
    ],
)
def test_an_end_that_the_clock_leaves_out_or_shows_twice(now, ends):
    found = quiet_until(moment(now), time(23), time(2, 30), BERLIN)
    assert found == (ends and moment(ends))


def test_quiet_hours_within_a_day_and_none():
    assert quiet_until(moment("2026-11-23 12:00"), time(9), time(17), BERLIN)
    assert quiet_until(moment("2026-11-23 20:00"), time(9), time(17), BERLIN) is None
    assert quiet_until(moment("2026-11-23 12:00"), None, None, BERLIN) is None


@pytest.mark.parametrize(
    ("digest", "hour", "now", "due"),
    [
        (Digest.OFF, 8, "2026-11-23 12:00", None),
        (Digest.DAILY, 8, "2026-11-23 06:59", "2026-11-23 07:00"),
        (Digest.DAILY, 8, "2026-11-23 07:00", "2026-11-24 07:00"),
        (Digest.DAILY, 8, "2026-03-28 07:00", "2026-03-29 06:00"),
        (Digest.DAILY, 2, "2026-03-28 12:00", "2026-03-29 01:00"),  # at 03:00, as 02:00 is left out
        (Digest.DAILY, 2, "2026-10-25 00:00", "2026-10-26 01:00"),  # not at the second 02:00 too
        (Digest.WEEKLY, 8, "2026-11-23 12:00", "2026-11-26 07:00"),
        (Digest.WEEKLY, 8, "2026-11-26 07:00", "2026-12-03 07:00"),
        (Digest.HOURLY, 8, "2026-11-23 12:00", "2026-11-23 13:00"),
        (Digest.HOURLY, 8, "2026-10-25 00:20", "2026-10-25 01:00"),
    ],
)
def test_a_digest_falls_due_at_its_hour(digest, hour, now, due):
    found = next_digest(digest, moment(now), BERLIN, hour=hour, weekday=3)
    assert found == (due and moment(due))


def test_an_hour_begins_where_its_zone_says():
    found = next_digest(
        Digest.HOURLY, moment("2026-11-23 12:00"), zone_of("Asia/Kathmandu"), hour=0, weekday=0
    )
    assert found == moment("2026-11-23 12:15")


def test_zones_are_those_of_iana_and_an_unknown_one_is_utc():
    assert {"UTC", "Europe/Berlin", "America/Argentina/Ushuaia"} <= set(zones())
    assert not any(name.startswith(("posix/", "Etc/")) for name in zones())
    assert str(zone_of("Mars/Olympus")) == str(zone_of("../etc/passwd")) == "UTC"

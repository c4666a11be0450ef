"""What came, what was decided, how soon and by whom, and how often the score was overturned."""

import statistics as numbers
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models import Site, Status
from models.spam.measuring.figures import Share, share_of
from models.spam.score import SPAM_FROM
from service.db import db
from service.house import House
from service.queries import people
from service.queries import statistics as queries
from service.queries.statistics import Arrival, Verdict
from service.rules.rehearsal import blind_sample

PERIODS = (7, 30, 90, 365)
MOST = 20_000
"""Comments and decisions that are looked at; more are left out, and the page says so."""
DAILY = 31  # days up to which each has a bar of its own; a longer time is told by weeks
WEEK = 7
LATE = 0.9  # the share of comments that were decided sooner than the second figure of a wait


@dataclass(frozen=True, slots=True)
class Volume:
    """What came in one day or week, by where it stands now.

    Args:
        first: its first day, UTC.
        spam_share: of those a verdict was found for (approved or spam); None without any.
    """

    first: date
    counts: dict[Status, int]

    @property
    def spam_share(self) -> float | None:
        """Share of spam among those that are approved or spam now."""
        spam, fine = self.counts[Status.SPAM], self.counts[Status.APPROVED]
        return spam / (spam + fine) if spam + fine else None


@dataclass(frozen=True, slots=True)
class Wait:
    """How long comments waited that were first decided in one day or week; hours."""

    first: date
    number: int
    median: float
    late: float


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody decided."""

    name: str
    decisions: int
    share: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """All figures of one or several sites over a time.

    Args:
        cut: since when they really are, where more came than is looked at.
        overturned: likely spam that was approved; likely fine that was called spam.
        undone: decisions taken back.
        sample: false alarms in the blind samples.
        oldest: since when the one that has waited longest waits.
    """

    since: date
    cut: datetime | None
    weekly: bool
    volume: Sequence[Volume]
    waits: Sequence[Wait]
    load: Sequence[Load]
    overturned: tuple[Share, Share]
    decisions: int
    undone: int
    sample: Share
    oldest: datetime | None


def statistics(house: House, sites: Sequence[Site], days: int) -> Statistics:
    """Gather the figures of the sites over the last days, today included."""
    session, now = db.session(), house.now()
    ids = [site.id for site in sites]
    first = now.date() - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=now.tzinfo)
    came = queries.arrivals(session, ids, since, MOST)
    decided = queries.verdicts(session, ids, since, MOST)
    starts = _starts(first, days)
    ends = [rows[-1].at for rows in (came, decided) if len(rows) == MOST]
    samples = [blind_sample(site, SPAM_FROM) for site in sites]
    return Statistics(
        since=first,
        cut=max(ends, default=None),
        weekly=days > DAILY,
        volume=_volume(starts, came),
        waits=_waits(starts, decided),
        load=_load(decided),
        overturned=_overturned(decided),
        decisions=len(decided),
        undone=sum(one.undoes_id is not None for one in decided),
        sample=share_of(
            sum(sample.honest for sample in samples), sum(sample.flagged for sample in samples)
        ),
        oldest=queries.oldest_waiting(session, ids),
    )


def _starts(first: date, days: int) -> list[date]:
    step = 1 if days <= DAILY else WEEK
    return [first + timedelta(days=place) for place in range(0, days, step)]


def _start_of(starts: Sequence[date], at: datetime) -> int:
    step = (starts[1] - starts[0]).days if len(starts) > 1 else 1
    return min((at.date() - starts[0]).days // step, len(starts) - 1)


def _volume(starts: Sequence[date], came: Sequence[Arrival]) -> list[Volume]:
    found = [Volume(first, dict.fromkeys(Status, 0)) for first in starts]
    for arrival in came:
        found[_start_of(starts, arrival.at)].counts[arrival.status] += 1
    return found


def _waits(starts: Sequence[date], decided: Sequence[Verdict]) -> list[Wait]:
    first_of: dict[int, Verdict] = {}
    for verdict in decided:  # newest first, so the last one seen is a comment's first
        if verdict.before is Status.PENDING and verdict.undoes_id is None:
            first_of[verdict.comment_id] = verdict
    hours: dict[int, list[float]] = {}
    for verdict in first_of.values():
        waited = (verdict.at - verdict.arrived_at).total_seconds() / 3600
        hours.setdefault(_start_of(starts, verdict.at), []).append(max(0.0, waited))
    return [
        Wait(first, len(found), numbers.median(found), _late(found))
        for place, first in enumerate(starts)
        if (found := sorted(hours.get(place, [])))
    ]


def _late(hours: Sequence[float]) -> float:
    return hours[min(len(hours) - 1, int(LATE * len(hours)))]


def _load(decided: Sequence[Verdict]) -> list[Load]:
    counts = Counter(one.moderator_id for one in decided if one.undoes_id is None)
    names = {one.id: one.name for one in people.moderators(db.session(), set(counts))}
    total = sum(counts.values())
    return [
        Load(names.get(who, "A former moderator"), number, number / total)
        for who, number in counts.most_common()
    ]


def _overturned(decided: Sequence[Verdict]) -> tuple[Share, Share]:
    """Return how often likely spam was approved, and likely fine was called spam, at the end."""
    last: dict[int, Verdict] = {}
    for verdict in decided:
        last.setdefault(verdict.comment_id, verdict)
    ends = Counter((one.band, one.after) for one in last.values())

    def share(band: str, against: Status) -> Share:
        judged = sum(ends[band, after] for after in (Status.APPROVED, Status.SPAM))
        return share_of(ends[band, against], judged)

    return share("spam", Status.APPROVED), share("fine", Status.SPAM)

"""What Akismet's wire tells of a key's use: by site and month, against its limit, and in all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import AkismetMonth
from service.akismet.callers import Caller, CallRefusedError
from service.db import db
from service.house import House
from service.queries.akismet import COUNTS, month_of, months_of

MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
ORDERS = {"total": "api_calls", **{name: name for name in COUNTS[1:]}}
MOST_SITES = 500
SPANS = {"60-days": 3, "6-months": 6, "all": None}
"""Months that a span of the wire begins with, this one among them; None = all there are."""
FIRST = "0000-00"


@dataclass(frozen=True, slots=True)
class Sites:
    """A page of a key's use in one month, by origin.

    Args:
        total: how many origins there are beyond the page.
    """

    month: str
    rows: Sequence[AkismetMonth]
    limit: int
    offset: int
    total: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What a key did over several months.

    Args:
        months: the same counts by month, oldest first.
    """

    counts: dict[str, int]
    months: dict[str, dict[str, int]]

    @property
    def accuracy(self) -> float:
        """Share of the checks that nobody reported to be wrong, in per cent; 100 without any."""
        checks = self.counts["spam"] + self.counts["ham"]
        wrong = self.counts["missed_spam"] + self.counts["false_positives"]
        return 100.0 * max(0, checks - wrong) / checks if checks else 100.0


@dataclass(frozen=True, slots=True)
class WantedSites:
    """What a caller asks of its use, as typed."""

    month: str = ""
    filter: str = ""
    order: str = ""
    limit: str = ""
    offset: str = ""


def key_sites(house: House, caller: Caller, wanted: WantedSites) -> Sites:
    """Return how a key was used in one month.

    Raises:
        CallRefusedError: something asked for makes no sense.
    """
    month = wanted.month or month_of(house.now())
    if not MONTH.fullmatch(month):
        raise CallRefusedError("month is a year and a month like 2026-11.")
    order = ORDERS.get(wanted.order or "total")
    if order is None:
        raise CallRefusedError(f"order is one of {', '.join(ORDERS)}.")
    limit = _number(wanted.limit, "limit", MOST_SITES)
    offset = _number(wanted.offset, "offset", 0)
    rows = [
        row
        for row in months_of(db.session(), caller.key.id, month)
        if row.month == month and wanted.filter.casefold() in row.origin.casefold()
    ]
    rows.sort(key=lambda row: -getattr(row, order))
    return Sites(month, rows[offset : offset + limit], limit, offset, len(rows))


def _number(typed: str, name: str, default: int) -> int:
    if not typed:
        return default
    if not NUMBER.fullmatch(typed):
        raise CallRefusedError(f"{name} is a whole number.")
    return int(typed)


def usage(house: House, caller: Caller) -> int:
    """Return how many calls a key made this month."""
    rows = months_of(db.session(), caller.key.id, month_of(house.now()))
    return sum(row.api_calls for row in rows)


def sums(house: House, caller: Caller, span: str) -> Sums:
    """Return what a key did.

    Args:
        span: of `SPANS`; anything else is all.
    """
    since = _since(house.now(), SPANS.get(span))
    counts = dict.fromkeys(COUNTS, 0)
    months: dict[str, dict[str, int]] = {}
    for row in months_of(db.session(), caller.key.id, since):
        month = months.setdefault(row.month, dict.fromkeys(COUNTS, 0))
        for name in COUNTS:
            counts[name] += getattr(row, name)
            month[name] += getattr(row, name)
    return Sums(counts, months)


def _since(now: datetime, months: int | None) -> str:
    if months is None:
        return FIRST
    number = now.year * 12 + now.month - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"

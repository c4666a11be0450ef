"""Emptying the box: events are released, deliveries claimed, results marked."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from sqlalchemy.orm import Session

from models import (
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Event,
    EventType,
    Origin,
    Outcome,
)
from service.db import db, transaction
from service.deliveries import new_delivery
from service.guarded import Answer, SendError
from service.house import House
from service.notices import stir
from service.queries import outbox as queries
from service.subscriptions import mails_for

RELEASE_BATCH = 200
CAP = 4  # deliveries under way to one endpoint
# Standard Webhooks' example: ten attempts over 75 h 35 min 5 s.
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER = 0.1
RETRY_AFTER_CEILING = timedelta(hours=24)
BREAKER_STREAK = 5
BREAKER_FIRST = 30  # seconds
BREAKER_CEILING = 900  # seconds
GONE = 410
THROTTLED = (429, 503)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours until the lease ends; all it needs to be sent."""

    delivery_id: int
    token: str
    attempt: int
    event_id: str
    body: bytes
    endpoint_row: int
    endpoint_id: str
    secret_version: int
    url: str
    free_since: datetime
    """When the event might leave the house."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt: an answer, or why there was none.

    Args:
        signed_at: the second it was signed for; None where nothing was.
        milliseconds: how long it took.
    """

    answer: Answer | None
    error: SendError | None = None
    signed_at: datetime | None = None
    milliseconds: int = 0

    @property
    def good(self) -> bool:
        """Whether the receiver took it."""
        return self.answer is not None and 200 <= self.answer.status < 300  # noqa: PLR2004 - 2xx

    @property
    def fault(self) -> str:
        """Class of a failure: dns, blocked, connect, tls, timeout, protocol, http, internal."""
        return "http" if self.error is None else self.error.kind


def release(house: House) -> int:
    """Let events whose hold is over leave the house, and return how many.

    One short locked transaction: positions are given in commit order, so a reader of the
    cursor can skip none, and each event gets its deliveries with its position.
    """
    # A look costs no lock, and most turns find nothing.
    first = queries.next_release(db.session())
    if first is None or first > house.now():
        return 0
    with transaction() as session:
        cursor = queries.cursor_for_change(session)
        events = queries.events_to_release(session, house.now(), RELEASE_BATCH)
        endpoints = queries.active_endpoints(session, [event.site_id for event in events])
        due = queries.lease_clock(session, house.now())
        for event in events:
            cursor.position += 1
            event.position = cursor.position
            wanting = [endpoint for endpoint in endpoints if _wants(endpoint, event)]
            origin = Origin.TEST if event.type is EventType.PING else Origin.AUTO
            session.add_all(new_delivery(house, event, one, due, origin) for one in wanting)
        mails_for(session, house, events)
        stir(session, house, events)
    return len(events)


def _wants(endpoint: Endpoint, event: Event) -> bool:
    if event.endpoint_id is not None:
        return endpoint.id == event.endpoint_id
    types = endpoint.types
    return endpoint.site_id == event.site_id and (not types or event.type.value in types)


def claim(house: House, free: int) -> list[Claimed]:
    """Take up to `free` due deliveries under a lease.

    No I/O inside; whoever dies with a lease gives it back by its end.
    """
    reading = db.session()
    if not queries.ready_endpoints(reading, queries.lease_clock(reading, house.now())):
        return []
    token = house.token(32)
    with transaction() as session:
        now = queries.lease_clock(session, house.now())
        endpoints = queries.ready_endpoints(session, now, lock=True)
        until = now + timedelta(seconds=house.settings.delivery_lease)
        taken: list[int] = []
        for choose in (queries.ahead_of_all, queries.claimable):
            ids = choose(session, now, endpoints, cap=CAP, limit=free - len(taken))
            if ids:
                taken += queries.lease(session, ids, now=now, until=until, token=token)
        rows = queries.deliveries_with_event(session, taken)
        return [_claimed(token, *row) for row in rows]


def _claimed(token: str, delivery: Delivery, event: Event, endpoint: Endpoint) -> Claimed:
    return Claimed(
        delivery_id=delivery.id,
        token=token,
        attempt=delivery.attempts,
        event_id=event.public_id,
        body=event.body,
        endpoint_row=endpoint.id,
        endpoint_id=endpoint.public_id,
        secret_version=endpoint.secret_version,
        url=endpoint.url,
        free_since=event.release_at,
    )


def seconds_to_next(house: House) -> float | None:
    """Return in how many seconds a hold, a retry, a lease or a pause ends; None when none does."""
    session, now = db.session(), house.now()
    lease_now = queries.lease_clock(session, now)
    release_at, due_at = queries.next_release(session), queries.next_due(session, lease_now)
    waits = [
        (moment - clock).total_seconds()
        for moment, clock in ((release_at, now), (due_at, lease_now))
        if moment is not None
    ]
    return max(0.0, min(waits)) if waits else None


def mark(house: House, claimed: Claimed, result: Result) -> bool:
    """Write down an attempt and what follows from it; False when the lease was lost.

    A worker that was away past its lease changes nothing but the record of its attempt.
    """
    with transaction() as session:
        endpoint = queries.endpoint_for_change(session, claimed.endpoint_row)
        now = queries.lease_clock(session, house.now())
        values = _what_follows(claimed, result, now)
        held = queries.mark_leased(session, claimed.delivery_id, claimed.token, values)
        session.add(_attempt(claimed, result, now, lost=not held))
        if held:
            _endpoint_health(session, endpoint, result, now)
    return held


def give_back(claimed: Sequence[Claimed], now: datetime) -> None:
    """Return leases that were not used, so that another worker need not wait for their end."""
    with transaction() as session:
        for row in sorted({one.endpoint_row for one in claimed}):
            queries.endpoint_for_change(session, row)
        for one in claimed:
            values = {
                "state": DeliveryState.DUE,
                "due_at": queries.lease_clock(session, now),
                "attempts": one.attempt - 1,
            }
            queries.mark_leased(session, one.delivery_id, one.token, values)


def _what_follows(claimed: Claimed, result: Result, now: datetime) -> Mapping[str, Any]:
    outcome = _outcome(result)
    if result.good:
        return {"state": DeliveryState.DONE, "outcome": outcome}
    if claimed.attempt > len(SCHEDULE):
        return {"state": DeliveryState.DEAD, "outcome": outcome}
    wait = SCHEDULE[claimed.attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    if result.answer is not None and result.answer.status in THROTTLED:
        wait = max(wait, retry_after(result.answer.headers.get("retry-after", ""), now))
    return {"state": DeliveryState.DUE, "due_at": now + wait, "outcome": outcome}


def _outcome(result: Result) -> Outcome:
    if result.good:
        return Outcome.OK
    return Outcome.HTTP if result.error is None else Outcome(result.error.kind)


def retry_after(value: str, now: datetime) -> timedelta:
    """Return what a Retry-After header asks for: 0 for garbage, never over 24 hours."""
    if value.isascii() and value.isdigit():
        asked = timedelta(seconds=min(int(value[:12]), 10**9))
    else:
        try:
            moment = parsedate_to_datetime(value)
            asked = moment - now if moment.tzinfo else timedelta()
        except (ValueError, TypeError, IndexError, OverflowError):
            asked = timedelta()
    return min(max(asked, timedelta()), RETRY_AFTER_CEILING)


def _attempt(claimed: Claimed, result: Result, now: datetime, *, lost: bool) -> Attempt:
    answer, outcome = result.answer, _outcome(result)
    return Attempt(
        delivery_id=claimed.delivery_id,
        number=claimed.attempt,
        at=now,
        milliseconds=result.milliseconds if answer is None else answer.milliseconds,
        status=None if answer is None else answer.status,
        error="" if outcome is Outcome.OK else outcome.value,
        excerpt="" if answer is None else answer.excerpt,
        lease_lost=lost,
        signed_at=result.signed_at,
    )


def _endpoint_health(session: Session, endpoint: Endpoint, result: Result, now: datetime) -> None:
    if result.good:
        endpoint.streak, endpoint.failing_since, endpoint.open_until = 0, None, None
    elif result.answer is not None and result.answer.status == GONE:
        endpoint.state = EndpointState.DISABLED
        endpoint.state_reason = "The receiver answered 410 Gone."
        queries.hold_deliveries(session, endpoint.id)
    elif endpoint.open_until is None or endpoint.open_until <= now:
        # What was under way when the breaker opened fails too; only a probe lengthens the pause.
        _count_failure(endpoint, now)


def _count_failure(endpoint: Endpoint, now: datetime) -> None:
    endpoint.streak += 1
    endpoint.failing_since = endpoint.failing_since or now
    if endpoint.streak >= BREAKER_STREAK:
        doubled = BREAKER_FIRST * 2 ** min(endpoint.streak - BREAKER_STREAK, 10)
        endpoint.open_until = now + timedelta(seconds=min(doubled, BREAKER_CEILING))

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
    DeliveryState,
    EndpointKind,
    OldSecret,
)
from service.comments.subscriptions import mails_for
from service.db import db, transaction
from service.house import House
from service.mail.notices import stir
from service.out.health import judge
from service.out.recipients import Recipients
from service.out.result import Result
from service.queries import claims
from service.queries import outbox as queries
from service.queries.claims import Leased
from service.queries.endpoints import old_secrets, served_by_build, serving

RELEASE_BATCH = 200
CAP = 4  # deliveries under way to one endpoint
# Standard Webhooks' example: ten attempts over 75 h 35 min 5 s.
SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
JITTER = 0.1
RETRY_AFTER_CEILING = timedelta(hours=24)
OLDEST = timedelta(days=5)
"""From the first attempt of a delivery: what fails later is given up."""
THROTTLED = (429, 503)


@dataclass(frozen=True, slots=True)
class Signing:
    """A secret's version, and the moment after which it signs no more; None for the newest."""

    version: int
    not_after: datetime | None


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
    kind: EndpointKind
    secrets: Sequence[Signing]
    url: str
    first_at: datetime
    free_since: datetime
    """When it might leave the house."""


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
        endpoints = serving(session, [event.site_id for event in events])
        recipients = Recipients(
            session, house, endpoints, queries.lease_clock(session, house.now())
        )
        for event in events:
            cursor.position += 1
            event.position = cursor.position
            session.add_all(recipients.deliveries_of(event))
        mails_for(session, house, events)
        stir(session, house, events)
    return len(events)


def claim(house: House, free: int, *, look: bool = True) -> list[Claimed]:
    """Take up to `free` due deliveries under a lease.

    No I/O inside; whoever dies with a lease gives it back by its end.

    Args:
        look: whether there is anything, before a lock is taken; where much is under way there
            nearly always is.
    """
    if look and not _anything_due(house):
        return []
    token = house.token(32)
    with transaction() as session:
        now = queries.lease_clock(session, house.now())
        ready = claims.ready_endpoints(session, now, lock=True)
        until = now + timedelta(seconds=house.settings.delivery_lease)
        endpoints = [one.id for one in ready]
        ways = (claims.ahead_of_all,) if any(one.ahead for one in ready) else ()
        taken: list[int] = []
        for choose in (*ways, claims.claimable):
            ids = choose(session, now, endpoints, cap=CAP, limit=free - len(taken))
            if ids:
                taken += claims.lease(session, ids, now=now, until=until, token=token)
        rows = [row for row in claims.leased(session, taken) if not _given_up(session, row)]
        rotated = {row.endpoint_row for row in rows if row.secret_version > 1}
        older = old_secrets(session, sorted(rotated), house.now()) if rotated else []
        return [_claimed(row, older) for row in rows]


def _anything_due(house: House) -> bool:
    session = db.session()
    now = queries.lease_clock(session, house.now())
    return bool(claims.ready_endpoints(session, now))


def _given_up(session: Session, row: Leased) -> bool:
    """Give up one whose attempts never came to an end: whoever tried it is gone each time."""
    if row.attempts <= len(SCHEDULE) + 1:
        return False
    claims.give_up(session, row.id, attempts=len(SCHEDULE) + 1)
    return True


def _claimed(row: Leased, older: Sequence[OldSecret]) -> Claimed:
    old = [
        Signing(one.version, one.not_after) for one in older if one.endpoint_id == row.endpoint_row
    ]
    return Claimed(
        delivery_id=row.id,
        token=row.token,
        attempt=row.attempts,
        event_id=row.event_id,
        body=row.body,
        endpoint_row=row.endpoint_row,
        endpoint_id=row.endpoint_id,
        kind=row.kind,
        secrets=(Signing(row.secret_version, None), *old),
        url=row.url,
        first_at=row.first_at or row.created_at,
        free_since=max(row.release_at, row.created_at),
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
            judge(session, house, endpoint, result, now)
            if result.good and endpoint.kind is EndpointKind.BUILD:
                served_by_build(session, endpoint.id, claimed.delivery_id)
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
    outcome = result.outcome
    if result.good:
        return {"state": DeliveryState.DONE, "outcome": outcome}
    if result.aborted or claimed.attempt > len(SCHEDULE) or now - claimed.first_at >= OLDEST:
        return {"state": DeliveryState.DEAD, "outcome": outcome}
    wait = SCHEDULE[claimed.attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    if result.answer is not None and result.answer.status in THROTTLED:
        wait = max(wait, retry_after(result.answer.headers.get("retry-after", ""), now))
    return {"state": DeliveryState.DUE, "due_at": now + wait, "outcome": outcome}


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
    answer = result.answer
    return Attempt(
        delivery_id=claimed.delivery_id,
        number=claimed.attempt,
        at=now,
        milliseconds=result.milliseconds if answer is None else answer.milliseconds,
        status=None if answer is None else answer.status,
        error=result.failure,
        excerpt="" if answer is None else answer.excerpt,
        lease_lost=lost,
        signed_at=result.signed_at,
    )

"""How endpoints fare: what an attempt says of one, and what follows from the time it fails.

Whoever calls these holds the endpoint's row, so that of several workers one disables it and
writes its mails, in the transaction in which it is disabled.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Endpoint, EndpointState, Fare
from service.db import db, transaction
from service.house import House
from service.mail.notices import tell_owners
from service.out.result import Result
from service.queries import endpoints as queries
from service.queries.outbox import hold_deliveries, lease_clock
from service.webhooks.endpoints import forget_failures

log = logging.getLogger("gatepost.out")

BREAKER_STREAK = 5
BREAKER_FIRST = 30  # seconds
BREAKER_CEILING = 900  # seconds
BLOCKED_MOST = 3
GIVEN_UP = timedelta(hours=120)
FEWEST, SPREAD = 10, timedelta(hours=24)
"""So many failures, over so long a time, stand against an endpoint that hardly anything is for."""
TOLD = (Fare.HOUR, Fare.DAY, Fare.FOUR_DAYS)
MARKS = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=96), GIVEN_UP)
TAKEN = 50  # endpoints looked at in one transaction

GONE_REASON = "The receiver answered 410 Gone."
ASKED_REASON = "The receiver asked for it (webhook-delivery: disable)."
BLOCKED_REASON = (
    "Three times in a row its name led to an address inside a private network, or to one that is"
    " never dialled."
)
TIME_REASON = "No delivery succeeded for 120 hours."


def judge(
    session: Session, house: House, endpoint: Endpoint, result: Result, now: datetime
) -> None:
    """Write down what an attempt says of its endpoint, and pause or disable it if it must be.

    Args:
        now: by the clock of leases.
    """
    _count(endpoint, result, now)
    endpoint.blocked = endpoint.blocked + 1 if result.blocked else 0
    if endpoint.state is not EndpointState.ACTIVE:
        return
    if result.gone:
        reason = ASKED_REASON if result.asked_to_disable else GONE_REASON
        _disable(session, house, endpoint, reason)
    elif endpoint.blocked >= BLOCKED_MOST:
        endpoint.state, endpoint.state_reason = EndpointState.PAUSED, BLOCKED_REASON
        endpoint.check_at = None
        tell_owners(session, house, endpoint, Fare.PAUSED)
    elif _given_up(endpoint, now):
        _disable(session, house, endpoint, TIME_REASON)


def look_after(house: House) -> int:
    """Tell owners of endpoints that have failed for long, and give up those that failed too long.

    A chore; returns how many were looked at.
    """
    reading = db.session()
    if not queries.endpoint_to_check(reading, lease_clock(reading, house.now())):
        return 0
    with transaction() as session:
        now = lease_clock(session, house.now())
        found = queries.endpoints_to_check(session, now, TAKEN)
        for endpoint in found:
            _reach_mark(session, house, endpoint, now)
    house.wake()
    return len(found)


def _count(endpoint: Endpoint, result: Result, now: datetime) -> None:
    # Who asks us to drop one delivery is there, and read it.
    if result.good or result.aborted:
        forget_failures(endpoint)
    elif endpoint.open_until is None or endpoint.open_until <= now:
        # What was under way when the breaker opened fails too; only a probe lengthens the pause.
        _count_failure(endpoint, result, now)


def _count_failure(endpoint: Endpoint, result: Result, now: datetime) -> None:
    endpoint.streak += 1
    endpoint.last_failed_at = now
    endpoint.last_failure = result.failure if result.answer is None else str(result.answer.status)
    if endpoint.failing_since is None:
        endpoint.failing_since, endpoint.check_at = now, now + MARKS[0]
    if endpoint.streak >= BREAKER_STREAK:
        doubled = BREAKER_FIRST * 2 ** min(endpoint.streak - BREAKER_STREAK, 10)
        endpoint.open_until = now + timedelta(seconds=min(doubled, BREAKER_CEILING))


def _reach_mark(session: Session, house: House, endpoint: Endpoint, now: datetime) -> None:
    since = endpoint.failing_since
    if since is None or endpoint.state is not EndpointState.ACTIVE:
        endpoint.check_at = None
        return
    if _given_up(endpoint, now):
        _disable(session, house, endpoint, TIME_REASON)
        return
    reached = sum(now - since >= mark for mark in MARKS)
    # After a time in which nobody looked, the last mark says what the earlier ones would have.
    if min(reached, len(TOLD)) > endpoint.told:
        tell_owners(session, house, endpoint, TOLD[min(reached, len(TOLD)) - 1])
    endpoint.told = reached
    endpoint.check_at = since + MARKS[reached] if reached < len(MARKS) else None


def _given_up(endpoint: Endpoint, now: datetime) -> bool:
    since, last = endpoint.failing_since, endpoint.last_failed_at
    if since is None or last is None or now - since < GIVEN_UP:
        return False
    return endpoint.streak >= FEWEST and last - since >= SPREAD


def _disable(session: Session, house: House, endpoint: Endpoint, reason: str) -> None:
    endpoint.state, endpoint.state_reason = EndpointState.DISABLED, reason
    endpoint.check_at = None
    hold_deliveries(session, endpoint.id)
    tell_owners(session, house, endpoint, Fare.DISABLED)
    log.warning("endpoint disabled", extra={"endpoint": endpoint.public_id})

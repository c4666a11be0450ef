"""The breaker: an endpoint that fails rests, and nobody else waits for it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from models import Delivery, DeliveryState, Endpoint
from service.db import transaction
from service.out import outbox
from tests.out.post_office import GOOD, REFUSED

HOOK = "http://127.0.0.1:9/hook"  # nobody is asked here: results are given by hand
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)


def fail(office, times: int) -> None:
    """Fail as often, one event each, waiting for no retry."""
    for _ in range(times):
        office.event()
        office.release()
        [claimed] = office.claim(free=1)
        office.mark(claimed, REFUSED)
        office.change(Delivery, state=DeliveryState.DEAD)


def open_seconds(office) -> float:
    until = office.the(Endpoint).open_until
    return 0 if until is None else round((until - office.now()).total_seconds())


def test_five_failures_in_a_row_open_the_breaker_for_thirty_seconds(office):
    office.endpoint(HOOK)

    fail(office, 4)
    before = open_seconds(office)
    fail(office, 1)

    assert (before, open_seconds(office)) == (0, 30)
    assert office.the(Endpoint).streak == 5


def test_nothing_is_tried_and_no_attempt_used_up_while_the_breaker_is_open(office):
    office.endpoint(HOOK)
    fail(office, 5)
    office.events(3)
    office.release()

    office.elapse(29)

    assert office.claim() == []
    waiting = office.rows(Delivery, Delivery.state == DeliveryState.DUE)
    assert [delivery.attempts for delivery in waiting] == [0, 0, 0]


def test_after_the_pause_one_probe_goes_out_and_each_failed_one_doubles_the_pause(office):
    office.endpoint(HOOK)
    fail(office, 5)
    pauses = [open_seconds(office)]

    for _ in range(6):
        office.elapse(pauses[-1] + 1)
        office.events(5)
        office.release()
        [probe] = office.claim()
        assert office.claim() == []
        office.mark(probe, REFUSED)
        pauses.append(open_seconds(office))

    assert pauses == [30, 60, 120, 240, 480, 900, 900]


def test_a_probe_that_succeeds_closes_the_breaker(office):
    office.endpoint(HOOK)
    fail(office, 5)
    office.events(6)
    office.elapse(31)

    assert office.round(GOOD) == 1

    endpoint = office.the(Endpoint)
    assert (endpoint.streak, endpoint.open_until, endpoint.failing_since) == (0, None, None)
    assert len(office.claim()) == 4


def test_failures_already_under_way_when_the_breaker_opens_do_not_lengthen_the_pause(office):
    office.endpoint(HOOK)
    fail(office, 4)
    office.events(4)
    office.release()
    claimed = office.claim()

    for one in claimed:
        office.mark(one, REFUSED)

    assert len(claimed) == 4
    assert open_seconds(office) == 30


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_claim_slips_past_a_breaker_that_is_just_being_opened(office):
    row = office.endpoint(HOOK)
    office.event()
    office.release()
    found = []

    with office.app.app_context(), transaction() as session:
        endpoint = outbox.queries.endpoint_for_change(session, row)
        endpoint.open_until = office.now() + timedelta(seconds=30)
        session.flush()
        claiming = threading.Thread(target=lambda: found.extend(office.claim()))
        claiming.start()
        claiming.join()

    assert found == []
    assert office.the(Delivery).attempts == 0

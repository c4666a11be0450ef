"""Release, claim and mark: what leaves the house, when, and who has it."""

import contextlib
import itertools
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from models import Delivery, DeliveryState, Endpoint, EndpointState, Event, EventCursor, EventType
from service.db import db, transaction
from service.http.guarded import SendError
from service.out import outbox
from service.out.outbox import SCHEDULE, retry_after
from service.out.result import Result
from service.queries import claims, housekeeping
from service.queries import endpoints as questions
from tests.out.post_office import GOOD, answered
from tests.out.test_breaker import fail

HOOK = "http://127.0.0.1:9/hook"  # nobody is asked here: results are given by hand
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
PATIENCE = 5.0  # seconds until a claim that waits for nothing must be over


# Release


def test_an_event_that_was_rolled_back_never_leaves(office):
    office.endpoint(HOOK)

    for _ in range(20):
        with contextlib.suppress(ZeroDivisionError):
            office.event(after=lambda: 1 / 0)

    assert office.release() == 0
    assert (office.rows(Event), office.rows(Delivery)) == ([], [])


def test_an_event_stays_until_its_hold_is_over(office):
    office.endpoint(HOOK)
    office.event(hold=10)

    office.clock.move(seconds=9.9)
    early = office.release()
    office.clock.move(seconds=0.1)

    assert (early, office.release(), office.release()) == (0, 1, 0)
    assert office.states() == [DeliveryState.DUE]


def test_an_event_undone_within_its_hold_never_leaves(office):
    office.endpoint(HOOK)
    office.event(hold=10)
    office.change(Event, cancelled_at=office.clock())

    office.clock.move(seconds=60)

    assert office.release() == 0
    assert office.the(Event).position is None
    assert office.states() == []


def test_what_is_held_or_undone_stays_when_its_neighbours_leave(office):
    free = office.event()
    held = office.event(hold=10)
    undone = office.event(cancelled_at=office.clock())

    released = office.release()

    left = {event.public_id for event in office.rows(Event) if event.position is None}
    assert (released, left) == (1, {held, undone})
    assert free not in left


def test_positions_follow_the_time_of_release_then_the_order_of_writing(office):
    late = office.event(hold=5)
    first, second = office.events(2, hold=1)
    at_once = office.event()

    office.clock.move(seconds=5)
    office.release()

    order = sorted(office.rows(Event), key=lambda event: event.position)
    assert [event.public_id for event in order] == [at_once, first, second, late]
    assert [event.position for event in order] == [1, 2, 3, 4]
    assert office.the(EventCursor).position == 4


def test_a_release_takes_at_most_two_hundred(office):
    office.events(201)

    assert [office.release() for _ in range(3)] == [200, 1, 0]


def test_releases_at_the_same_moment_give_each_position_once(office):
    office.endpoint(HOOK)
    office.events(300)
    start = threading.Barrier(4)
    released = []

    def work():
        start.wait()
        released.extend(office.release() for _ in range(4))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(released) == 300
    assert sorted(event.position for event in office.rows(Event)) == list(range(1, 301))
    assert len(office.rows(Delivery)) == 300


def test_an_event_goes_to_the_endpoints_of_its_site_that_want_its_type(office):
    everything = office.endpoint(HOOK)
    wanting = office.endpoint(HOOK, types=["comment.approved"])
    office.endpoint(HOOK, types=["comment.spam"])
    office.endpoint(HOOK, removed_at=office.clock())
    office.endpoint(HOOK, site_id=office.add_site())

    office.event()
    office.release()

    assert [delivery.endpoint_id for delivery in office.rows(Delivery)] == [everything, wanting]


def test_what_happens_while_an_endpoint_rests_waits_or_is_held_and_is_not_lost(office):
    paused = office.endpoint(HOOK, state=EndpointState.PAUSED)
    disabled = office.endpoint(HOOK, state=EndpointState.DISABLED)

    office.event()
    office.release()

    found = {delivery.endpoint_id: delivery.state for delivery in office.rows(Delivery)}
    assert found == {paused: DeliveryState.DUE, disabled: DeliveryState.HELD}
    assert office.claim() == []


def test_a_test_event_goes_to_its_endpoint_only_whatever_that_wants(office):
    office.endpoint(HOOK)
    meant = office.endpoint(HOOK, types=["comment.spam"])

    office.event(type=EventType.PING, endpoint_id=meant)
    office.release()

    assert office.the(Delivery).endpoint_id == meant


# Claim


def test_a_claim_leases_what_is_due_and_counts_the_attempt(office):
    office.endpoint(HOOK)
    public_id = office.event()
    office.release()

    [claimed] = office.claim()

    delivery = office.the(Delivery)
    assert (delivery.state, delivery.attempts) == (DeliveryState.LEASED, 1)
    assert delivery.token == claimed.token
    assert claimed.event_id == public_id
    assert timedelta(seconds=6) < delivery.due_at - office.now() <= timedelta(seconds=8)
    assert office.claim() == []


def test_a_claim_takes_no_more_than_there_are_free_threads(office):
    for _ in range(3):
        office.endpoint(HOOK)
    office.events(4)
    office.release()

    assert [len(office.claim(free=5)) for _ in range(3)] == [5, 5, 2]


def test_an_endpoint_has_at_most_four_under_way(office):
    busy, calm = office.endpoint(HOOK), office.endpoint(HOOK, types=["comment.spam"])
    office.events(10)
    office.event(type=EventType.SPAM)
    office.release()

    first = office.claim()

    assert sorted(one.endpoint_row for one in first) == [busy] * 4 + [calm]
    assert office.claim() == []
    office.mark(first[0], GOOD)
    assert [one.endpoint_row for one in office.claim()] == [busy]


def test_claims_at_the_same_moment_share_the_cap_and_take_nothing_twice(office):
    for _ in range(5):
        office.endpoint(HOOK)
    office.events(20)
    office.release()
    start = threading.Barrier(4)
    taken = []

    def work():
        start.wait()
        taken.extend(itertools.chain(*(office.claim() for _ in range(3))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.extend(office.claim(free=20))  # what each left to the others

    assert len({one.delivery_id for one in taken}) == len(taken) == 5 * 4


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_claim_waits_for_no_endpoint_that_somebody_changes(office):
    changed, other = office.endpoint(HOOK), office.endpoint(HOOK)
    office.event()
    office.release()
    found = []

    with office.app.app_context(), transaction() as session:
        outbox.queries.endpoint_for_change(session, changed)
        claiming = threading.Thread(target=lambda: found.extend(office.claim()))
        claiming.start()
        claiming.join(PATIENCE)
        meanwhile = [one.endpoint_row for one in found]
    claiming.join()

    assert meanwhile == [other]
    assert [one.endpoint_row for one in office.claim()] == [changed]


def test_nothing_is_claimed_for_a_paused_endpoint(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    office.change(Endpoint, state=EndpointState.PAUSED)

    assert office.claim() == []
    assert office.the(Delivery).attempts == 0


def test_a_lease_that_ran_out_is_taken_up_by_another(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    [lost] = office.claim()

    office.elapse(7)
    early = office.claim()
    office.elapse(1.1)
    [again] = office.claim()

    assert early == []
    assert (again.delivery_id, again.attempt) == (lost.delivery_id, 2)
    assert again.token != lost.token


def test_a_claim_among_ten_thousand_due_stays_quick_and_fair(office):
    dead, good = office.endpoint(HOOK), office.endpoint(HOOK, types=["comment.spam"])
    office.events(10_000, type=EventType.APPROVED)
    office.events(10, type=EventType.SPAM)
    while office.release():
        pass

    with office.app.app_context():
        plans = plans_of(db.engine)
        first = office.claim()

    assert sorted(one.endpoint_row for one in first) == [dead] * 4 + [good] * 4
    assert len(plans) >= 5
    assert [step for step in plans if WALKED.search(step)] == []


WALKED = re.compile(r"Seq Scan on delivery|SCAN delivery(?! USING)")
"""A step of a plan that goes through the whole of a table that may be long."""


def plans_of(engine):
    """Return a list into which the steps of each following statement's plan are put."""
    word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    if engine.dialect.name == "postgresql":  # knows its tables, as it does within a minute
        with engine.begin() as connection:
            connection.execute(sa.text("ANALYZE"))
    steps = []

    def plan(connection, _cursor, statement, parameters, *_):
        if "delivery" in statement and not statement.startswith("EXPLAIN"):
            found = connection.exec_driver_sql(f"{word} {statement}", parameters)
            steps.extend(step[-1] for step in found)

    sa.event.listen(engine, "before_cursor_execute", plan)
    return steps


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_question_of_the_dispatcher_reads_what_is_long_delivered(office):
    office.endpoint(HOOK)
    with office.app.app_context():
        asked = plans_of(db.engine)
        session, now = db.session(), office.clock()
        claims.ready_endpoints(session, now)
        claims.ahead_of_all(session, now, [1], cap=4, limit=4)
        claims.claimable(session, now, [1], cap=4, limit=4)
        outbox.queries.next_due(session, now)
        endpoint = office.the(Endpoint)
        questions.waiting(session, 1)
        questions.held(session, 1)
        questions.build_to_come(session, endpoint)
        with transaction() as session:
            questions.let_held_go(session, 1, now, 500)
            questions.served_by_build(session, 1, 7)
            housekeeping.find(session, housekeeping.held_deliveries(now))

    reads = [step for step in asked if " delivery" in step]
    assert len(reads) >= 10
    of_what_is_left = ("ix_delivery_open", "ix_delivery_held", "ix_delivery_ahead", "PRIMARY KEY")
    assert [step for step in reads if not any(name in step for name in of_what_is_left)] == []


# Mark


def test_success_ends_a_delivery(office):
    office.endpoint(HOOK)
    office.event()

    office.round(answered(204))

    assert office.states() == [DeliveryState.DONE]
    [attempt] = office.attempts()
    assert (attempt.status, attempt.error, attempt.number) == (204, "", 1)
    assert not attempt.lease_lost


@pytest.mark.parametrize(
    ("result", "error"),
    [
        *[(answered(status), "http") for status in (301, 302, 304, 307, 308, 400, 404, 500, 599)],
        *[
            (Result(None, SendError(kind, "no")), kind)
            for kind in ("dns", "blocked", "connect", "tls", "timeout", "protocol")
        ],
    ],
)
def test_every_other_outcome_is_tried_again_in_five_seconds(office, result, error):
    office.endpoint(HOOK)
    office.event()

    office.round(result)

    delivery, [attempt] = office.the(Delivery), office.attempts()
    assert (delivery.state, attempt.error) == (DeliveryState.DUE, error)
    assert timedelta(seconds=4.5) <= delivery.due_at - attempt.at <= timedelta(seconds=5.5)


def test_ten_attempts_follow_the_schedule_and_then_it_is_over(office):
    office.endpoint(HOOK)
    office.event()
    waits = []

    while office.states() != [DeliveryState.DEAD]:
        assert office.round(answered(500)) == 1
        waits.append(office.the(Delivery).due_at - office.attempts()[-1].at)
        office.elapse(waits[-1].total_seconds())

    assert [attempt.number for attempt in office.attempts()] == list(range(1, 11))
    for wait, planned in zip(waits, SCHEDULE, strict=False):
        assert planned * 0.9 <= wait <= planned * 1.1
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    office.elapse(10 * 86_400)
    assert office.round() == 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("0", 4.5, 5.5),
        ("7", 7, 7),
        ("86400", 86_400, 86_400),
        ("-5", 4.5, 5.5),
        ("soon", 4.5, 5.5),
        ("", 4.5, 5.5),
        ("1e9", 4.5, 5.5),
        ("1000000000", 86_400, 86_400),
        ("9" * 400, 86_400, 86_400),
    ],
)
def test_retry_after_lengthens_the_wait_and_never_shortens_it(office, status, value, least, most):
    office.endpoint(HOOK)
    office.event()

    office.round(answered(status, retry_after=value))

    wait = (office.the(Delivery).due_at - office.attempts()[0].at).total_seconds()
    assert least <= wait <= most


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        (format_datetime(NOW + timedelta(hours=3), usegmt=True), timedelta(hours=3)),
        (format_datetime(NOW - timedelta(hours=3), usegmt=True), timedelta()),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Mon, 23 Nov 99999999999999999999 12:00:00 GMT", timedelta()),
        ("Mon, 23 Nov 2026 12:00:00 +99999999999999999999", timedelta()),
    ],
)
def test_retry_after_may_be_a_date(value, asked):
    assert retry_after(value, NOW) == asked


@given(
    st.text(max_size=60)
    | st.from_regex(
        r"\w{3}, \d{1,30} (Nov|Feb) \d{1,30} \d{1,9}:\d{1,9}:\d{1,9} ([+-]\d{1,30}|GMT)"
    )
)
def test_no_retry_after_whatever_it_says_breaks_the_marking(value):
    assert timedelta() <= retry_after(value, NOW) <= DAY


def test_retry_after_means_nothing_with_another_status(office):
    office.endpoint(HOOK)
    office.event()

    office.round(answered(500, retry_after="3600"))

    assert office.the(Delivery).due_at - office.attempts()[0].at < timedelta(seconds=6)


def test_gone_disables_the_endpoint_and_holds_what_is_open(office):
    office.endpoint(HOOK)
    office.events(6)
    office.release()
    first, *others = office.claim()

    office.mark(first, answered(410))

    endpoint = office.the(Endpoint)
    assert endpoint.state == EndpointState.DISABLED
    assert "410" in endpoint.state_reason
    assert office.states() == [DeliveryState.HELD] * 6
    assert [office.mark(one, answered(500)) for one in others] == [False] * 3
    office.elapse(10 * 86_400)
    office.event()
    assert office.round() == 0


def test_four_receivers_gone_at_once_do_not_lock_each_other_out(office):
    office.endpoint(HOOK)
    office.events(40)
    office.release()
    claimed = office.claim()
    start = threading.Barrier(len(claimed))
    failures = []

    def work(one):
        start.wait()
        try:
            office.mark(one, answered(410))
        except Exception as error:  # noqa: BLE001 - the thread hands it to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(claimed), failures) == (4, [])
    assert set(office.states()) == {DeliveryState.HELD}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_mark_waits_for_the_endpoint_before_it_touches_its_delivery(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    [one] = office.claim()

    with office.app.app_context(), transaction() as session:
        outbox.queries.endpoint_for_change(session, one.endpoint_row)
        marking = threading.Thread(target=office.mark, args=(one, GOOD))
        marking.start()
        blocked = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while marking.is_alive() and not session.execute(blocked).scalar_one():
            pass
        # Would fail at once if the marking held the delivery while it waits for the endpoint.
        session.execute(
            sa.select(Delivery.id)
            .where(Delivery.id == one.delivery_id)
            .with_for_update(nowait=True)
        )
    marking.join()

    assert office.states() == [DeliveryState.DONE]


# Fencing


def test_a_worker_that_was_away_past_its_lease_changes_nothing(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    [zombie] = office.claim()
    office.elapse(8.1)
    [heir] = office.claim()
    assert office.mark(heir, GOOD)

    assert not office.mark(zombie, answered(500))

    assert office.states() == [DeliveryState.DONE]
    assert office.the(Endpoint).streak == 0
    assert [attempt.lease_lost for attempt in office.attempts()] == [False, True]


def test_a_zombie_does_not_take_the_lease_from_its_heir(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    [zombie] = office.claim()
    office.elapse(8.1)
    [heir] = office.claim()

    assert not office.mark(zombie, GOOD)

    delivery = office.the(Delivery)
    assert (delivery.state, delivery.token) == (DeliveryState.LEASED, heir.token)
    assert office.mark(heir, GOOD)


def test_leases_given_back_are_due_at_once_and_cost_no_attempt(office):
    office.endpoint(HOOK)
    office.events(2)
    office.release()
    claimed = office.claim()
    office.mark(claimed[0], GOOD)

    with office.app.app_context():
        outbox.give_back(claimed, office.clock())

    done, back = office.rows(Delivery)
    assert (done.state, back.state, back.attempts) == (DeliveryState.DONE, DeliveryState.DUE, 0)
    assert not office.mark(claimed[1], GOOD)
    assert [one.attempt for one in office.claim()] == [1]


# When there is work next


def until_next(office) -> float | None:
    with office.app.app_context():
        seconds = outbox.seconds_to_next(office.house)
    return None if seconds is None else round(seconds, 1)


def assert_left(seconds, whole, began):
    """So much is left of a span that began no sooner: a database's own clock does not stand."""
    assert whole - 0.5 - (time.monotonic() - began) <= seconds <= whole + 0.5


def test_an_empty_box_knows_of_no_next_time(office):
    assert until_next(office) is None


def test_the_next_time_is_the_end_of_a_hold(office):
    office.event(hold=10)
    office.event(hold=4, cancelled_at=office.clock())

    assert until_next(office) == 10


def test_the_next_time_is_a_retry_or_the_end_of_a_lease(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    began = time.monotonic()
    [claimed] = office.claim()
    assert_left(until_next(office), 8, began)

    began = time.monotonic()
    office.mark(claimed, answered(429, retry_after="7"))
    assert_left(until_next(office), 7, began)


def test_the_next_time_is_the_end_of_a_breakers_pause_not_the_retry_before_it(office):
    office.endpoint(HOOK)
    began = time.monotonic()
    fail(office, 5)
    office.events(2)
    office.release()

    assert_left(until_next(office), 30, began)


def test_what_waits_for_room_at_its_endpoint_makes_nobody_turn_in_circles(office):
    office.endpoint(HOOK)
    office.events(9)
    office.release()
    began = time.monotonic()
    office.claim()

    assert_left(until_next(office), 8, began)


def test_a_look_at_an_empty_box_takes_no_lock(office):
    with office.app.app_context(), transaction() as session:
        outbox.queries.cursor_for_change(session)
        found = []
        looking = threading.Thread(target=lambda: found.append((office.release(), office.claim())))
        looking.start()
        looking.join(4)
        assert found == [(0, [])]
        assert db.session().info["gatepost.writing"]

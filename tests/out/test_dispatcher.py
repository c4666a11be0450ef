"""The loop itself: threads, faults, stopping, and many beside each other."""

import contextlib
import queue
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import (
    Attempt,
    Comment,
    Delivery,
    DeliveryState,
    Event,
    RateBucket,
    Status,
    SubmissionKey,
    Thread,
)
from service.db import db, transaction
from service.errors import UnavailableError
from service.housekeeping import tidy
from service.out.dispatcher import Dispatcher
from service.out.outbox import CAP
from service.out.result import Result
from service.queries import housekeeping
from tests.databases import bare_app
from tests.out.post_office import GOOD, PostOffice
from tests.out.receiver import PATIENCE, Reply
from tests.serving import pause

MARKED = "webhook attempted"


class RealClock:
    """The machine's clock, which can be set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@pytest.fixture
def clock():
    """Threads wait in real time, so this house's clock runs."""
    return RealClock()


@contextlib.contextmanager
def working(office, *, send=None, drain=PATIENCE, **options):
    """A dispatcher that runs until the block ends."""
    dispatcher = Dispatcher(office.app.app_context, office.house, send or office.send, **options)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop(drain)


# Delivering


def test_what_was_committed_before_a_crash_goes_out_after_the_start(office, receiver, journal):
    office.endpoint(receiver.url("/hook"))
    sent = office.events(200)  # nobody was woken for these

    with working(office):
        journal.wait_for(MARKED, 200)

    assert sorted(request.message_id for request in receiver.received) == sorted(sent)
    assert set(office.states()) == {DeliveryState.DONE}


def test_a_woken_dispatcher_does_not_wait_for_its_poll(office, receiver, journal):
    slow = PostOffice(office.app, office.house.settings.database, office.clock, poll_interval=60)
    slow.endpoint(receiver.url("/hook"))

    with working(slow) as dispatcher:
        slow.event()
        dispatcher.wake()
        journal.wait_for(MARKED)

    assert len(receiver.received) == 1


def test_a_held_event_leaves_when_its_hold_ends_though_the_poll_is_far_off(
    office, receiver, journal
):
    slow = PostOffice(office.app, office.house.settings.database, office.clock, poll_interval=60)
    slow.endpoint(receiver.url("/hook"))
    slow.event(hold=0.5)
    leaves = slow.clock() + timedelta(seconds=0.5)

    with working(slow):
        journal.wait_for(MARKED)

    attempt = slow.the(Attempt)
    assert timedelta() <= attempt.at - leaves < timedelta(seconds=5)


def test_a_failed_delivery_is_tried_again_by_itself_when_it_is_due(office, receiver, journal):
    receiver.script("/hook", [Reply(500), Reply(200)])
    office.endpoint(receiver.url("/hook"))
    office.event()

    with working(office) as dispatcher:
        journal.wait_for(MARKED)
        office.elapse(6)
        dispatcher.wake()
        journal.wait_for(MARKED)

    assert office.states() == [DeliveryState.DONE]
    assert [attempt.status for attempt in office.attempts()] == [500, 200]


def time_of_95(received):
    """Seconds from the first of 100 requests to the 96th."""
    moments = sorted(one.at for one in received)
    assert len(moments) == 100
    return moments[95] - moments[0]


def test_a_hanging_receiver_neither_delays_the_good_one_nor_exceeds_its_cap(
    office, receiver, journal
):
    receiver.script("/hanging", [Reply(gate=receiver.gate())])
    hanging = office.endpoint(receiver.url("/hanging"))
    good = office.endpoint(receiver.url("/good"), types=["comment.approved"])
    office.events(100, endpoint_id=good)
    with working(office) as dispatcher:
        journal.wait_for(MARKED, 100)
        alone = time_of_95(receiver.at("/good"))

        office.events(16, endpoint_id=hanging)
        office.events(100, endpoint_id=good)
        dispatcher.wake()
        done = 0
        while done < 100:
            [line] = journal.wait_for(MARKED)
            done += line.status == 200

    assert time_of_95(receiver.at("/good")[100:]) < 5 * alone
    assert receiver.peak["/hanging"] <= CAP
    assert receiver.peak["/good"] <= CAP
    assert {one.error for one in office.attempts() if one.status is None} <= {"timeout"}


def test_the_cap_holds_while_a_backlog_drains(office, receiver, journal):
    gate = receiver.gate()
    receiver.script("/hook", [Reply(gate=gate)])
    office.endpoint(receiver.url("/hook"))
    office.events(60)

    with working(office):
        receiver.wait_for(CAP)
        assert office.states().count(DeliveryState.LEASED) == CAP
        gate.set()
        journal.wait_for(MARKED, 60)

    assert receiver.peak["/hook"] == CAP


# Side by side


@pytest.mark.parametrize("number", [2, 5])
def test_several_workers_share_the_work_without_repeating_any(office, receiver, journal, number):
    for place in range(5):
        office.endpoint(receiver.url(f"/{place}"))
    sent = office.events(60)

    with contextlib.ExitStack() as workers:
        for _ in range(number):
            app = workers.enter_context(bare_app(office.house.settings.database))
            beside = Dispatcher(app.app_context, office.house, office.send)
            workers.callback(beside.stop, PATIENCE)
            beside.start()
        journal.wait_for(MARKED, 300)

    assert len(receiver.received) == 300
    assert all(len({one.message_id for one in receiver.at(f"/{n}")}) == 60 for n in range(5))
    assert {one.message_id for one in receiver.received} == set(sent)
    assert max(receiver.peak.values()) <= CAP
    assert set(office.states()) == {DeliveryState.DONE}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_one_dispatcher_works_and_the_next_takes_over_when_it_stops(
    office, receiver, journal
):
    office.endpoint(receiver.url("/hook"))
    first = Dispatcher(office.app.app_context, office.house, office.send)
    second = Dispatcher(office.app.app_context, office.house, office.send)

    assert first.turn() <= office.house.settings.poll_interval
    office.event()
    second.turn()
    assert office.states() == []

    first.stop(PATIENCE)
    second.turn()
    journal.wait_for(MARKED)
    second.stop(PATIENCE)
    assert office.states() == [DeliveryState.DONE]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_a_turn_that_takes_longer_than_a_lease_is_left_to_whom_it_is(office):
    house = replace(office.house, settings=replace(office.house.settings, delivery_lease=1.0))
    begun, over = threading.Event(), threading.Event()

    def chore(_house):
        begun.set()
        assert over.wait(PATIENCE)
        return 0

    busy = Dispatcher(office.app.app_context, house, office.send, chores=[(60.0, chore)])
    beside = Dispatcher(office.app.app_context, house, office.send)
    busy.start()
    assert begun.wait(PATIENCE)
    office.event()
    end = time.monotonic() + 1.8
    while time.monotonic() < end:
        beside.turn()
        pause(0.1)
    assert office.rows(Event, Event.position.is_not(None)) == []
    over.set()
    busy.stop(PATIENCE)
    beside.stop(PATIENCE)


def test_a_worker_stopped_past_its_lease_is_fenced_off(office, receiver, journal):
    gate = receiver.gate()
    receiver.script("/hook", [Reply(gate=gate), Reply(200)])
    office.endpoint(receiver.url("/hook"))
    office.event()

    with working(office) as dispatcher:
        receiver.wait_for(1)
        office.elapse(8.1)
        dispatcher.wake()
        receiver.wait_for(1)
        journal.wait_for(MARKED)
        gate.set()
        journal.wait_for(MARKED)

    assert office.states() == [DeliveryState.DONE]
    assert sorted(attempt.lease_lost for attempt in office.attempts()) == [False, True]
    assert len({request.message_id for request in receiver.received}) == 1


# Faults inside


class Fickle:
    """A context that fails its first few times, as a database does that is away."""

    def __init__(self, real, failures: int) -> None:
        self.real = real
        self.left = failures

    @contextlib.contextmanager
    def __call__(self):
        if threading.current_thread().name.startswith("delivery") and self.left:
            self.left -= 1
            raise UnavailableError("away")
        with self.real():
            yield


def test_a_result_is_kept_until_the_database_is_back(office, receiver, journal):
    office.endpoint(receiver.url("/hook"))
    office.event()
    context = Fickle(office.app.app_context, 2)
    dispatcher = Dispatcher(context, office.house, office.send)

    dispatcher.start()
    journal.wait_for(MARKED)
    dispatcher.stop(PATIENCE)

    assert (context.left, len(receiver.received)) == (0, 1)
    assert office.states() == [DeliveryState.DONE]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_loop_goes_on_when_the_database_was_away(office, receiver, journal):
    office.endpoint(receiver.url("/hook"))
    kill = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    with working(office) as dispatcher:
        for _ in range(5):
            with office.app.app_context(), transaction() as session:
                session.execute(kill)
            office.event()
            dispatcher.wake()
        journal.wait_for(MARKED, 5)

    assert office.states() == [DeliveryState.DONE] * 5


def test_a_fault_of_our_own_counts_as_an_attempt_and_stops_nobody(office, receiver, journal):
    broken, good = office.endpoint("http://127.0.0.1/x"), office.endpoint(receiver.url("/good"))
    office.event()

    def send(claimed):
        if claimed.endpoint_row == broken:
            raise ZeroDivisionError
        return office.send(claimed)

    with working(office, send=send):
        journal.wait_for(MARKED, 2)

    errors = {one.endpoint_id: one.state for one in office.rows(Delivery)}
    assert errors == {broken: DeliveryState.DUE, good: DeliveryState.DONE}
    assert sorted(attempt.error for attempt in office.attempts()) == ["", "internal"]


def test_a_chore_that_fails_keeps_no_delivery_waiting(office, receiver, journal):
    office.endpoint(receiver.url("/hook"))
    office.event()
    asked = []

    def chore(house):
        asked.append(house)
        raise UnavailableError("away")

    with working(office, chores=[(60.0, chore)]):
        journal.wait_for(MARKED)

    assert asked == [office.house]
    assert office.states() == [DeliveryState.DONE]


def test_a_chore_is_repeated_at_once_while_it_finds_full_batches(office):
    found = [housekeeping.BATCH, housekeeping.BATCH, 3]
    empty = threading.Event()

    def chore(house):
        number = found.pop(0)
        if not found:
            empty.set()
        return number

    with working(office, chores=[(3600.0, chore)]):
        assert empty.wait(PATIENCE)

    assert found == []


# Stopping


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_chore_that_was_woken_too_early_is_owed_and_waits_for_no_poll(office):
    slow = PostOffice(office.app, office.house.settings.database, office.clock, poll_interval=60)
    done = queue.Queue()

    def chore(_house):
        done.put(None)
        return 0

    with working(slow, chores=((0.2, chore),)) as dispatcher:
        done.get(timeout=PATIENCE)
        dispatcher.wake()
        done.get(timeout=PATIENCE)


def test_stopping_lets_attempts_under_way_end(office, receiver):
    gate = receiver.gate()
    receiver.script("/hook", [Reply(gate=gate)])
    office.endpoint(receiver.url("/hook"))
    office.events(3)

    with working(office):
        receiver.wait_for(3)
        gate.set()

    assert office.states() == [DeliveryState.DONE] * 3


def test_stopping_gives_back_what_did_not_end_in_time(office, receiver):
    receiver.script("/hook", [Reply(gate=receiver.gate())])
    office.endpoint(receiver.url("/hook"))
    office.event()

    with working(office, drain=0):
        receiver.wait_for(1)

    delivery = office.the(Delivery)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DUE, 0)
    assert delivery.due_at <= office.now()


def test_stopping_one_that_was_never_started_is_quiet(office):
    Dispatcher(office.app.app_context, office.house, office.send).stop(0)


def test_stopping_under_load_never_hangs_and_loses_nothing(office):
    for _ in range(8):
        office.endpoint("http://127.0.0.1:9/hook")
    office.events(20)
    entered: queue.Queue[None] = queue.Queue()

    def send(claimed) -> Result:
        entered.put(None)
        return GOOD

    for _ in range(5):
        with working(office, send=send), contextlib.suppress(queue.Empty):
            entered.get(timeout=1)

    assert DeliveryState.LEASED not in office.states()
    assert all(one.attempts <= 1 for one in office.rows(Delivery))


# Housekeeping


def test_old_buckets_go_five_hundred_at_a_time_and_young_ones_stay(office):
    now = office.clock()
    ages = [timedelta(hours=49)] * 501 + [timedelta(hours=47)]
    with office.app.app_context(), transaction() as session:
        session.add_all(
            RateBucket(network=number.to_bytes(16), tokens=1.0, filled_at=now - age)
            for number, age in enumerate(ages)
        )

    with office.app.app_context():
        gone = [tidy(office.house) for _ in range(3)]

    assert gone == [500, 1, 0]
    with office.app.app_context():
        assert db.session.scalars(sa.select(RateBucket.network)).all() == [(501).to_bytes(16)]


def test_submission_keys_go_after_their_hours(office):
    now = office.clock()
    thread = office.add(Thread(site_id=office.site, page="/p", created_at=now))
    comment = office.add(
        Comment(
            public_id="c1",
            site_id=office.site,
            thread_id=thread,
            status=Status.PENDING,
            name="n",
            text="t",
            reasons=[],
            signals={},
            likeness=b"l" * 16,
            created_at=now,
        )
    )
    for number, hours in enumerate((23, 25)):
        office.add(
            SubmissionKey(
                site_id=office.site,
                kind="form",
                key=bytes([number]) * 32,
                fingerprint=b"f" * 32,
                comment_id=comment,
                created_at=now - timedelta(hours=hours),
            )
        )

    with office.app.app_context():
        gone = tidy(office.house)

    assert (gone, office.the(SubmissionKey).key) == (1, bytes(32))

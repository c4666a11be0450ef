"""Sent again: one delivery, what failed since a day, all of a range; whoever dies in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import (
    Comment,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Event,
    EventCursor,
    EventType,
    Origin,
    Outcome,
    ReplayJob,
    ReplayOnly,
    Status,
    Thread,
)
from service.db import db, transaction
from service.errors import ConflictError, InvalidError, NotFoundError
from service.queries import deliveries as queries
from service.webhooks import deliveries
from service.webhooks.deliveries import MOST, Wanted
from tests.out.post_office import GOOD, REFUSED, answered
from tests.out.receiver import Reply
from tests.out.test_breaker import fail

HOOK = "http://127.0.0.1:9/hook"
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(office):
    return Desk(office)


class Desk:
    """An owner at his endpoint: what he has sent again."""

    def __init__(self, office):
        self.office = office

    def one(self, delivery):
        with self.office.app.app_context():
            return deliveries.replay_one(self.office.house, self.office.site, delivery.public_id)

    def since(self, endpoint, only=ReplayOnly.FAILED, *, since=-HOUR, until=HOUR):
        with self.office.app.app_context():
            return deliveries.replay_since(
                self.office.house, self.office.site, self.name(endpoint), *self.span(since, until),
                only,
            )  # fmt: skip

    def number(self, endpoint, only=ReplayOnly.FAILED, *, since=-HOUR, until=HOUR):
        with self.office.app.app_context():
            return deliveries.number_of_replay(
                self.office.site, self.name(endpoint), Wanted(*self.span(since, until), only)
            )

    def stop(self, endpoint, job):
        with self.office.app.app_context():
            return deliveries.stop_replay(
                self.office.house, self.office.site, self.name(endpoint), job.public_id
            )

    def go_on(self):
        with self.office.app.app_context():
            return deliveries.go_on(self.office.house)

    def name(self, endpoint):
        return self.office.rows(Endpoint, Endpoint.id == endpoint)[0].public_id

    def span(self, since, until):
        return self.office.clock() + since, self.office.clock() + until

    def again(self):
        """(event, which time) of what was made by replays."""
        return [
            (one.event_id, one.replay)
            for one in self.office.rows(Delivery, Delivery.origin == Origin.REPLAY)
        ]


def put_all(office, state):
    office.change(Delivery, state=state)


def took(office):
    """The receiver took all that was sent again so far."""
    with office.app.app_context(), transaction() as session:
        again = sa.update(Delivery).where(Delivery.origin == Origin.REPLAY)
        session.execute(again.values(state=DeliveryState.DONE))


# One


def test_a_delivery_sent_again_has_the_same_id_a_new_time_and_a_row_of_its_own(
    office, desk, receiver
):
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.round()
    office.clock.move(minutes=10)

    made = desk.one(office.the(Delivery))
    office.round()

    first, second = receiver.received
    assert first.message_id == second.message_id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    old, new = office.rows(Delivery)
    assert (old.origin, old.replay, new.origin, new.replay) == (Origin.AUTO, 0, Origin.REPLAY, 1)
    assert (new.public_id, new.state) == (made.public_id, DeliveryState.DONE)
    assert [one.delivery_id for one in office.attempts()] == [old.id, new.id]


def test_one_that_waits_for_its_next_attempt_is_brought_forward_instead_of_doubled(office, desk):
    office.endpoint(HOOK)
    office.event()
    office.round(REFUSED)

    desk.one(office.the(Delivery))
    [claimed] = office.claim()

    assert (office.the(Delivery).replay, claimed.attempt) == (0, 2)


def test_one_that_is_under_way_or_goes_nowhere_is_not_sent_again(office, desk):
    office.endpoint(HOOK)
    office.event()
    office.release()
    office.claim()

    with pytest.raises(ConflictError, match="under way"):
        desk.one(office.the(Delivery))
    put_all(office, DeliveryState.DEAD)
    office.change(Endpoint, state=EndpointState.PAUSED)
    with pytest.raises(ConflictError, match="Resume"):
        desk.one(office.the(Delivery))
    office.site = office.add_site()
    with pytest.raises(NotFoundError):
        desk.one(office.the(Delivery))
    assert len(office.rows(Delivery)) == 1


def test_one_sent_again_passes_an_open_breaker_once_and_does_not_lengthen_it(office, desk):
    office.endpoint(HOOK)
    fail(office, 5)
    office.event()
    office.release()
    paused_until = office.the(Endpoint).open_until
    dead = office.rows(Delivery)[0]

    made = desk.one(dead)
    [claimed] = office.claim()
    office.mark(claimed, REFUSED)

    assert claimed.delivery_id == made.id
    assert office.the(Endpoint).open_until == paused_until
    assert office.claim() == []
    assert desk.one(dead).id == made.id
    [claimed] = office.claim()
    office.mark(claimed, GOOD)
    assert office.the(Endpoint).open_until is None
    assert len(office.claim()) == 1


def test_a_test_passes_an_open_breaker_too_and_goes_before_a_backlog(office):
    endpoint = office.endpoint(HOOK)
    fail(office, 5)
    office.events(7)

    office.event(type=EventType.PING, endpoint_id=endpoint)
    office.release()
    [claimed] = office.claim()

    last = office.rows(Delivery)[-1]
    assert (claimed.delivery_id, last.origin) == (last.id, Origin.TEST)


def test_what_goes_ahead_keeps_to_the_cap_of_its_endpoint(office, desk):
    office.endpoint(HOOK)
    office.events(6)
    office.release()
    first = office.claim()
    office.mark(first[0], GOOD)

    desk.one(office.rows(Delivery, Delivery.id == first[0].delivery_id)[0])
    [ahead] = office.claim()

    assert ahead.delivery_id == office.rows(Delivery)[-1].id
    desk.one(office.rows(Delivery)[-2])
    assert office.claim() == []


# Ranges


def test_what_failed_is_sent_again_once_and_what_arrived_is_not(office, desk):
    endpoint = office.endpoint(HOOK)
    office.events(4)
    office.release()
    good, dead, held, waiting = office.rows(Delivery)
    for row, state in (
        (good, DeliveryState.DONE), (dead, DeliveryState.DEAD), (held, DeliveryState.HELD),
    ):  # fmt: skip
        with office.app.app_context(), transaction() as session:
            session.get_one(Delivery, row.id).state = state

    assert desk.number(endpoint) == 2
    job = desk.since(endpoint)
    assert (desk.go_on(), desk.go_on()) == (2, 0)

    assert desk.again() == [(dead.event_id, 1), (held.event_id, 1)]
    assert office.the(ReplayJob).finished_at is not None
    assert (job.number, office.the(ReplayJob).number) == (0, 2)
    assert desk.number(endpoint) == 0  # they are on their way
    assert waiting.event_id not in dict(desk.again())


def test_what_was_missed_while_the_endpoint_was_off_failed_too(office, desk):
    before = office.event()
    office.release()
    office.clock.move(minutes=1)
    endpoint = office.endpoint(HOOK, state=EndpointState.DISABLED)
    office.event(type=EventType.SPAM)
    office.release()
    office.change(Endpoint, state=EndpointState.ACTIVE)

    assert (desk.number(endpoint), desk.number(endpoint, ReplayOnly.ALL)) == (1, 2)
    desk.since(endpoint, ReplayOnly.ALL)
    desk.go_on()

    events = {one.id: one.public_id for one in office.rows(Event)}
    first, _second = desk.again()
    assert (events[first[0]], first[1]) == (before, 0)


def test_a_range_keeps_to_its_time_the_wanted_types_and_its_site(office, desk):
    endpoint = office.endpoint(HOOK, types=["comment.approved"])
    office.event(occurred_at=office.clock() - 3 * HOUR)
    office.event(type=EventType.SPAM)
    office.event(type=EventType.PING, endpoint_id=endpoint)
    inside = office.event()
    office.event(occurred_at=office.clock() + 2 * HOUR)
    office.event(site_id=office.add_site())
    office.release()
    put_all(office, DeliveryState.DONE)

    desk.since(endpoint, ReplayOnly.ALL)
    desk.go_on()

    [event] = office.rows(Event, Event.public_id == inside)
    assert desk.again() == [(event.id, 1)]


def test_an_event_that_was_held_back_long_is_found_by_the_time_it_occurred(office, desk):
    endpoint = office.endpoint(HOOK)
    office.event(occurred_at=office.clock() - HOUR)  # held for an hour, released with the next
    office.event(occurred_at=office.clock() - 2 * HOUR)
    office.release()
    put_all(office, DeliveryState.DONE)

    assert desk.number(endpoint, ReplayOnly.ALL, since=-HOUR) == 1


def test_a_replay_goes_on_by_a_hundred_and_waits_while_a_hundred_wait(office, desk):
    endpoint = office.endpoint(HOOK)
    office.events(230)
    while office.release():
        pass
    put_all(office, DeliveryState.DEAD)

    desk.since(endpoint)
    first = desk.go_on()
    waits = desk.go_on()
    took(office)
    more = desk.go_on()
    took(office)

    assert (first, waits, more, desk.go_on(), desk.go_on()) == (100, 0, 100, 30, 0)
    assert [row for row, _ in desk.again()] == [one.id for one in office.rows(Event)]


def test_a_replay_that_died_in_a_batch_repeats_nothing(office, desk):
    endpoint = office.endpoint(HOOK)
    office.events(3)
    office.release()
    put_all(office, DeliveryState.DEAD)
    desk.since(endpoint)

    names = iter(["the first", "the second"])  # and then it dies
    dying = replace(office.house, token=lambda _: next(names))

    with office.app.app_context(), pytest.raises(StopIteration):
        deliveries.go_on(dying)

    assert (desk.again(), office.the(ReplayJob).place) == ([], 0)
    assert desk.go_on() == 3


def test_what_happens_after_a_replay_was_asked_for_is_not_in_it(office, desk):
    endpoint = office.endpoint(HOOK)
    office.event()
    office.release()
    put_all(office, DeliveryState.DEAD)
    desk.since(endpoint)
    office.event()
    office.release()
    put_all(office, DeliveryState.DEAD)

    assert desk.go_on() == 1


def test_a_range_is_counted_no_further_than_one_replay_sends(office, desk):
    endpoint = office.endpoint(HOOK)
    now = office.clock()
    with office.app.app_context(), transaction() as session:
        session.execute(
            sa.insert(Event),
            [
                {
                    "public_id": f"evt_{number}", "site_id": office.site, "body": b"{}",
                    "type": EventType.APPROVED, "occurred_at": now, "release_at": now,
                    "position": number + 1,
                }
                for number in range(MOST + 5)
            ],
        )  # fmt: skip
    office.change(EventCursor, position=MOST + 5)

    assert desk.number(endpoint) == MOST + 1
    desk.since(endpoint)
    office.change(ReplayJob, number=MOST - 2)
    assert (desk.go_on(), desk.go_on()) == (2, 0)
    assert office.the(ReplayJob).number == MOST


def test_a_replay_is_stopped_ends_with_its_endpoint_and_there_is_one_at_a_time(office, desk):
    endpoint = office.endpoint(HOOK)
    office.event()
    office.release()
    put_all(office, DeliveryState.DEAD)

    job = desk.since(endpoint)
    with pytest.raises(ConflictError, match="not ended"):
        desk.since(endpoint)
    stopped = desk.stop(endpoint, job).finished_at
    office.clock.move(seconds=1)
    assert desk.stop(endpoint, job).finished_at == stopped
    assert desk.go_on() == 0
    desk.since(endpoint)
    office.change(Endpoint, state=EndpointState.DISABLED)
    assert desk.go_on() == 0
    assert all(one.finished_at for one in office.rows(ReplayJob))
    with pytest.raises(ConflictError, match="Resume"):
        desk.since(endpoint)
    with pytest.raises(InvalidError):
        desk.since(endpoint, since=HOUR, until=HOUR)


def test_what_was_said_before_an_erasure_is_not_sent_again_and_the_erasure_is(office, desk):
    endpoint = office.endpoint(HOOK)
    now = office.clock()
    thread = office.add(Thread(site_id=office.site, page="/p", created_at=now))
    comment = office.add(
        Comment(
            public_id="c", site_id=office.site, thread_id=thread, status=Status.TRASH, name="",
            text="", created_at=now, erased_at=now, reasons=[], signals={}, likeness=b"",
        )
    )  # fmt: skip
    office.event(comment_id=comment)
    office.event(comment_id=comment, type=EventType.ERASED)
    office.release()
    put_all(office, DeliveryState.DEAD)
    said, erased = office.rows(Delivery)

    with pytest.raises(ConflictError, match="erased"):
        desk.one(said)
    desk.since(endpoint)
    desk.go_on()

    assert desk.again() == [(erased.event_id, 1)]


def test_a_dead_endpoint_comes_back_and_gets_all_it_missed_by_the_same_ids(office, desk, receiver):
    receiver.script("/hook", [Reply(410)])
    endpoint = office.endpoint(receiver.url("/hook"))
    told = office.events(3)
    office.round()
    told += office.events(2)
    office.release()
    office.change(Endpoint, state=EndpointState.ACTIVE, streak=0)
    receiver.script("/hook", [Reply()])
    before = len(receiver.received)

    desk.since(endpoint)
    desk.go_on()
    while office.round():
        pass

    assert sorted(one.message_id for one in receiver.received[before:]) == sorted(told)


# The log


def test_the_log_says_how_the_last_attempt_went_and_is_filtered_and_paged(office):
    endpoint = office.endpoint(HOOK)
    for result in (GOOD, REFUSED, answered(500)):
        office.event(type=EventType.SPAM)
        office.release()
        [claimed] = office.claim()
        office.mark(claimed, result)
        office.clock.move(seconds=1)
    with office.app.app_context():

        def page(before=None, limit=2, **wanted):
            found = queries.deliveries_page(
                db.session(), office.site, endpoint, queries.LogFilter(**wanted),
                before=before, limit=limit,
            )  # fmt: skip
            return [delivery for delivery, _ in found]

        newest = page()
        assert [one.outcome for one in newest] == [Outcome.HTTP, Outcome.CONNECT]
        assert [one.outcome for one in page(newest[-1].public_id)] == [Outcome.OK]
        assert page("dlv_unknown") == []
        assert [one.id for one in page(outcome=Outcome.CONNECT)] == [newest[1].id]
        assert [one.id for one in page(state=DeliveryState.DONE)] == [newest[1].id - 1]
        assert page(type=EventType.APPROVED) == []
        assert [one.id for one in page(since=newest[0].created_at)] == [newest[0].id]
        assert [one.id for one in page(until=newest[1].created_at)] == [newest[1].id - 1]
        other = office.add_site()
        assert queries.deliveries_page(db.session(), other, endpoint) == []

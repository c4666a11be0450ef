"""An endpoint that fails for days: who hears of it, when it is given up, and what is lost: none."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta
from threading import Barrier

import pytest

from models import Delivery, DeliveryState, Endpoint, EndpointState, Moderator, Notice
from service.http.guarded import SendError
from service.mail import notices
from service.out.outbox import CAP, SCHEDULE, Result
from tests.databases import bare_app
from tests.out.mailbox import links, plain
from tests.out.owners import Owned
from tests.out.post_office import GOOD, REFUSED, answered
from tests.out.receiver import Reply
from tests.out.wishes import OFF
from tests.out.wishes import run as send_mail

HOOK = "http://127.0.0.1:9/hook"  # nobody is asked here: results are given by hand
BLOCKED = Result(None, SendError("blocked", "no"))


@pytest.fixture
def office(database_url, clock, mailbox):
    with bare_app(database_url) as app:
        yield Owned(app, database_url, clock, mailbox)


# 500 for two days ---------------------------------------------------------------------------------


def test_after_two_days_of_500_nothing_is_lost_and_no_attempt_was_wasted(office, receiver):
    receiver.script("/hook", [Reply(500)])
    office.endpoint(receiver.url("/hook"))
    first = office.event()
    began = office.clock()

    office.live(40)
    later = office.events(12)
    office.live(8)

    times = [moment - began for moment, event, _, _ in office.tried if event == first]
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert len(waits) == 7
    for wait, planned in zip(waits, SCHEDULE, strict=False):
        assert planned * 0.9 <= wait <= planned * 1.1 + timedelta(minutes=15)  # a rest may follow
    assert waits_of_rests(office) == []
    assert office.the(Endpoint).state is EndpointState.ACTIVE

    receiver.script("/hook", [Reply(200)])
    receiver.peak.clear()
    office.live(24)

    assert office.states() == [DeliveryState.DONE] * 13
    taken = {event for _, event, _, result in office.tried if result.good}
    assert taken == {first, *later}
    assert receiver.peak["/hook"] <= CAP


def waits_of_rests(office):
    """Attempts that came sooner after the fifth failure or a later one than a rest is long."""
    found, streak, last = [], 0, None
    for moment, _event, _attempt, _result in office.tried:
        rest = timedelta(seconds=min(30 * 2 ** (streak - 5), 900)) if streak >= 5 else timedelta()
        # PostgreSQL's own clock ran on while the test did.
        if last is not None and moment - last < rest * 0.95:
            found.append((moment, streak))
        streak, last = streak + 1, moment
    return found


# Dead for 120 hours -------------------------------------------------------------------------------


def test_owners_hear_at_1_24_and_96_hours_and_when_it_is_disabled_and_all_goes_out_later(
    office, receiver
):
    office.endpoint(receiver.url("/hook"))
    heard, hours, events = {}, 0.0, []
    for until in (0.9, 1.1, 23.9, 24.1, 50, 80, 95.9, 96.1, 119.9, 120.1, 144):
        if hours in (0, 50, 80, 96.1):
            events.append(office.event())
        office.live(until - hours, REFUSED)
        hours = until
        if subjects := office.told():
            heard[hours] = subjects

    assert list(heard) == [1.1, 24.1, 96.1, 120.1]
    words = ("failed for an hour", "failed for a day", "failed for four days", "disabled")
    for subjects, said in zip(heard.values(), words, strict=True):
        assert len(subjects) == 2  # Ana and Ines
        assert all(said in subject for subject in subjects)
    assert office.the(Endpoint).state is EndpointState.DISABLED
    assert office.states() == [DeliveryState.DEAD, *[DeliveryState.HELD] * 3]
    assert office.rows(Delivery)[0].attempts == 10

    events.append(office.event())  # also what happens meanwhile is kept
    office.deed("resume", held=True)
    office.work()

    assert [one.message_id for one in receiver.received] == events[1:]
    assert office.states()[1:] == [DeliveryState.DONE] * 4
    assert (office.the(Endpoint).failing_since, office.told()) == (None, [])


def test_the_mail_says_what_failed_since_when_and_links_to_where_it_stands(office):
    office.endpoint("https://hooks.example.org/services/s3cret?token=x")
    office.event()
    began = office.clock()
    office.live(1.1, answered(503))
    send_mail(office.app)

    message = office.mailbox.next()
    said = plain(message)
    assert message["Subject"].endswith("has failed for an hour: hooks.example.org")
    assert "The last time it answered 503." in said
    assert "s3cret" not in message.as_string()
    page = f"/endpoints/{office.the(Endpoint).public_id}"
    assert any(link.endswith(page) for link in links(message))
    assert message["List-Unsubscribe"] is None
    if office.house.settings.on_sqlite:  # elsewhere the server's own clock says when
        assert f"since {began.strftime('%-d %B %Y, %H:%M')} (UTC)" in said


def test_of_two_dispatchers_that_look_at_once_one_writes_the_mails(office):
    office.endpoint(HOOK)
    office.event()
    office.round(REFUSED)
    office.elapse(3700)
    both = Barrier(2)

    def look():
        both.wait()
        return office.look()

    with ThreadPoolExecutor(2) as pool:
        looked = [pool.submit(look), pool.submit(look)]
        assert sorted(one.result(30) for one in looked) == [0, 1]
    assert len(office.told()) == 2


def test_who_dies_while_the_mails_are_written_leaves_them_to_the_next_once(office):
    office.endpoint(HOOK)
    office.event()
    office.round(REFUSED)
    office.elapse(3700)
    numbers = list("abc")  # for the second owner's mail there is none

    with pytest.raises(IndexError):
        office.look(replace(office.house, token=lambda _length: numbers.pop()))
    assert office.rows(Notice) == []

    office.look()
    office.look()
    assert len(office.told()) == 2


def test_a_success_resets_it_all(office):
    office.endpoint(HOOK)
    office.event()
    office.live(30, REFUSED)
    assert len(office.told()) == 4
    office.live(20, GOOD)
    endpoint = office.the(Endpoint)
    assert (endpoint.streak, endpoint.failing_since, endpoint.check_at) == (0, None, None)
    assert office.states() == [DeliveryState.DONE]

    office.event()
    office.live(1.1, REFUSED)
    assert [subject for subject in office.told() if "an hour" in subject] != []


def test_a_mail_that_waited_until_all_was_well_again_is_not_sent(office):
    office.endpoint(HOOK)
    office.event()
    office.live(1.1, REFUSED)
    assert len(office.rows(Notice)) == 2
    office.live(10, GOOD)

    assert office.told() == []
    assert office.rows(Notice) == []


def test_a_few_failures_of_an_endpoint_that_hardly_anything_is_for_do_not_disable_it(office):
    office.endpoint(HOOK)
    office.event()
    asked = answered(503, retry_after="86400")
    office.live(130, asked)  # six attempts in five days: given up by its age

    assert office.the(Endpoint).state is EndpointState.ACTIVE
    assert [d.state for d in office.rows(Delivery)] == [DeliveryState.DEAD]
    assert office.the(Delivery).attempts == 6
    assert len(office.told()) == 3 * 2  # and at 120 hours nobody is told anything again
    office.event()
    office.live(3, REFUSED)  # now there are ten
    assert office.the(Endpoint).state is EndpointState.DISABLED


def test_owners_are_told_after_their_quiet_hours(office):
    ana = office.rows(Moderator)[0].id
    quiet = replace(OFF, quiet_from=time(11), quiet_until=time(18))
    with office.app.app_context():
        notices.wish(office.house, ana, office.site, quiet)
    office.endpoint(HOOK)
    office.event()
    office.live(1.1, REFUSED)

    due = [(one.due_at - office.clock()) for one in office.rows(Notice, Notice.moderator_id == ana)]
    assert [timedelta(hours=4.5) < wait < timedelta(hours=5) for wait in due] == [True]


# Blocked addresses --------------------------------------------------------------------------------


def test_three_blocked_addresses_in_a_row_pause_it_and_what_waits_goes_out_when_resumed(office):
    office.endpoint(HOOK)
    office.event()
    for result in (BLOCKED, BLOCKED, REFUSED, BLOCKED, BLOCKED):
        office.round(result)
        office.elapse(10_000)
    assert office.the(Endpoint).state is EndpointState.ACTIVE

    office.elapse(40_000)
    office.round(BLOCKED)

    endpoint = office.the(Endpoint)
    assert endpoint.state is EndpointState.PAUSED
    assert "private network" in endpoint.state_reason
    assert [subject.count("paused") for subject in office.told()] == [1, 1]
    office.event()
    office.elapse(9 * 86_400)
    assert office.round() == 0
    office.deed("resume")
    office.work(REFUSED)
    assert office.states() == [DeliveryState.DUE] * 2  # a pause uses up nobody's five days
    office.live(24, GOOD)
    assert office.states() == [DeliveryState.DONE] * 2

"""Who comes in at once and who waits; tickets and proofs count once; on both databases."""

import threading

import pytest

from models import Comment, RateBucket
from service.db import db
from service.errors import DuplicateError, InvalidError, TooManyError
from service.intake.admission import challenge_for
from service.intake.alarm import Alarm
from service.intake.tickets import issue
from service.queries.sites import site_by_slug
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.service.comments.test_submit import key, take
from tests.siege import PACE, proof_of, raise_alarm, take_all_turns


@pytest.fixture
def app(make_app, database_url):
    """The application on each kind of database; few comments alarm its site."""
    return make_app(database_url, **PACE)


@pytest.fixture
def ticket(app, clock):
    """The ticket of a form that was opened half a minute ago."""
    opened = issue(app.extensions[HOUSE], 1, "/amazon")
    clock.move(seconds=30)
    return opened


def signals(app):
    """What was recorded with the newest comment."""
    return rows(app, Comment)[-1].signals


def proof_for(app, ticket):
    """A solved challenge for a ticket."""
    with app.app_context():
        site = site_by_slug(db.session(), "blog")
        return proof_of(challenge_for(db.session(), app.extensions[HOUSE], site, ticket))


def test_a_ticket_proves_when_a_form_was_opened(app, ticket):
    take(app, ticket=ticket)
    assert signals(app)["ticket_age"] == 30


def test_a_ticket_sent_a_second_time_counts_as_missing(app, ticket):
    take(app, ticket=ticket)
    take(app, ticket=ticket, text="Another")
    assert [comment.signals["ticket_age"] for comment in rows(app, Comment)] == [30, None]


def test_the_same_submission_again_is_answered_though_its_ticket_is_used_up(app, ticket):
    raise_alarm(app, Alarm.SLOW)
    first = take(app, ticket=ticket, key=key())
    take_all_turns(app)
    assert take(app, ticket=ticket, key=key()) == first
    assert len(rows(app, Comment)) == 1


def test_a_repetition_is_never_charged(app, ticket):
    take(app, ticket=ticket, key=key())
    before = buckets(app)
    take(app, ticket=ticket, key=key())
    assert buckets(app) == before


def buckets(app):
    with app.app_context():
        return {row.network: row.tokens for row in db.session.query(RateBucket)}


def test_a_refused_submission_does_not_use_its_ticket_up(app, ticket):
    with pytest.raises(InvalidError):
        take(app, ticket=ticket, parent="gone")
    take(app)
    with pytest.raises(DuplicateError):
        take(app, ticket=ticket)
    take(app, ticket=ticket, text="Mended")
    assert signals(app)["ticket_age"] == 30


def test_who_waits_in_the_slow_lane_keeps_his_ticket_and_proof(app, ticket, clock):
    raise_alarm(app, Alarm.WORK)
    take_all_turns(app)
    with pytest.raises(TooManyError):
        take(app, ticket=ticket)
    take(app, ticket=ticket, proof=proof_for(app, ticket))
    assert len(rows(app, Comment)) == 1


def test_of_two_submissions_with_one_ticket_at_once_one_counts_as_ticketed(app, ticket):
    barrier = threading.Barrier(6)

    def race(number):
        barrier.wait(10)
        take(app, text=f"Comment {number}", ticket=ticket, network=bytes([number]) * 16)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    ages = [comment.signals["ticket_age"] for comment in rows(app, Comment)]
    assert sorted(ages, key=str) == [30, None, None, None, None, None]


def test_of_two_submissions_with_one_proof_at_once_one_is_freed(app, ticket):
    raise_alarm(app, Alarm.WORK)
    take_all_turns(app)
    barrier, proof, waiting = threading.Barrier(4), proof_for(app, ticket), []

    def race(number):
        barrier.wait(10)
        try:
            take(app, text=f"Comment {number}", ticket=ticket, proof=proof)
        except TooManyError as refusal:
            waiting.append(refusal.retry_after)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert waiting == [30, 30, 30]
    assert len(rows(app, Comment)) == 1


def test_a_network_that_floods_the_slow_lane_leaves_turns_to_others(make_app, database_url, clock):
    app = make_app(database_url, **{**PACE, "slow_per_minute": 8})
    raise_alarm(app, Alarm.WORK)
    waits = []
    for number in range(20):
        try:
            take(app, text=f"Buy now {number}", network=b"b" * 16)
        except TooManyError as refusal:
            waits.append(refusal.retry_after)
        clock.move(seconds=1)
    take(app, text="From a reader without JavaScript", network=b"r" * 16)

    assert (len(waits), waits[0]) == (19, 29)
    clock.move(seconds=29)
    take(app, text="Buy now", network=b"b" * 16)


BOTS = {
    "a replayed ticket": lambda app, ticket: {"ticket": used(app, ticket)},
    "a forged ticket": lambda _app, ticket: {"ticket": ticket[:-4] + "AAAA"},
    "a ticket of another page": lambda _app, ticket: {"ticket": ticket, "page": "/nile"},
    "a ticket of another site": lambda app, _ticket: {"ticket": of_another_site(app)},
    "a replayed proof": lambda app, ticket: {
        "proof": proof_for(app, ticket),
        "ticket": used(app, ticket),
    },
    "a proof for another ticket": lambda app, ticket: {
        "proof": proof_for(app, ticket),
        "ticket": issue(app.extensions[HOUSE], 1, "/amazon"),
    },
    "a proof without a ticket": lambda app, ticket: {"proof": proof_for(app, ticket)},
    "rubbish for a proof": lambda _app, ticket: {"proof": "e30=", "ticket": ticket},
}


def used(app, ticket):
    """Use a ticket up, with a proof, and return it."""
    take(app, text="The first with it", ticket=ticket, proof=proof_for(app, ticket))
    return ticket


def of_another_site(app):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    return issue(app.extensions[HOUSE], 2, "/amazon")


@pytest.mark.parametrize("shows", BOTS.values(), ids=BOTS)
def test_under_attack_a_bots_tricks_do_not_spare_it_the_slow_lane(app, ticket, shows):
    raise_alarm(app, Alarm.WORK)
    shown = shows(app, ticket)
    take_all_turns(app)
    with pytest.raises(TooManyError) as refusal:
        take(app, text="Buy now", **shown)
    assert refusal.value.retry_after == 30


@pytest.mark.parametrize(
    ("level", "waits"), [(Alarm.CALM, False), (Alarm.SLOW, True), (Alarm.WORK, True)]
)
def test_who_is_too_quick_waits_only_while_the_site_is_alarmed(app, level, waits):
    raise_alarm(app, level)
    take_all_turns(app)
    ticket = issue(app.extensions[HOUSE], 1, "/amazon")
    if waits:
        with pytest.raises(TooManyError):
            take(app, ticket=ticket)
        return
    take(app, ticket=ticket)
    assert signals(app)["quick"] is True


def test_who_did_the_work_is_not_too_quick_for_a_form_whose_age_nobody_knows(app):
    raise_alarm(app, Alarm.WORK)
    ticket = issue(app.extensions[HOUSE], 1, "/amazon")
    take(app, ticket=ticket, proof=proof_for(app, ticket))
    found = signals(app)
    assert (found["quick"], found["ticket_age"], found["alarm"]) == (False, None, "work")
    assert rows(app, Comment)[-1].note == ""

"""What is recorded about a comment beside its text; on both databases."""

from dataclasses import replace

import pytest

from models import Comment, Site, Status
from service.comments.moderate import Actor, decide
from service.comments.receipts import export
from service.comments.submit import is_blind, submit
from service.db import db, transaction
from service.intake.throwaway import is_throwaway
from service.learning.lessons import learn
from service.privacy import EmailAddress
from service.queries.sites import site_by_slug
from service.text.scoring import Scorer
from service.web.context import HOUSE
from tests.building import make_moderator, rows
from tests.service.comments.test_submit import SUBMISSION, take


def signals(app):
    """What was recorded with the newest comment."""
    return rows(app, Comment)[-1].signals


def test_what_the_door_saw_is_kept_with_what_the_house_knows(app_on_both):
    take(app_on_both, signals={"origin": True, "honeypot": False})
    found = signals(app_on_both)
    assert found == {
        "origin": True,
        "honeypot": False,
        "ticket_age": None,
        "quick": False,
        "alarm": "calm",
        "network_rate": 0.0,
        "thread_rate": 0,
        "first_timer": True,
        "approved_before": False,
        "disposable": False,
        "reply": False,
        "new_host": None,
        "memory": {"overlap": 0.0, "rejected_hosts": 0, "approved_hosts": 0},
    }


def test_an_author_is_new_once_and_known_when_he_was_approved(app_on_both):
    actor = Actor(make_moderator(app_on_both, "Ana"), [1])
    first = take(app_on_both)
    take(app_on_both, text="The second of mine.")
    assert signals(app_on_both)["first_timer"] is False
    assert signals(app_on_both)["approved_before"] is False
    with app_on_both.app_context():
        decide(app_on_both.extensions[HOUSE], actor, first.public_id, Status.APPROVED)
    take(app_on_both, text="The third of mine.")
    assert signals(app_on_both)["approved_before"] is True


def test_without_an_address_nothing_is_said_of_the_acquaintance(app):
    take(app, email=None)
    found = signals(app)
    assert (found["first_timer"], found["disposable"]) == (None, None)


@pytest.mark.parametrize(
    ("address", "throwaway"),
    [
        ("ann@mailinator.com", True),
        ("ann@inbox.mailinator.com", True),
        ("ann@MAILINATOR.com", True),
        ("ann@example.org", False),
        ("ann@about-mailinator-notes.org", False),
    ],
)
def test_throw_away_domains_are_known_with_what_lies_below_them(address, throwaway):
    assert is_throwaway(EmailAddress(address)) is throwaway


def test_the_pace_of_a_network_and_of_a_page_are_counted(make_app, sqlite_url, clock):
    app = make_app(sqlite_url, submissions_burst=100, submissions_per_minute=6)
    for number in range(5):
        take(app, text=f"Number {number}")
    found = signals(app)
    assert (found["network_rate"], found["thread_rate"]) == (4, 4)
    clock.move(minutes=11)
    take(app, text="Later")
    found = signals(app)
    assert (found["network_rate"], found["thread_rate"]) == (0, 0)


def test_a_link_to_a_host_never_seen_here_is_told_from_a_known_one(app_on_both):
    actor = Actor(make_moderator(app_on_both, "Ana"), [1])
    house = app_on_both.extensions[HOUSE]
    first = take(app_on_both, website="https://garden-notes.example.com/")
    assert signals(app_on_both)["new_host"] is True
    with app_on_both.app_context():
        decide(house, actor, first.public_id, Status.APPROVED)
        learn(house)
    take(app_on_both, text="Another", website="https://garden-notes.example.com/two")
    found = signals(app_on_both)
    assert found["new_host"] is False
    assert found["memory"]["approved_hosts"] == 1


def test_an_author_is_never_told_of_others_or_of_a_verdict_on_them(app):
    accepted = take(app)
    with app.app_context():
        told = export(app.extensions[HOUSE], accepted.receipt)["signals"]
    assert set(told) == {
        "origin",
        "ticket_age",
        "quick",
        "first_timer",
        "approved_before",
        "disposable",
        "reply",
    }


def test_about_one_comment_in_fifty_belongs_to_the_blind_sample_and_none_when_switched_off(app):
    house = app.extensions[HOUSE]
    assert not any(is_blind(house, f"comment{number}") for number in range(1000))
    usual = replace(house, settings=replace(house.settings, blind_sample=0.02))
    chosen = sum(is_blind(usual, f"comment{number}") for number in range(20_000))
    assert 300 < chosen < 500
    everything = replace(house, settings=replace(house.settings, blind_sample=1.0))
    assert all(is_blind(everything, f"comment{number}") for number in range(1000))


def test_a_blind_comment_is_never_filed_by_a_rule(make_app, sqlite_url):
    app = make_app(sqlite_url, blind_sample=1.0)
    with app.app_context(), transaction() as session:
        site = session.get_one(Site, 1)
        site.stored_policy = replace(site.policy, spam_tray_at=0.0).to_json()
    take(app)
    comment = rows(app, Comment)[-1]
    assert (comment.status, comment.blind) == (Status.PENDING, True)
    assert comment.probability is not None


def test_a_failing_check_still_records_what_was_seen(app):
    class Broken:
        name = "broken"

        def score(self, *_arguments):
            raise ZeroDivisionError

    house = replace(app.extensions[HOUSE], scorer=Scorer(Broken()))
    with app.app_context():
        submit(house, site_by_slug(db.session(), "blog"), SUBMISSION)
    comment = rows(app, Comment)[-1]
    assert comment.probability is None
    assert comment.signals["first_timer"] is True

"""Form tickets: what a good one says, and what is none."""

from dataclasses import replace

import pytest

from models import RateBucket
from service.db import db, transaction
from service.housekeeping import tidy
from service.intake.tickets import check, issue, spend, spent
from service.web.context import HOUSE


@pytest.fixture
def house(app):
    return app.extensions[HOUSE]


def test_a_ticket_says_how_long_its_form_was_open(house, clock):
    ticket = issue(house, 1, "/amazon")
    clock.move(seconds=95)

    assert check(house, 1, "/amazon", ticket).age == 95


def test_two_forms_opened_at_once_have_two_tickets(house):
    assert issue(house, 1, "/amazon") != issue(house, 1, "/amazon")


@pytest.mark.parametrize(
    ("hours", "good"), [(0, True), (23.99, True), (24, False), (48, False), (-0.01, False)]
)
def test_a_ticket_is_good_for_its_hours_and_never_before_it_was_issued(house, clock, hours, good):
    ticket = issue(house, 1, "/amazon")
    clock.move(hours=hours)

    assert (check(house, 1, "/amazon", ticket) is not None) is good


@pytest.mark.parametrize(
    ("site", "page"), [(2, "/amazon"), (1, "/nile"), (11, "/amazon"), (1, "/amazon|"), (1, "")]
)
def test_a_ticket_of_another_site_or_page_is_none(house, site, page):
    assert check(house, site, page, issue(house, 1, "/amazon")) is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: "",
        lambda _: "x" * 100_000,
        lambda ticket: ticket + "A",
        lambda ticket: ticket[:-1],
        lambda ticket: ticket[:-1] + ("A" if ticket[-1] != "A" else "Q"),
        lambda ticket: ticket.replace("1.", "2.", 1),
        lambda ticket: ticket.replace("1.", "99999.", 1),
        lambda ticket: "1.99999999999999." + ticket.split(".", 2)[2],
        lambda ticket: "1." + "\u0661" * 13 + "." + ticket.split(".", 2)[2],
        lambda ticket: f" {ticket}",
        lambda ticket: f"{ticket}\n",
    ],
    ids=[
        "missing",
        "endless",
        "longer",
        "shorter",
        "another sign",
        "another key",
        "a key there never was",
        "another time",
        "digits of another script",
        "a space",
        "a line's end",
    ],
)
def test_a_forged_ticket_is_none(house, forge):
    assert check(house, 1, "/amazon", forge(issue(house, 1, "/amazon"))) is None


def test_a_ticket_tells_neither_site_nor_page(house):
    assert "amazon" not in issue(house, 1, "/amazon")


def test_a_ticket_is_used_up_once(app_on_both):
    house = app_on_both.extensions[HOUSE]
    ticket = check(house, 1, "/amazon", issue(house, 1, "/amazon"))
    other = check(house, 1, "/amazon", issue(house, 1, "/amazon"))
    with app_on_both.app_context():
        assert not spent(db.session(), ticket)
        with transaction() as session:
            assert spend(session, ticket)
        with transaction() as session:
            assert not spend(session, ticket)
        assert spent(db.session(), ticket)
        assert not spent(db.session(), other)


def test_a_used_ticket_is_remembered_as_long_as_it_would_be_good(app, clock):
    usual = app.extensions[HOUSE]
    house = replace(usual, settings=replace(usual.settings, ticket_hours=24 * 7))
    ticket = check(house, 1, "/amazon", issue(house, 1, "/amazon"))
    with app.app_context():
        with transaction() as session:
            spend(session, ticket)
        clock.move(days=6, hours=23)
        tidy(house)
        assert spent(db.session(), ticket)
        clock.move(days=3)
        tidy(house)
        assert db.session.query(RateBucket).count() == 0

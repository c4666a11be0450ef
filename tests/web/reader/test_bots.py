"""Bots are held up and people are not refused: every sender at every level of alarm."""

import pytest

from models import Comment
from service.intake.alarm import Alarm
from service.web.forms import HONEYPOT
from tests.building import COMMENT, ORIGIN, rows
from tests.conftest import visitor
from tests.siege import PACE, get_ticket, raise_alarm, take_all_turns
from tests.web.desk import COMMENTS, JSON, send, send_json, set_policy, site_of, typed_in
from tests.web.staff import hire, sign_in


@pytest.fixture
def app(make_app, sqlite_url):
    """The application; few comments alarm its site."""
    return make_app(sqlite_url, **PACE)


def with_a_password_manager(client, clock):
    ticket = hosted_ticket(client)
    clock.move(seconds=0.4)
    return {"ticket": ticket}, {"Origin": "https://comments.example.org"}


def with_a_screen_reader(client, clock):
    ticket = hosted_ticket(client)
    clock.move(hours=5)
    return {"ticket": ticket}, {"Origin": "https://comments.example.org"}


def from_an_old_cached_page(client, clock):
    ticket = hosted_ticket(client)
    clock.move(hours=30)
    return {"ticket": ticket}, {"Origin": "https://comments.example.org"}


def without_javascript(_client, _clock):
    return {}, {"Origin": ORIGIN}


def with_a_privacy_extension(_client, _clock):
    return {}, {"Origin": "null"}


def hosted_ticket(client):
    return typed_in(client.get("/s/blog/form?page=/amazon").text)["ticket"]


AT_ONCE = {
    with_a_password_manager: {Alarm.CALM},
    with_a_screen_reader: {Alarm.CALM, Alarm.SLOW},
    from_an_old_cached_page: {Alarm.CALM},
    without_javascript: {Alarm.CALM},
    with_a_privacy_extension: {Alarm.CALM},
}
"""Senders, and the levels at which they wait for nothing; elsewhere a wait is all there is."""


@pytest.mark.parametrize("sender", AT_ONCE, ids=lambda sender: sender.__name__)
@pytest.mark.parametrize("level", Alarm)
@pytest.mark.parametrize("program", [False, True], ids=["page", "program"])
def test_nobody_is_refused_for_ever(app, client, clock, sender, level, program):
    fields, headers = sender(client, clock)
    raise_alarm(app, level)
    take_all_turns(app)
    post, done = (send_json, 202) if program else (send, 303)

    answer = post(client, headers, **fields)
    if level not in AT_ONCE[sender]:
        assert answer.status_code == 429
        clock.move(seconds=int(answer.headers["Retry-After"]))
        answer = post(client, headers, **fields)
    assert answer.status_code == done


@pytest.mark.parametrize("sender", AT_ONCE, ids=lambda sender: sender.__name__)
def test_the_page_that_asks_to_wait_can_be_sent_as_it_is(app, client, clock, sender):
    fields, headers = sender(client, clock)
    raise_alarm(app, Alarm.WORK)
    take_all_turns(app)

    page = send(client, headers, **fields)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "30")
    assert (
        "Many comments are being sent just now. Yours is not lost: send it again in 30 seconds."
        in page.text
    )
    kept = typed_in(page.text)
    assert {name: kept[name] for name in COMMENT} == COMMENT
    clock.move(seconds=30)
    again = client.post(COMMENTS, data=kept, headers={"Origin": "https://comments.example.org"})
    assert again.status_code == 303
    assert rows(app, Comment)[0].signals["ticket_age"] >= 30


def test_a_program_is_told_in_its_own_words_when_to_come_again(app, client):
    set_policy(app, site_of(app), under_attack=True)
    take_all_turns(app)

    answer = send_json(client, {"Origin": ORIGIN})
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert answer.headers["Retry-After"] == "30"
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


def test_the_wait_is_over_when_it_was_said_to_be_and_no_later(app, client, clock):
    set_policy(app, site_of(app), under_attack=True)
    take_all_turns(app)
    clock.move(seconds=7.3)
    wait = int(send(client).headers["Retry-After"])
    assert wait == 23
    clock.move(seconds=wait - 1)
    assert send(client).status_code == 429
    clock.move(seconds=1)
    assert send(client).status_code == 303


# The form's ticket ------------------------------------------------------------------------


def test_a_form_shown_again_keeps_its_ticket(client, clock):
    ticket = hosted_ticket(client)
    clock.move(minutes=10)

    assert typed_in(send(client, ticket=ticket, comment="").text)["ticket"] == ticket


@pytest.mark.parametrize(
    "old", [lambda _: "", lambda _: "rubbish", lambda ticket: ticket], ids=["none", "no", "old"]
)
def test_a_form_shown_again_without_a_good_ticket_gets_a_fresh_one(client, clock, old):
    ticket = hosted_ticket(client)
    clock.move(hours=25)
    again = typed_in(send(client, ticket=old(ticket), comment="").text)["ticket"]

    assert again not in ("", "rubbish", ticket)
    assert get_ticket(client, ticket=again)[0] == again


def test_a_form_for_no_page_of_the_site_comes_again_without_a_ticket(client):
    answer = send(client, page="https://elsewhere.example/", ticket="")

    assert (answer.status_code, typed_in(answer.text)["ticket"]) == (422, "")


# What a moderator sees ----------------------------------------------------------------------


@pytest.fixture
def queue(app):
    """The queue's page as a moderator reads it now."""
    moderator = visitor(app)
    hire(app, site_of(app))
    assert sign_in(moderator).status_code == 303
    return lambda address="/queue": moderator.get(address).text


def test_a_card_says_that_a_form_was_filled_in_too_quickly(client, clock, queue):
    ticket = hosted_ticket(client)
    clock.move(seconds=1.2)
    send(client, ticket=ticket)

    assert "The form was filled in within 2 s." in queue()


def test_a_card_says_both_that_it_was_quick_and_that_it_fell_for_the_honeypot(client, queue):
    send(client, **{"ticket": hosted_ticket(client), HONEYPOT: "x"})

    page = queue()
    assert "A field that people do not see was filled in." in page
    assert "The form was filled in within 1 s." in page


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (Alarm.SLOW, "came while many comments were being sent"),
        (Alarm.WORK, "came while the site was under attack"),
    ],
)
def test_a_card_says_that_the_site_was_alarmed(app, client, queue, level, words):
    send(client)
    assert words not in queue()
    raise_alarm(app, level)
    send(client, comment="Another")

    assert words in queue()


def test_a_usual_card_says_nothing_of_tickets(client, clock, queue):
    ticket = hosted_ticket(client)
    clock.move(minutes=2)
    send(client, ticket=ticket)

    assert "filled in" not in queue()


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (Alarm.CALM, "Comments come in at the usual pace."),
        (Alarm.SLOW, "Many comments came just now."),
        (Alarm.WORK, "Under attack: very many comments came just now."),
    ],
)
def test_the_sites_page_says_how_alarmed_it_is(app, queue, level, words):
    raise_alarm(app, level)

    assert words in queue("/sites/blog")


def test_the_sites_page_says_that_the_switch_is_on(app, queue):
    set_policy(app, site_of(app), under_attack=True)

    assert "Under attack: switched on." in queue("/sites/blog")


def test_nothing_of_it_shows_in_what_a_reader_gets(app, client, clock):
    raise_alarm(app, Alarm.SLOW)
    ticket = hosted_ticket(client)
    clock.move(minutes=1)
    answer = send_json(client, JSON, ticket=ticket)

    assert set(answer.json) == {"id", "status", "receipt", "message"}
    assert ticket not in answer.text

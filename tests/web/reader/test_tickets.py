"""GET /s/{site}/ticket: what a page's script gets, and who may read it."""

import pytest

from models import RateBucket
from service.db import db
from service.intake.alarm import Alarm
from tests.building import ORIGIN
from tests.conftest import visitor
from tests.siege import PACE, TICKET, get_ticket, proof_of, raise_alarm, take_all_turns
from tests.web.desk import JSON, send_json, set_policy, site_of


@pytest.fixture
def app(make_app, sqlite_url):
    """The application; few comments alarm its site."""
    return make_app(sqlite_url, **PACE)


def test_a_ticket_comes_without_a_challenge_while_the_site_is_not_under_attack(app, client):
    for level in (Alarm.CALM, Alarm.SLOW):
        raise_alarm(app, level)
        answer = client.get(TICKET, query_string={"page": "/amazon"})

        assert list(answer.json) == ["challenge", "ticket"]
        assert answer.json["challenge"] is None
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("by", ["a flood", "the owner"])
def test_under_attack_a_challenge_comes_with_it_and_its_solution_spares_the_wait(app, client, by):
    if by == "a flood":
        raise_alarm(app, Alarm.WORK)
    else:
        set_policy(app, site_of(app), under_attack=True)
    take_all_turns(app)
    ticket, challenge = get_ticket(client)

    assert send_json(client, ticket=ticket).status_code == 429
    answer = send_json(client, ticket=ticket, altcha=proof_of(challenge))
    assert answer.status_code == 202
    assert set(answer.json) == {"id", "status", "receipt", "message"}


def test_a_ticket_is_for_the_page_however_its_address_is_written(app, client):
    set_policy(app, site_of(app), under_attack=True)
    take_all_turns(app)
    address = f"{ORIGIN}/amazon"
    ticket, challenge = get_ticket(client, page=f"{address}?utm_source=x#comments")

    answer = send_json(client, page=address, ticket=ticket, altcha=proof_of(challenge))
    assert answer.status_code == 202


def test_a_ticket_that_is_good_is_kept_and_any_other_replaced(client, clock):
    first, _ = get_ticket(client)
    clock.move(hours=23)
    assert get_ticket(client, ticket=first)[0] == first
    assert get_ticket(client, page="/nile", ticket=first)[0] != first
    assert get_ticket(client, ticket="rubbish")[0] != "rubbish"
    clock.move(hours=1)
    assert get_ticket(client, ticket=first)[0] != first


def test_a_ticket_that_was_used_is_replaced(client):
    first, _ = get_ticket(client)
    send_json(client, ticket=first)

    assert get_ticket(client, ticket=first)[0] != first


def test_asking_for_a_ticket_stores_nothing(app, client):
    set_policy(app, site_of(app), under_attack=True)
    get_ticket(client)

    with app.app_context():
        assert db.session.query(RateBucket).count() == 0


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [(ORIGIN, ORIGIN), ("https://evil.example", None), ("null", None), (None, None)],
    ids=["the site's", "another", "null", "none"],
)
def test_only_scripts_of_the_sites_pages_can_read_it(client, origin, allowed):
    headers = {} if origin is None else {"Origin": origin}
    answer = client.get(TICKET, query_string={"page": "/amazon"}, headers=headers)

    assert answer.status_code == 200
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert "Origin" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("address", "page", "status"),
    [
        ("/s/nobody/ticket", "/amazon", 404),
        (TICKET, "", 422),
        (TICKET, "https://elsewhere.example/amazon", 422),
    ],
    ids=["no such site", "no page", "a page of another site"],
)
def test_a_ticket_for_no_page_of_ours_is_refused(client, address, page, status):
    answer = client.get(address, query_string={"page": page}, headers={**JSON, "Origin": ORIGIN})

    assert answer.status_code == status
    readable = answer.headers.get("Access-Control-Allow-Origin")
    assert readable == (None if status == 404 else ORIGIN)


def test_posting_to_it_is_refused(app):
    assert visitor(app).post(TICKET, data={"page": "/amazon"}).status_code == 405

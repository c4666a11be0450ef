"""The first owner: one token, one claim."""

import threading

import pytest

from models import Moderator
from service.app import create_app
from service.staff.passwords import hashed
from tests.building import rows
from tests.conftest import settings_of, visitor
from tests.databases import closing_all
from tests.web.staff import OWN_FORM, PASSWORD, fresh_setup

OWNER = {"name": "Ana", "email": "first@staff.example.org", "password": PASSWORD}


def claim(client, token, **changes):
    return client.post("/setup", data={**OWNER, "token": token, **changes}, headers=OWN_FORM)


def test_the_first_owner_claims_the_house_and_is_signed_in(app, client):
    answer = claim(client, fresh_setup(app))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sites")
    assert "Add your first site" in client.get("/sites").text
    assert rows(app, Moderator, Moderator.operator)[-1].email == OWNER["email"]


def test_after_the_claim_there_is_no_setup_page_and_no_second_claim(app, client):
    token = fresh_setup(app)
    claim(client, token)

    assert visitor(app).get("/setup").status_code == 404
    assert claim(visitor(app), token, email="second@staff.example.org").status_code == 404
    assert fresh_setup(app) is None


def test_a_wrong_code_keeps_everything_typed_but_claims_nothing(app, client):
    token = fresh_setup(app)
    answer = claim(client, "not the code")

    assert answer.status_code == 422
    assert "This is not the setup code" in answer.text
    assert 'value="first@staff.example.org"' in answer.text
    assert claim(client, token).status_code == 303


def test_a_wrong_code_and_a_wrong_field_are_named_together(app, client):
    fresh_setup(app)
    answer = claim(client, "not the code", name="", email="nobody", password="short")

    assert answer.status_code == 422
    for field in ("token", "name", "email", "password"):
        assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ana@xn--bcher-kva.example", "ana@bücher.example"),
        ("jose\u0301@staff.example.org", "josé@staff.example.org"),
        (" Ana@Staff.Example.ORG ", "ana@staff.example.org"),
    ],
)
def test_an_address_of_several_spellings_claims_and_signs_in(app, client, typed, kept):
    assert claim(client, fresh_setup(app), email=typed).status_code == 303
    assert rows(app, Moderator)[-1].email == kept

    for spelling in (typed, kept, kept.upper()):
        answer = visitor(app).post(
            "/login", data={"email": spelling, "password": PASSWORD}, headers=OWN_FORM
        )
        assert (ascii(spelling), answer.status_code) == (ascii(spelling), 303)


def test_a_password_is_hashed_with_two_passes_over_19_mib(tmp_path, sqlite_url):
    app = create_app(settings_of(tmp_path, sqlite_url))
    with closing_all(app), app.app_context():
        assert hashed(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_older_link_stops_working_when_a_fresh_one_is_printed(app, client):
    older, newer = fresh_setup(app), fresh_setup(app)

    assert claim(client, older).status_code == 422
    assert claim(client, newer).status_code == 303


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password password",
        "aaaaaaaaaaaaaaaaaaaa",
        "first first first",
        "abababababababababab",
    ],
)
def test_a_password_anybody_would_try_is_refused_with_the_reason(app, client, password):
    answer = claim(client, fresh_setup(app), password=password)

    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text


def test_of_two_claims_at_once_one_wins(app_on_both):
    token = fresh_setup(app_on_both)
    barrier = threading.Barrier(2)
    statuses = []

    def race(number):
        client = visitor(app_on_both)
        barrier.wait(10)
        answer = claim(client, token, email=f"racer{number}@staff.example.org")
        statuses.append(answer.status_code)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert sorted(statuses) == [303, 404]
    assert len(rows(app_on_both, Moderator, Moderator.email.like("racer%"))) == 1

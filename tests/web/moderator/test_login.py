"""Signing in and out."""

import pytest

from models import Site
from service.staff import passwords
from tests.building import rows
from tests.conftest import visitor
from tests.web.staff import OWN_FORM, PASSWORD, csrf_of, hire, sign_in, submit_form


@pytest.fixture
def ana(app):
    hire(app, rows(app, Site)[0])


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client, ana):
    answer = client.get("/queue?status=spam")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/login?next=/queue%3Fstatus%3Dspam",
    )
    answer = client.post(
        "/login",
        data={"email": "ana@staff.example.org", "password": PASSWORD, "next": "/queue?status=spam"},
        headers=OWN_FORM,
    )
    assert answer.headers["Location"] == "/queue?status=spam"


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(client, ana):
    wrong = sign_in(client, "Ana", "a wrong password here")
    unknown = sign_in(client, "Bob", "a wrong password here")

    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("ana@", "bob@") == unknown.text


def test_a_form_is_taken_up_to_the_cap_that_the_gate_names(client, ana):
    assert sign_in(client, "Ana", "a" * 200_000).status_code == 422
    assert sign_in(client, "Ana", "a" * 262_144).status_code == 413


def test_a_session_brought_along_does_not_live_on(client, ana):
    with client.session_transaction(base_url="https://comments.example.org") as session:
        session["planted"] = "by somebody else"
    sign_in(client)
    with client.session_transaction(base_url="https://comments.example.org") as session:
        assert "planted" not in session


def test_the_cookie_belongs_to_this_host_alone_and_to_no_script(client, ana):
    cookie = sign_in(client).headers["Set-Cookie"]

    assert cookie.startswith("__Host-gatepost=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_signing_out_ends_the_session(client, ana):
    sign_in(client)
    assert submit_form(client, "/logout").status_code == 303
    assert client.get("/queue").headers["Location"].startswith("/login")


def test_a_session_ends_after_a_long_pause(client, clock, ana):
    sign_in(client)
    clock.move(minutes=119)
    assert client.get("/queue").status_code == 200
    clock.move(hours=2)
    assert client.get("/queue").headers["Location"].startswith("/login")


def test_a_session_ends_after_half_a_day_however_busy_it_is(client, clock, ana):
    sign_in(client)
    for _ in range(11):
        clock.move(hours=1)
        assert client.get("/queue").status_code == 200
    clock.move(hours=1)
    assert client.get("/queue").headers["Location"].startswith("/login")


def test_too_many_tries_are_slowed_down(client, ana):
    statuses = [sign_in(client, "Ana", "a wrong password here").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    answer = sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "/\t/evil.example.com",
        "evil",
    ],
)
def test_after_signing_in_one_stays_in_the_house(client, ana, target):
    answer = client.post(
        "/login",
        data={"email": "ana@staff.example.org", "password": PASSWORD, "next": target},
        headers=OWN_FORM,
    )
    assert answer.headers["Location"] == "/queue"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(app, client, ana, headers):
    sign_in(client)
    token = csrf_of(client)
    answer = client.post("/logout", data={"csrf": token}, headers=headers)
    assert answer.status_code == 403
    assert client.get("/queue").status_code == 200


def test_a_form_without_the_sessions_token_changes_nothing(app, client, ana):
    sign_in(client)
    other = visitor(app)
    sign_in(other)
    for token in ("", "x", csrf_of(other), "ü"):
        answer = client.post("/logout", data={"csrf": token}, headers=OWN_FORM)
        assert answer.status_code == 403


def test_an_old_browser_that_sends_only_its_origin_is_served(client, ana):
    sign_in(client)
    answer = client.post(
        "/logout",
        data={"csrf": csrf_of(client)},
        headers={"Origin": "https://comments.example.org"},
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/s/blog/thread.json?page=/amazon", "/s/blog/form?page=/amazon", "/embed.js", "/healthz"],
)
def test_a_moderators_session_is_not_looked_at_where_readers_go(client, ana, path):
    sign_in(client)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


def test_who_would_wait_long_for_the_slow_hash_is_sent_away(client, ana, monkeypatch):
    monkeypatch.setattr(passwords, "HASHING_WAIT", 0.01)
    with passwords.HASHING:
        answer = sign_in(client)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert sign_in(client).status_code == 303

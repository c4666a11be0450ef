"""Moderators' sessions: listed, ended one by one or all, and dead once ended."""

import pytest

from models import AuditEntry, Moderator, Site, StaffSession
from service.db import transaction
from service.housekeeping import tidy
from service.staff.sessions import browser_name
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import BASE_URL, visitor
from tests.web.staff import PASSWORD, csrf_of, hire, sign_in, submit_form

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def ana(app_on_both):
    return hire(app_on_both, rows(app_on_both, Site)[0])


def signed_in(app, name="Ana", agent=FIREFOX):
    client = visitor(app)
    client.environ_base["HTTP_USER_AGENT"] = agent
    assert sign_in(client, name).status_code == 303
    return client


def is_in(client):
    return client.get("/queue").status_code == 200


def test_a_cookie_copied_before_signing_out_is_worth_nothing_after(app_on_both, ana):
    client, thief = signed_in(app_on_both), visitor(app_on_both)
    host = "comments.example.org"
    copied = client.get_cookie("__Host-gatepost", domain=host).value
    thief.set_cookie("__Host-gatepost", copied, secure=True, domain=host)
    assert thief.get("/queue").status_code == 200

    submit_form(client, "/logout")

    assert not is_in(thief)


def test_the_page_lists_the_sessions_and_marks_this_one(app_on_both, ana):
    signed_in(app_on_both, agent="Mozilla/5.0 (iPhone; CPU) Version/26.0 Safari/604.1")
    page = signed_in(app_on_both).get("/account").text

    assert "Safari on iPhone <span" in page
    assert "Firefox on Linux <strong>(this one)</strong>" in page


def test_one_session_is_ended_from_another(app_on_both, ana):
    here, there = signed_in(app_on_both), signed_in(app_on_both)
    first, second = rows(app_on_both, StaffSession)

    answer = submit_form(here, "/account/sessions", action="end", session=second.public_id)

    assert answer.headers["Location"] == "/account?done=ended"
    assert is_in(here)
    assert not is_in(there)
    told = rows(app_on_both, AuditEntry, AuditEntry.act == "account.session_end")
    assert [one.subject for one in told] == [{"session": second.public_id}]
    assert first.public_id != second.public_id


def test_all_others_are_ended_at_once_and_nobody_elses(app_on_both, ana):
    hire(app_on_both, rows(app_on_both, Site)[0], "Bob")
    here, bob = signed_in(app_on_both), signed_in(app_on_both, "Bob")
    others = [signed_in(app_on_both), signed_in(app_on_both)]

    submit_form(here, "/account/sessions", action="others")

    assert is_in(here)
    assert is_in(bob)
    assert not any(map(is_in, others))


def test_a_colleagues_session_is_not_there(app_on_both, ana):
    hire(app_on_both, rows(app_on_both, Site)[0], "Bob")
    here, bob = signed_in(app_on_both), signed_in(app_on_both, "Bob")
    his = rows(app_on_both, StaffSession)[-1].public_id

    answer = submit_form(here, "/account/sessions", action="end", session=his)

    assert answer.status_code == 404
    assert is_in(bob)


def test_when_a_session_was_seen_is_written_at_most_once_a_minute(app_on_both, clock, ana):
    client = signed_in(app_on_both)
    began = clock()
    for seconds in (59, 1, 59):
        clock.move(seconds=seconds)
        client.get("/queue")
    [row] = rows(app_on_both, StaffSession)

    assert (row.seen_at - began).total_seconds() == 60


def test_the_database_holds_no_id_of_a_session_and_no_network(app_on_both, ana):
    client = signed_in(app_on_both)
    with client.session_transaction(base_url=BASE_URL) as session:
        token = session["sid"]
    [row] = rows(app_on_both, StaffSession)

    kept = [repr(getattr(row, column.name)) for column in StaffSession.__table__.columns]
    assert not any(token in value or "127.0.0.1" in value for value in kept)


def test_who_may_not_sign_in_any_more_is_out_at_once(app_on_both, ana):
    client = signed_in(app_on_both)
    with app_on_both.app_context(), transaction() as session:
        session.get_one(Moderator, ana).active = False

    assert not is_in(client)
    assert sign_in(visitor(app_on_both)).status_code == 422


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(app_on_both, ana):
    here, there = signed_in(app_on_both), signed_in(app_on_both)

    answer = submit_form(here, "/account/password", password="boats rest until noon")

    assert answer.headers["Location"] == "/account?done=password"
    assert is_in(here)
    assert not is_in(there)
    assert sign_in(visitor(app_on_both), password=PASSWORD).status_code == 422
    assert sign_in(visitor(app_on_both), password="boats rest until noon").status_code == 303


@pytest.mark.parametrize("password", ["short", "password password", "fourteen chars"])
def test_a_password_that_will_not_do_changes_nothing(app, client, password):
    hire(app, rows(app, Site)[0])
    sign_in(client)

    answer = submit_form(client, "/account/password", password=password)

    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert sign_in(visitor(app)).status_code == 303


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/password", {"password": "boats rest until noon"}),
        ("/account/app", {"action": "start"}),
        ("/account/app", {"action": "remove"}),
        ("/account/passkeys", {"action": "add"}),
        ("/account/codes", {}),
    ],
)
def test_what_matters_most_asks_for_a_proof_of_the_last_15_minutes(
    app, client, clock, path, fields
):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    clock.move(minutes=15)

    answer = submit_form(client, path, **fields)

    assert answer.headers["Location"] == "/login/again?next=/account"
    assert "Prove it now" in client.get("/account").text


def test_proving_it_again_leads_on_to_where_one_wanted_to_go(app_on_both, clock, ana):
    client = signed_in(app_on_both)
    clock.move(minutes=15)
    form = {"next": "/account", "password": "not my password"}
    assert submit_form(client, "/login/again", **form).status_code == 422
    assert "Prove it now" in client.get("/account").text

    answer = submit_form(client, "/login/again", **{**form, "password": PASSWORD})

    assert answer.headers["Location"] == "/account"
    assert "Prove it now" not in client.get("/account").text
    elsewhere = {"next": "https://evil.example.com/", "password": PASSWORD}
    assert submit_form(client, "/login/again", **elsewhere).headers["Location"] == "/queue"


def test_proving_it_again_is_paced_like_signing_in(app, client, clock):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    token = csrf_of(client)
    form = {"csrf": token, "password": "not my password"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    statuses = [
        client.post("/login/again", data=form, headers=headers).status_code for _ in range(11)
    ]
    assert statuses[-1] == 429


def test_sessions_of_long_ago_are_deleted(app_on_both, clock, ana):
    signed_in(app_on_both)
    clock.move(days=1)
    client = signed_in(app_on_both)
    clock.move(hours=25)
    with app_on_both.app_context():
        assert tidy(app_on_both.extensions[HOUSE]) >= 1

    assert len(rows(app_on_both, StaffSession)) == 1
    assert not is_in(client)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("", "A browser"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/26 Safari/605.1", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/143.0 Mobile Safari/537.36", "Chrome on Android"),
        ("<script>" * 1000, "A browser"),
    ],
)
def test_a_browser_is_named_coarsely_and_in_our_own_words(agent, name):
    assert browser_name(agent) == name

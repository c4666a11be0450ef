"""A site's keys for programs: an owner makes them, sees them once, and ends them."""

import re

import pytest

from models import ApiKey, AuditEntry, Role, Scope
from tests.building import rows
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import send_json, site_of
from tests.web.staff import hire, sign_in, submit_form

KEYS = "/sites/blog/keys"
WANTED = {"name": "Build server", "kind": "api", "scopes[]": ["read", "moderate"], "days": "30"}
SHOWN = re.compile(r'id="key" value="([^"]+)"')


@pytest.fixture
def owner(app_on_both):
    hire(app_on_both, site_of(app_on_both), role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def make(owner, **changes):
    return submit_form(owner, KEYS, **{**WANTED, **changes})


def test_a_key_is_shown_once_and_opens_the_api(app_on_both, owner):
    page = make(owner).text
    shown = SHOWN.search(page).group(1)

    program = visitor(app_on_both)
    program_says = {"Authorization": f"Bearer {shown}"}
    assert program.get("/api/v1/comments", headers=program_says).status_code == 200
    page = owner.get(KEYS).text
    assert shown not in page
    assert "May moderate, read." in page
    assert "by <bdi>Ana</bdi>; last used" in page
    assert re.search("ends <time[^>]*>23 Dec 2026", page)
    [entry] = [one for one in rows(app_on_both, AuditEntry) if one.act == "key.make"]
    assert entry.subject == {"key": rows(app_on_both, ApiKey)[0].public_id, "kind": "api"}
    assert "made a key for a program" in owner.get("/sites/blog/audit").text


def test_a_key_that_is_ended_opens_nothing(app_on_both, owner):
    shown = SHOWN.search(make(owner).text).group(1)
    number = rows(app_on_both, ApiKey)[0].public_id

    answer = submit_form(owner, f"{KEYS}/{number}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{KEYS}?ended={number}")
    assert "opens nothing any more" in owner.get(answer.headers["Location"]).text
    program_says = {"Authorization": f"Bearer {shown}"}
    answer = visitor(app_on_both).get("/api/v1/comments", headers=program_says)
    assert answer.status_code == 401


def test_an_akismet_key_has_no_scopes_and_says_where_it_goes(app_on_both, owner):
    page = make(owner, kind="akismet", days="").text

    assert re.fullmatch("[0-9a-f]{40}", SHOWN.search(page).group(1))
    assert "docs/akismet.md" in page
    [row] = rows(app_on_both, ApiKey)
    assert (row.scopes, row.expires_at) == ([], None)


def test_a_third_key_of_a_kind_asks_to_end_one(app_on_both, owner):
    make(owner)
    make(owner)

    answer = make(owner)
    assert (answer.status_code, "End one first" in answer.text) == (422, True)
    assert make(owner, kind="akismet").status_code == 200


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "Enter a name"),
        ({"kind": "gold"}, "Choose what the key is for."),
        ({"scopes[]": []}, "Choose what a key of the API may do"),
        ({"scopes[]": ["everything"]}, "Choose from the list."),
        ({"days": "soon"}, "Enter 1 to 3,650 days"),
        ({"days": "0"}, "Enter 1 to 3,650 days"),
    ],
)
def test_what_makes_no_key_is_said_with_everything_kept(app, changed, told):
    hire(app, site_of(app), role=Role.OWNER)
    client = visitor(app)
    sign_in(client)
    answer = make(client, **changed)

    assert (answer.status_code, told in answer.text) == (422, True)
    kept = {**WANTED, **changed}
    assert f'value="{kept["name"]}"' in answer.text
    for scope in set(kept["scopes[]"]) & set(Scope):
        assert re.search(rf'value="{scope}"[^>]* checked', answer.text)
    assert rows(app, ApiKey) == []


def test_a_key_asks_for_a_fresh_proof(app, clock):
    hire(app, site_of(app), role=Role.OWNER)
    client = visitor(app)
    sign_in(client)
    make(client)
    clock.move(minutes=16)

    assert "Prove it now" in client.get(KEYS).text
    answer = make(client)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/login/again?next={KEYS}",
    )
    assert len(rows(app, ApiKey)) == 1


def test_pages_tell_a_keys_decision_from_a_rules_and_a_persons(app_on_both, owner):
    number = send_json(visitor(app_on_both)).json["id"]
    program = Program(app_on_both)
    program.post(f"/comments/{number}/decision", {"status": "spam", "version": 1})

    page = owner.get(f"/queue/{number}").text
    assert "by <bdi>the key Build server</bdi>" in page
    assert "the key Build server" in owner.get("/sites/blog/audit").text
    stale = submit_form(owner, f"/queue/{number}", status="approved", version="1")
    assert "Moved to spam by the key Build server" in stale.text
    listed = [owner.get(f"/queue?status=spam&by={who}").text for who in ("rule",)]
    assert all(number not in page for page in listed)

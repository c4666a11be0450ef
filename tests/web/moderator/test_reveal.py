"""An owner looks at an author's address: for a reason, freshly signed in, written down before."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import AuditEntry, Comment, Role
from service.comments.reveal import REVEAL_PACE, Reason
from service.db import transaction
from service.housekeeping import tidy
from service.keys import USES, KeyRing
from service.web.context import HOUSE
from service.web.moderator.guarding import FRESH
from tests.building import COMMENT, rows
from tests.conftest import visitor
from tests.web.desk import JSON, send_json, site_of
from tests.web.staff import OWN_FORM, PASSWORD, csrf_of, hire, sign_in, submit_form

ADDRESS = COMMENT["email"]


def owner_of(app, name="Olga", role=Role.OWNER):
    hire(app, site_of(app), name, role)
    client = visitor(app)
    sign_in(client, name)
    return client


def page_of(app):
    return f"/queue/{rows(app, Comment)[-1].public_id}"


def look(client, app, reason="legal", **fields):
    return submit_form(client, f"{page_of(app)}/address", reason=reason, **fields)


def looks(app):
    return rows(app, AuditEntry, AuditEntry.act == "comment.reveal")


def test_an_owner_reads_the_address_and_the_log_says_who_and_why(app_on_both):
    olga = owner_of(app_on_both)
    send_json(visitor(app_on_both))
    asked = olga.get(page_of(app_on_both)).text
    assert "Reveal the address" in asked
    assert ADDRESS not in asked

    answer = look(olga, app_on_both, "abuse")

    assert answer.status_code == 200
    assert ADDRESS in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    [entry] = looks(app_on_both)
    assert entry.subject == {"comment": rows(app_on_both, Comment)[0].public_id, "reason": "abuse"}
    assert entry.site_id == site_of(app_on_both).id
    assert "looked at an author&#39;s address" in olga.get("/sites/blog/audit").text
    assert ADDRESS not in olga.get(page_of(app_on_both)).text


@pytest.mark.parametrize("reason", ["", "curious", "legal "])
def test_without_a_reason_of_the_list_nothing_is_shown_or_counted(app, client, reason):
    olga = owner_of(app)
    send_json(client)

    answer = look(olga, app, reason)

    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    assert ADDRESS not in answer.text
    assert looks(app) == []


def test_who_signed_in_a_while_ago_proves_himself_first(app, client, clock):
    olga = owner_of(app)
    send_json(client)
    clock.move(seconds=FRESH.total_seconds() + 1)
    assert "asks for your password first" in olga.get(page_of(app)).text

    answer = look(olga, app)

    assert answer.status_code == 303
    assert answer.location.startswith("/login/again?")
    assert answer.location.endswith(f"next={page_of(app)}")
    assert looks(app) == []

    proved = submit_form(olga, "/login/again", password=PASSWORD, next=page_of(app))
    assert proved.location == page_of(app)
    assert ADDRESS in look(olga, app).text


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.VIEWER])
def test_others_of_the_team_neither_see_the_form_nor_pass(app, client, role):
    bob = owner_of(app, "Bob", role)
    send_json(client)

    assert "Reveal the address" not in bob.get(page_of(app)).text
    assert look(bob, app).status_code == 403
    assert looks(app) == []


def test_a_program_is_told_nothing(app, client):
    olga = owner_of(app)
    send_json(client)

    fields = {"csrf": csrf_of(olga), "reason": "legal"}
    answer = olga.post(f"{page_of(app)}/address", data=fields, headers={**OWN_FORM, **JSON})

    assert answer.status_code == 403
    assert ADDRESS not in answer.text
    assert looks(app) == []


def test_after_many_looks_an_owner_waits_and_no_hour_sees_more_than_twenty(app, client, clock):
    olga = owner_of(app)
    send_json(client)
    assert {look(olga, app).status_code for _ in range(REVEAL_PACE.burst)} == {200}

    answer = look(olga, app)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "360"
    assert "The next look is possible in 6 min." in answer.text
    assert ADDRESS not in answer.text
    assert len(looks(app)) == REVEAL_PACE.burst
    assert look(owner_of(app, "Otto"), app).status_code == 200  # each has his own
    clock.move(minutes=6)
    assert look(olga, app).status_code == 200
    assert REVEAL_PACE.burst + 60 * REVEAL_PACE.per_minute <= 20


def test_a_lost_key_is_said_and_the_look_stands_in_the_log(app_on_both):
    """The entry is committed before the address is opened: this one never opens."""
    olga = owner_of(app_on_both)
    send_json(visitor(app_on_both))
    house = app_on_both.extensions[HOUSE]
    others = KeyRing(house.ring.active(use) for use in USES if use != "email")
    app_on_both.extensions[HOUSE] = replace(house, ring=others)

    answer = look(olga, app_on_both)

    assert answer.status_code == 503
    assert "not in the key ring" in answer.text
    assert len(looks(app_on_both)) == 1


def missing(app, client, words):
    """The comment's page says so in place of the form, and the door does too."""
    olga = owner_of(app)
    page = olga.get(page_of(app)).text
    assert words in page
    assert "Reveal the address" not in page
    answer = look(olga, app)
    assert answer.status_code == 404
    assert words in answer.text
    assert looks(app) == []


@pytest.mark.parametrize("tidied", [True, False])
def test_an_address_past_its_time_is_kept_no_longer(app, client, clock, tidied):
    send_json(client)
    clock.move(days=91)
    if tidied:
        with app.app_context():
            tidy(app.extensions[HOUSE])

    missing(app, client, "kept no longer: it went 90 days after")


def test_an_address_is_shown_until_its_last_day(app, client, clock):
    send_json(client)
    clock.move(days=90)

    assert ADDRESS in look(owner_of(app), app).text


def test_a_service_that_keeps_no_addresses_says_so(make_app, sqlite_url):
    app = make_app(sqlite_url, email_retention_days=0)
    send_json(visitor(app))

    missing(app, visitor(app), "This service keeps no addresses")


def test_a_comment_without_an_address_says_so(app, client):
    send_json(client)
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Comment).values(contact_id=None))

    missing(app, client, "No address is kept for this comment")


def test_every_reason_is_offered_in_words(app, client):
    olga = owner_of(app)
    send_json(client)

    page = olga.get(page_of(app)).text

    for reason in Reason:
        assert f'<option value="{reason.value}">{reason.words}</option>' in page.replace(
            "&#39;", "'"
        )

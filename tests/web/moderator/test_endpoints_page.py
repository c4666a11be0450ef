"""What an owner sees of his webhooks."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import (
    Attempt,
    AuditEntry,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointKind,
    Event,
    Role,
    Site,
)
from service.db import transaction
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import visitor
from tests.web.desk import send_json
from tests.web.staff import PASSWORD, hire, sign_in, submit_form

PAGE = "/sites/blog/endpoints"
URL = "https://hooks.example.org/in"


@pytest.fixture
def owner(app_on_both):
    hire(app_on_both, rows(app_on_both, Site)[0], role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def deliver(app, *answers):
    """Record attempts at delivering the newest event: an HTTP status, or the class of a failure."""
    now = app.extensions[HOUSE].now()
    with app.app_context(), transaction() as session:
        delivery = Delivery(
            public_id=f"dlv_{app.extensions[HOUSE].token(20)}",
            event_id=rows(app, Event)[-1].id,
            endpoint_id=rows(app, Endpoint)[-1].id,
            state=DeliveryState.DUE,
            due_at=now,
            attempts=len(answers),
            created_at=now,
        )
        session.add(delivery)
        session.flush()
        for number, answer in enumerate(answers, 1):
            status = answer if isinstance(answer, int) else None
            session.add(
                Attempt(
                    delivery_id=delivery.id,
                    number=number,
                    at=now + timedelta(minutes=number),
                    milliseconds=10 * number,
                    status=status,
                    error="" if status else answer,
                )
            )


def added(app, owner, **changes):
    """Add an endpoint and return the path of its page."""
    assert submit_form(owner, PAGE, **{"url": URL, **changes}).status_code == 303
    return f"{PAGE}/{rows(app, Endpoint)[-1].public_id}"


def act(owner, path, action, **fields):
    """Press a button of its page and return the page that follows."""
    answer = submit_form(owner, path, action=action, **fields)
    assert (answer.status_code, answer.location.split("?")[0]) == (303, path)
    return owner.get(answer.location).text


def endpoint_of(app):
    return rows(app, Endpoint)[-1]


def acts(app):
    return [entry.act for entry in rows(app, AuditEntry) if entry.act.startswith("endpoint.")]


def change_row(app, **values):
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Endpoint).values(**values))


def test_each_attempt_is_shown_with_its_answer_and_its_time(app_on_both, owner):
    path = added(app_on_both, owner)
    send_json(visitor(app_on_both))
    deliver(app_on_both, "timeout", 503, 200)

    page = owner.get(path).text

    for answer, took, at in (
        ("timeout", 10, "12:01:00"),
        ("503", 20, "12:02:00"),
        ("200", 30, "12:03:00"),
    ):
        assert f"<strong>{answer}</strong> in {took} ms, " in page
        assert f"23 Nov, {at} UTC" in page
    assert f'href="{path}/deliveries"' in page


def test_nothing_of_the_comment_or_its_author_is_on_the_page(app_on_both, owner):
    path = added(app_on_both, owner)
    send_json(visitor(app_on_both))
    deliver(app_on_both, 200)

    page = owner.get(path).text

    assert "comment.created" in page
    assert "ana.souza" not in page
    assert "stayed with me" not in page


@pytest.mark.parametrize("where", ["new", "known"])
def test_ticked_events_stay_ticked_when_the_address_is_wrong(app_on_both, owner, where):
    typed = {"url": "nonsense", "types[]": ["comment.approved", "comment.spam"]}
    path = PAGE if where == "new" else added(app_on_both, owner)
    answer = submit_form(owner, path, action="change", **typed)

    assert answer.status_code == 422
    assert '<a href="#url">' in answer.text
    assert 'value="nonsense"' in answer.text
    for kind in typed["types[]"]:
        assert f'value="{kind}" checked' in answer.text
    assert len(re.findall(r'value="comment\.[a-z]+" checked', answer.text)) == 2
    assert 'value="comment.spam" checked' not in owner.get(path).text


def test_its_address_and_events_are_changed_and_a_new_address_begins_without_failures(
    app_on_both, owner
):
    app = app_on_both
    path = added(app, owner)
    now = app.extensions[HOUSE].now()
    change_row(app, streak=7, failing_since=now, last_failure="503", check_at=now)
    page = act(owner, path, "change", **{"url": URL, "types[]": ["comment.approved"]})
    assert ("Saved." in page, endpoint_of(app).streak) == (True, 7)
    assert 'value="comment.approved" checked' in page

    page = act(owner, path, "change", url="https://new.example.org/in")
    endpoint = endpoint_of(app)
    assert (endpoint.url, endpoint.types, endpoint.streak) == ("https://new.example.org/in", [], 0)
    assert "Nothing fails." in page
    assert acts(app) == ["endpoint.add", "endpoint.change", "endpoint.change"]


def test_its_state_is_told_in_words_with_its_reason_and_what_comes_next(app_on_both, owner):
    app = app_on_both
    path = added(app, owner)
    send_json(visitor(app))
    deliver(app, 503)
    now = app.extensions[HOUSE].now()
    change_row(app, streak=6, failing_since=now, last_failure="503")
    for page in (owner.get(path).text, owner.get(PAGE).text):
        assert "6 times, the last time because it answered 503." in page
        assert "1 delivery waits; the next try is due" in page
        assert "12:00 UTC</time>" in page
    change_row(app, last_failure="tls", open_until=now + timedelta(days=4000))
    page = owner.get(path).text
    assert "because its certificate or its TLS was not good." in page
    assert "It rests until" in page

    change_row(app, state="disabled", state_reason="The receiver answered 410 Gone.")
    page = owner.get(path).text
    assert ">disabled</span>" in page
    assert (
        "410 Gone. Nothing is sent; what happens meanwhile is held as long as events are kept"
        in page
    )
    assert 'value="test"' not in page


def test_what_is_held_goes_out_when_its_owner_says_so_or_stays(app_on_both, owner):
    app = app_on_both
    path = added(app, owner)
    for words in ("One.", "Two."):
        send_json(visitor(app), comment=words)
        deliver(app, 410)
    change_row(app, state="disabled")
    change_deliveries(app, state="held")
    assert "and send what is held (2), under the same ids" in owner.get(path).text

    page = act(owner, path, "resume")
    assert [one.state for one in rows(app, Delivery)] == [DeliveryState.HELD] * 2
    assert "Send what is held (2)" in page
    act(owner, path, "let_go")
    found = rows(app, Delivery)
    assert [(one.state, one.attempts) for one in found] == [(DeliveryState.DUE, 0)] * 2
    assert acts(app)[1:] == ["endpoint.active", "endpoint.let_go"]

    change_row(app, state="disabled")
    change_deliveries(app, state="held")
    act(owner, path, "resume", held="1")
    assert [one.state for one in rows(app, Delivery)] == [DeliveryState.DUE] * 2


def change_deliveries(app, **values):
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Delivery).values(**values))


def test_secrets_are_shown_to_who_proved_himself_and_the_log_tells_of_it(app_on_both, owner, clock):
    app = app_on_both
    path = added(app, owner)
    assert "whsec_" not in owner.get(path).text
    clock.move(minutes=16)
    for action in ("reveal", "rotate", "revoke", "remove"):
        asked = submit_form(owner, path, action=action, overlap="24", seen="1")
        assert asked.location.startswith("/login/again?next=")
    assert (endpoint_of(app).secret_version, acts(app)) == (1, ["endpoint.add"])
    submit_form(owner, "/login/again", password=PASSWORD, next=path)

    answer = submit_form(owner, path, action="reveal")

    assert answer.text.count("whsec_") == 1
    assert answer.headers["Cache-Control"] == "no-store"
    assert acts(app) == ["endpoint.add", "endpoint.reveal"]


def test_a_secret_is_rotated_with_overlap_and_the_older_ones_are_ended(app_on_both, owner):
    app = app_on_both
    path = added(app, owner)
    page = act(owner, path, "rotate", overlap="72", seen="1")
    assert "Version 2" in page
    assert "26 Nov 2026, 12:00 UTC" in page
    assert submit_form(owner, path, action="rotate", overlap="24", seen="1").status_code == 409
    assert submit_form(owner, path, action="rotate", overlap="9", seen="2").status_code == 422
    act(owner, path, "rotate", overlap="24", seen="2")
    page = submit_form(owner, path, action="reveal").text
    assert page.count("whsec_") == 3
    assert "with a new one, version 1 ends" in page

    page = act(owner, path, "revoke")
    assert ("Version 3" in page, "Version 2" in page) == (True, False)
    assert acts(app)[1:] == [f"endpoint.{act}" for act in ("rotate", "rotate", "reveal", "revoke")]


def test_a_build_hook_is_added_started_and_has_neither_secrets_nor_events(app_on_both, owner):
    app = app_on_both
    path = added(app, owner, kind="build", **{"types[]": "comment.spam"})
    endpoint = endpoint_of(app)
    assert (endpoint.kind, endpoint.types) == (EndpointKind.BUILD, [])
    page = act(owner, path, "test")

    assert "Start a build now" in page
    for absent in ("Signing secrets", "types[]", "whsec_"):
        assert absent not in page
    assert rows(app, Event)[-1].endpoint_id == endpoint.id
    assert submit_form(owner, path, action="reveal").status_code == 409


def test_what_rests_is_not_tested_and_what_is_removed_is_gone(app_on_both, owner):
    app = app_on_both
    path = added(app, owner)
    assert "An owner paused it." in act(owner, path, "pause")
    assert submit_form(owner, path, action="test").status_code == 409
    assert submit_form(owner, path, action="let_go").status_code == 409

    answer = submit_form(owner, path, action="remove")

    assert "Removed." in owner.get(answer.location).text
    assert URL not in owner.get(PAGE).text
    assert owner.get(path).status_code == 404
    for action in ("resume", "test", "rotate"):
        sent = submit_form(owner, path, action=action, overlap="24", seen="1")
        assert sent.status_code == 404


def test_who_is_no_owner_is_not_led_to_settings_he_cannot_change(app_on_both):
    hire(app_on_both, rows(app_on_both, Site)[0], "Eve", Role.VIEWER)
    viewer = visitor(app_on_both)
    sign_in(viewer, "Eve")

    page = viewer.get("/sites/blog").text

    assert "gatepost-comments" in page
    assert 'action="/sites/blog"' not in page
    assert PAGE not in page
    assert viewer.get(PAGE).status_code == 403

"""What an owner sees of his webhooks."""

from datetime import timedelta

import pytest

from models import Attempt, Delivery, DeliveryState, Endpoint, Event, Role, Site
from service.db import transaction
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import visitor
from tests.web.desk import send_json
from tests.web.staff import hire, sign_in, submit_form

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
            public_id="dlv_1",
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


def test_each_attempt_is_shown_with_its_answer_and_its_time(app_on_both, owner):
    submit_form(owner, PAGE, url=URL)
    send_json(visitor(app_on_both))
    deliver(app_on_both, "timeout", 503, 200)

    page = owner.get(PAGE).text

    for answer, took, at in (
        ("timeout", 10, "12:01:00"),
        ("503", 20, "12:02:00"),
        ("200", 30, "12:03:00"),
    ):
        assert f"<strong>{answer}</strong> in {took} ms, " in page
        assert f"23 Nov, {at} UTC" in page


def test_nothing_of_the_comment_or_its_author_is_on_the_page(app_on_both, owner):
    submit_form(owner, PAGE, url=URL)
    send_json(visitor(app_on_both))
    deliver(app_on_both, 200)

    page = owner.get(PAGE).text

    assert "comment.created" in page
    assert "ana.souza" not in page
    assert "stayed with me" not in page


def test_ticked_events_stay_ticked_when_the_address_is_wrong(app_on_both, owner):
    typed = {"url": "nonsense", "types[]": ["comment.approved", "comment.spam"]}
    answer = submit_form(owner, PAGE, **typed)

    assert answer.status_code == 422
    for kind in typed["types[]"]:
        assert f'value="{kind}" checked' in answer.text
    assert answer.text.count(" checked>") == 2
    assert " checked>" not in owner.get(PAGE).text


def test_who_is_no_owner_is_not_led_to_settings_he_cannot_change(app_on_both):
    hire(app_on_both, rows(app_on_both, Site)[0], "Eve", Role.VIEWER)
    viewer = visitor(app_on_both)
    sign_in(viewer, "Eve")

    page = viewer.get("/sites/blog").text

    assert "gatepost-comments" in page
    assert 'action="/sites/blog"' not in page
    assert PAGE not in page
    assert viewer.get(PAGE).status_code == 403

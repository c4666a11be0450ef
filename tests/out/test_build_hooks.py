"""A build hook: an empty call when the public sees something else, and one for many changes."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointKind,
    EndpointState,
    EventType,
    Origin,
    ReplayJob,
    ReplayOnly,
    Status,
)
from service.comments.receipts import erase, withdraw
from service.db import db, transaction
from service.errors import ConflictError, InvalidError
from service.out import outbox
from service.queries import endpoints as queries
from service.web.context import HOUSE
from service.webhooks import deliveries, endpoints, secrets
from tests.conftest import visitor
from tests.out.post_office import GOOD
from tests.out.receiver import Reply
from tests.out.test_breaker import open_seconds
from tests.web.desk import move_to, send_json, site_of

HOUR = timedelta(hours=1)


def change(office, **data):
    """A change that the public sees, or another one where that is said."""
    told = {"status": "approved", "previous_status": "pending", **data}
    public_id = office.event(body=json.dumps({"data": told}).encode())
    office.release()
    return public_id


@pytest.fixture
def hook(office, receiver):
    return office.endpoint(receiver.url("/build"), kind=EndpointKind.BUILD)


def test_it_is_an_empty_post_with_an_id_and_nothing_else_of_ours(office, receiver, hook):
    public_id = change(office)
    assert office.round() == 0
    office.elapse(10)
    office.round()

    [request] = receiver.received
    assert (request.body, request.message_id) == (b"", public_id)
    assert set(request.headers) == {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "user-agent",
        "webhook-id",
    }
    assert office.states() == [DeliveryState.DONE]


def test_changes_within_ten_seconds_of_the_first_are_one_call(office, receiver, hook):
    for _ in range(3):
        change(office)
        assert office.round() == 0
        office.elapse(3)
    change(office)
    change(office)
    office.elapse(1.1)
    assert office.round() == 1
    change(office)
    office.elapse(9)
    assert office.round() == 0
    office.elapse(1.1)
    assert office.round() == 1

    assert len(receiver.received) == 2


@pytest.mark.parametrize(
    ("kind", "data", "seen"),
    [
        (EventType.CREATED, {"status": "pending", "previous_status": None}, False),
        (EventType.CREATED, {"previous_status": None}, True),
        (EventType.APPROVED, {}, True),
        (EventType.SPAM, {"status": "spam", "previous_status": "pending"}, False),
        (EventType.TRASHED, {"status": "trash", "previous_status": "approved"}, True),
        (EventType.EDITED, {"status": "pending", "previous_status": "pending"}, False),
        (EventType.EDITED, {"status": "pending", "previous_status": "approved"}, True),
        (EventType.WITHDRAWN, {"previous_status": "approved"}, True),
        (EventType.PING, {"status": None, "previous_status": None}, False),
    ],
)
def test_only_what_the_public_sees_begins_a_build(office, hook, kind, data, seen):
    body = json.dumps({"data": {"status": "approved", "previous_status": "pending", **data}})
    office.event(type=kind, body=body.encode())
    office.release()

    assert len(office.states()) == seen


def test_a_change_during_a_build_or_after_a_failed_one_is_built_too_and_a_success_is_for_all(
    office, receiver, hook
):
    receiver.script("/build", [Reply(503), Reply(503), Reply(200)])
    change(office)
    office.elapse(10)
    [under_way] = office.claim()
    change(office)
    assert len(office.states()) == 2
    office.mark(under_way, office.send(under_way))  # 503: again in five seconds
    change(office)  # waits for the second's ten seconds with it
    assert office.states() == [DeliveryState.DUE] * 2
    office.elapse(6)
    assert office.round() == 1  # 503: again in five minutes
    office.elapse(5)
    assert office.round() == 1  # the second, and it showed all

    assert office.states() == [DeliveryState.DONE] * 2
    office.elapse(400)
    assert (office.round(), len(receiver.received)) == (0, 3)


def test_it_has_the_breaker_and_the_schedule_of_webhooks(office, receiver, hook):
    receiver.script("/build", [Reply(500)])
    change(office)
    waits = (10, 5.6, 331, 1981, 7921)
    for wait in waits:
        office.elapse(wait)
        assert office.round() == 1

    assert open_seconds(office) == 30
    assert [attempt.status for attempt in office.attempts()] == [500] * 5


def test_while_it_is_disabled_one_call_is_held_and_goes_out_when_it_is_enabled(
    office, receiver, hook
):
    change(office)
    office.elapse(10)
    [one] = office.claim()
    office.change(Endpoint, state=EndpointState.DISABLED)
    with office.app.app_context(), transaction() as session:
        outbox.queries.hold_deliveries(session, hook)
    assert not office.mark(one, GOOD)
    for _ in range(3):
        change(office)
    assert office.states() == [DeliveryState.HELD]
    public_id = office.the(Endpoint).public_id
    with office.app.app_context():
        endpoints.resume(office.house, office.site, public_id, held=True)
    office.round()

    assert (len(receiver.received), office.states()) == (1, [DeliveryState.DONE])


def test_a_test_calls_it_at_once_and_it_has_neither_secret_nor_types(office, receiver, hook):
    public_id = office.the(Endpoint).public_id
    deed = (office.house, office.site, public_id)
    with office.app.app_context():
        endpoints.test_endpoint(*deed)
        assert secrets.live_secrets(office.house, office.the(Endpoint)) == []
        for refused in (secrets.rotate_secret, secrets.reveal_secrets):
            with pytest.raises(ConflictError):
                refused(*deed)
        with pytest.raises(InvalidError):
            endpoints.change_endpoint(*deed, url="https://x.example.org/", types=["ping"])
    office.round()

    assert [request.body for request in receiver.received] == [b""]


def test_what_moderators_and_authors_do_calls_it_when_the_page_changes(app_on_both, clock):
    app = app_on_both
    house, site = app.extensions[HOUSE], site_of(app)
    url = "https://build.example.org/"
    with app.app_context():
        hook = endpoints.add_endpoint(house, site.id, url=url, kind=EndpointKind.BUILD).endpoint

    def calls():
        clock.move(seconds=30)
        with app.app_context():
            while outbox.release(house):
                pass
            with transaction() as session:
                number, _due = queries.waiting(session, hook.id)
                queries.give_up_open(session, hook.id)
            return number

    answer = send_json(visitor(app))
    assert (calls(), answer.status_code) == (0, 202)
    move_to(app, site, answer.json["id"], Status.SPAM)
    assert calls() == 0
    for status in (Status.APPROVED, Status.PENDING, Status.APPROVED):
        move_to(app, site, answer.json["id"], status)
        assert calls() == 1
    with app.app_context():
        withdraw(house, answer.json["receipt"].rsplit("/", 1)[1])
    assert calls() == 1


def test_a_range_begun_before_it_was_known_to_be_nonsense_ends(office, receiver, hook):
    change(office)
    office.elapse(10)
    office.round()
    now = office.clock()
    job = ReplayJob(
        public_id="rpl_one", endpoint_id=hook, since=now - HOUR, until=now + HOUR,
        only=ReplayOnly.ALL, place=0, last=100, number=0, made_at=now,
    )  # fmt: skip
    office.add(job)

    with office.app.app_context():
        assert deliveries.go_on(office.house) == 0

    assert office.the(ReplayJob).finished_at is not None
    assert len(office.states()) == 1


def test_a_call_is_repeated_though_the_comment_behind_it_was_erased(app_on_both, clock):
    app = app_on_both
    house, site = app.extensions[HOUSE], site_of(app)
    with app.app_context():
        endpoints.add_endpoint(
            house, site.id, url="https://build.example.org/", kind=EndpointKind.BUILD
        )
    answer = send_json(visitor(app))
    move_to(app, site, answer.json["id"], Status.APPROVED)
    clock.move(seconds=30)
    with app.app_context():
        outbox.release(house)
        erase(house, answer.json["receipt"].rsplit("/", 1)[1], with_text=True)
        [delivery] = db.session.scalars(sa.select(Delivery))
        assert deliveries.replay_one(house, site.id, delivery.public_id).origin == Origin.REPLAY

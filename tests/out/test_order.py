"""What receivers can rely on: versions that grow, and no word of what was erased meanwhile."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from models import Delivery, DeliveryState, Event, EventType, Status
from service.db import transaction
from service.out import outbox
from service.out.webhooks import sender
from service.queries.outbox import endpoint_for_change
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.building import rows
from tests.conftest import visitor
from tests.out.receiver import Reply
from tests.serving import pause
from tests.web.desk import move_to, path_of, send_json, site_of

WORDS = ("Heron Quill", "kingfisher", "herons.example.net")


@pytest.fixture
def app(make_app, database_url, receiver):
    app = make_app(database_url, webhook_allow=["127.0.0.1"], undo_hold=0)
    with app.app_context():
        url = receiver.url("/hook")
        add_endpoint(app.extensions[HOUSE], site_of(app).id, url=url, types=[])
    return app


def run(app):
    """Release what may leave and send what is due, as often as there is any."""
    house = app.extensions[HOUSE]
    with app.app_context():
        outbox.release(house)
        while claimed := outbox.claim(house, 8):
            for one in claimed:
                outbox.mark(house, one, sender(house)(one))


def let_retries_fall_due(app, clock):
    clock.move(seconds=6)
    with app.app_context(), transaction() as session:
        due = Delivery.state == DeliveryState.DUE
        past = clock() if session.get_bind().dialect.name == "sqlite" else sa.func.now()
        session.execute(sa.update(Delivery).where(due).values(due_at=past))


def test_a_receiver_that_keeps_the_highest_version_ends_where_the_moderator_did(
    app, receiver, clock
):
    receiver.script("/hook", [Reply(200), Reply(500), Reply(200)])
    public_id = send_json(visitor(app)).json["id"]
    for status in (Status.APPROVED, Status.TRASH, Status.APPROVED):
        move_to(app, site_of(app), public_id, status)

    run(app)
    let_retries_fall_due(app, clock)
    run(app)

    written = [json.loads(event.body)["data"]["version"] for event in rows(app, Event)]
    assert written == sorted(set(written))
    assert len(written) == 4
    told = [json.loads(request.body)["data"] for request in receiver.received]
    assert told[1]["version"] == told[-1]["version"], "the first approval came again, last of all"
    for seed in range(100):
        random.Random(seed).shuffle(told)
        kept = max(told, key=lambda data: data["version"])
        assert (kept["status"], kept["previous_status"]) == ("approved", "trash")


def test_no_request_carries_a_word_of_a_comment_erased_while_its_delivery_waited(
    app, receiver, clock
):
    name, text, host = WORDS
    reader = visitor(app)
    answer = send_json(reader, author=name, comment=f"A {text} sang.", url=f"https://{host}/")
    run(app)
    receiver.script("/hook", [Reply(500), Reply(200)])
    move_to(app, site_of(app), answer.json["id"], Status.APPROVED)
    run(app)
    before = len(receiver.received)
    assert name.encode() in receiver.received[-1].body

    erased = reader.post(path_of(answer.json["receipt"]), data={"action": "erase"})
    let_retries_fall_due(app, clock)
    run(app)

    assert erased.status_code in (200, 303)
    after = receiver.received[before:]
    assert [json.loads(request.body)["type"] for request in after] == [EventType.ERASED]
    everything = b"".join(event.body for event in rows(app, Event)) + after[0].body
    assert [word for word in WORDS if word.encode() in everything] == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_erasure_waits_for_the_endpoint_before_it_touches_events_and_deliveries(app):
    reader = visitor(app)
    answer = send_json(reader)
    move_to(app, site_of(app), answer.json["id"], Status.APPROVED)
    with app.app_context():
        outbox.release(app.extensions[HOUSE])
    [older, newer] = rows(app, Delivery)
    link = path_of(answer.json["receipt"])

    with ThreadPoolExecutor(1) as pool:
        with app.app_context(), transaction() as session:
            endpoint_for_change(session, older.endpoint_id)
            hold(session, newer)
            erasing = pool.submit(reader.post, link, data={"action": "erase"})
            blocked = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not erasing.done() and not session.execute(blocked).scalar_one():
                pause(0.02)
            # Would wait for the erasure, and that for us, if it held what it is to change already.
            hold(session, older)
        assert erasing.result(30).status_code in (200, 303)

    assert [one.state for one in rows(app, Delivery)] == [DeliveryState.DEAD] * 2


def hold(session, delivery):
    held = sa.update(Delivery).where(Delivery.id == delivery.id)
    session.execute(held.values(state=DeliveryState.HELD))

"""What leaves the house: nothing that was undone in time, and then a compensating event."""

import json

import pytest

from models import Comment, Decision, Site, Status
from service.out import mail, outbox
from service.out.webhooks import sender
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.building import rows
from tests.conftest import visitor
from tests.out.mailbox import Mailbox, links
from tests.web.desk import SITE_ORIGIN, path_of, send_json, set_policy
from tests.web.moderator.test_queue_acts import finish_batches
from tests.web.staff import hire, sign_in, submit_form


@pytest.fixture
def mailbox():
    with Mailbox() as box:
        yield box


@pytest.fixture
def house(make_app, database_url, mailbox, receiver):
    """An application with a webhook endpoint and a mail server, and Ana signed in."""
    app = make_app(
        database_url,
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        mail_from="comments@service.example",
        webhook_allow=["127.0.0.1"],
    )
    site = rows(app, Site)[0]
    with app.app_context():
        add_endpoint(app.extensions[HOUSE], site.id, url=receiver.url("/hook"), types=[])
    hire(app, site)
    return app


@pytest.fixture
def ana(house):
    client = visitor(house)
    sign_in(client)
    return client


def dispatch(app):
    """Release, deliver and post everything that is due now."""
    outside = app.extensions[HOUSE]
    with app.app_context():
        outbox.release(outside)
        send = sender(outside)
        while due := outbox.claim(outside, 100):
            for claimed in due:
                outbox.mark(outside, claimed, send(claimed))
        for envelope in mail.claim(outside):
            mail.post(outside, envelope)


def confirmed(app, mailbox, **changes):
    """A comment whose author confirmed that he wants mail; returns its id."""
    answer = send_json(visitor(app), notify="yes", **changes)
    dispatch(app)
    [link] = links(mailbox.next())
    visitor(app).post(path_of(link), data={"go": "1"})
    return answer.json["id"]


def told(receiver):
    """(type, status) of every event that the receiver got, in order."""
    bodies = [json.loads(request.body) for request in receiver.received]
    return [(body["type"], body["data"]["status"]) for body in bodies]


def test_what_is_undone_within_the_hold_was_heard_of_by_nobody(
    house, ana, receiver, mailbox, clock
):
    public_id = confirmed(house, mailbox)
    before = told(receiver)
    submit_form(ana, f"/queue/{public_id}", status="approved", version=1)
    clock.move(seconds=house.extensions[HOUSE].settings.undo_hold - 1)
    dispatch(house)
    submit_form(ana, "/queue/undo", decision=rows(house, Decision)[-1].id)
    clock.move(seconds=3600)
    dispatch(house)

    assert before == told(receiver) == [("comment.created", "pending")]
    assert mailbox.empty


def test_what_is_undone_after_the_hold_is_followed_by_a_compensating_event(
    house, ana, receiver, mailbox, clock
):
    public_id = confirmed(house, mailbox)
    submit_form(ana, f"/queue/{public_id}", status="approved", version=1)
    clock.move(seconds=house.extensions[HOUSE].settings.undo_hold + 1)
    dispatch(house)
    assert mailbox.next()["Subject"]
    submit_form(ana, "/queue/undo", decision=rows(house, Decision)[-1].id)
    clock.move(seconds=60)
    dispatch(house)

    assert told(receiver) == [
        ("comment.created", "pending"),
        ("comment.approved", "approved"),
        ("comment.held", "pending"),
    ]
    held = json.loads(receiver.received[-1].body)["data"]
    assert (held["previous_status"], held["version"]) == ("approved", 3)
    assert "html" not in held
    assert mailbox.empty


def test_a_batch_undone_within_the_hold_was_heard_of_by_nobody(
    house, ana, receiver, mailbox, clock
):
    ids = [
        send_json(visitor(house), comment=f"Comment number {one}").json["id"] for one in range(30)
    ]
    dispatch(house)
    answer = submit_form(ana, "/queue/matching", status="pending", to="approved")
    finish_batches(house)
    submit_form(ana, "/queue/undo", batch=answer.headers["Location"].rsplit("/", 1)[1])
    finish_batches(house)
    clock.move(seconds=3600)
    dispatch(house)

    assert len(rows(house, Decision)) == 2 * len(ids)
    assert told(receiver) == [("comment.created", "pending")] * len(ids)
    assert mailbox.empty


def proven(app, ana, **changes):
    """A comment published by its author's proof; returns its id and the rule's decision."""
    set_policy(app, rows(app, Site)[0], publish_proven=True)
    first = send_json(visitor(app), headers=SITE_ORIGIN)
    submit_form(ana, f"/queue/{first.json['id']}", status="approved", version=1)
    receipt = first.json["receipt"]
    answer = send_json(
        visitor(app), headers=SITE_ORIGIN, comment="One more.", receipt=receipt, **changes
    )
    comment = rows(app, Comment, Comment.public_id == answer.json["id"])[0]
    assert comment.status is Status.APPROVED
    return answer.json["id"], rows(app, Decision, Decision.comment_id == comment.id)[0].id


def told_of(receiver, public_id):
    bodies = [json.loads(request.body) for request in receiver.received]
    found = [body for body in bodies if body["data"]["id"] == public_id]
    return [(body["type"], body["data"]["status"]) for body in found]


def test_what_proof_published_is_told_once_the_hold_is_over(house, ana, receiver, mailbox, clock):
    bobs = confirmed(house, mailbox, author="Bob", email="bob@example.org", comment="I ask you.")
    submit_form(ana, f"/queue/{bobs}", status="approved", version=1)
    clock.move(seconds=60)
    dispatch(house)
    assert mailbox.next()["To"] == "bob@example.org"

    public_id, _ = proven(house, ana, parent=bobs, notify="yes")
    dispatch(house)
    assert links(mailbox.next())  # the question whether he wants mail
    assert told_of(receiver, public_id) == [("comment.created", "pending")]
    assert mailbox.empty

    clock.move(seconds=house.extensions[HOUSE].settings.undo_hold + 1)
    dispatch(house)
    assert told_of(receiver, public_id) == [
        ("comment.created", "pending"),
        ("comment.approved", "approved"),
    ]
    assert mailbox.next()["To"] == "bob@example.org"  # the one he answered


def test_what_proof_published_can_be_taken_back_before_anybody_hears_of_it(
    house, ana, receiver, mailbox, clock
):
    public_id, decision = proven(house, ana)
    page = ana.get(f"/queue/{public_id}").text
    assert f'name="decision" value="{decision}"' in page
    submit_form(ana, "/queue/undo", decision=decision, single="1")
    clock.move(seconds=3600)
    dispatch(house)

    assert told_of(receiver, public_id) == [("comment.created", "pending")]
    assert rows(house, Comment, Comment.public_id == public_id)[0].status is Status.PENDING
    assert "Take it back" not in ana.get(f"/queue/{public_id}").text

"""What a receiver may ask for: no more at all, not this one, or not so soon."""

from datetime import UTC, timedelta
from email.utils import format_datetime

import pytest

from models import Attempt, Delivery, DeliveryState, Endpoint, EndpointState
from tests.databases import bare_app
from tests.out.owners import Owned
from tests.out.receiver import Reply
from tests.out.test_outbox import until_next

DAY = 86_400


@pytest.fixture
def office(database_url, clock, mailbox):
    with bare_app(database_url) as app:
        yield Owned(app, database_url, clock, mailbox)


@pytest.mark.parametrize(
    ("reply", "reason", "first"),
    [
        (Reply(410), "410 Gone", DeliveryState.HELD),
        (Reply(500, {"Webhook-Delivery": "disable"}), "asked for it", DeliveryState.HELD),
        (Reply(200, {"Webhook-Delivery": "Disable"}), "asked for it", DeliveryState.DONE),
    ],
    ids=["410", "header", "header of a success"],
)
def test_who_wants_no_more_gets_no_request_later_and_its_owners_are_told_once(
    office, receiver, reply, reason, first
):
    receiver.script("/hook", [reply])
    office.endpoint(receiver.url("/hook"))
    office.events(3)
    office.release()
    one, *_others = office.claim(free=1)
    office.mark(one, office.send(one))

    endpoint = office.the(Endpoint)
    assert (endpoint.state, reason in endpoint.state_reason) == (EndpointState.DISABLED, True)
    assert office.states() == [first, DeliveryState.HELD, DeliveryState.HELD]
    office.event()
    office.live(200)
    assert len(receiver.received) == 1
    assert [subject.split(":")[0] for subject in office.told()] == ["Webhook of S disabled"] * 2


def test_who_wants_one_delivery_no_more_gets_the_others_and_counts_as_there(office, receiver):
    receiver.script("/hook", [Reply(500), Reply(422, {"Webhook-Delivery": "abort-message"})])
    office.endpoint(receiver.url("/hook"))
    office.events(2)
    office.work()
    assert office.states() == [DeliveryState.DUE, DeliveryState.DEAD]
    endpoint = office.the(Endpoint)
    assert (endpoint.streak, endpoint.failing_since) == (0, None)

    receiver.script("/hook", [Reply(200)])
    office.live(2)
    assert office.states() == [DeliveryState.DONE, DeliveryState.DEAD]
    assert (office.the(Endpoint).state, office.told()) == (EndpointState.ACTIVE, [])


@pytest.mark.parametrize("status", [429, 503])
def test_who_wants_it_later_is_asked_then_but_never_sooner_than_planned(office, receiver, status):
    date = format_datetime(office.now().astimezone(UTC) + timedelta(hours=2), usegmt=True)
    asked = {
        "0": 5,
        "7": 7,
        "86400": DAY,
        "-5": 5,
        date: 7200,
        "Thu, 01 Jan 1970 00:00:00 GMT": 5,
        "soon": 5,
        "1e9": 5,
        "1000000000": DAY,
    }
    rows = {}
    for number, value in enumerate(asked):
        receiver.script(f"/{number}", [Reply(status, {"Retry-After": value})])
        rows[office.endpoint(receiver.url(f"/{number}"))] = value
    office.event()
    office.round()

    begun = {one.delivery_id: one.at for one in office.rows(Attempt)}
    for delivery in office.rows(Delivery):
        value = rows[delivery.endpoint_id]
        wait = (delivery.due_at - begun[delivery.id]).total_seconds()
        assert asked[value] * 0.9 - 1 <= wait <= asked[value] * 1.1, value
        assert delivery.state is DeliveryState.DUE
    assert office.claim() == []
    assert until_next(office) > 3  # and nobody turns in circles until then

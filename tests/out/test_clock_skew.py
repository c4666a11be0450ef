"""Clocks that are wrong: receivers judge by theirs, ours may jump, and no delivery is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from models import Attempt, Delivery, DeliveryState, Endpoint
from service.webhooks.signing import derive_secret, show_secret
from tests.databases import kind_of
from tests.out.post_office import GOOD, RING

HOOK = "http://127.0.0.1:9/hook"


class Skewed:
    """The machine's clock, off by so much."""

    def __init__(self):
        self.off = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.off

    def move(self, **by):
        self.off += timedelta(**by)


@pytest.fixture
def clock():
    return Skewed()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("minutes", "taken"), [(4, True), (-4, True), (6, False), (-6, False)])
def test_a_receiver_takes_what_is_four_minutes_off_and_not_six(
    office, receiver, clock, minutes, taken
):
    clock.move(minutes=minutes)
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.round()

    [request] = receiver.received
    verifier = Webhook(show_secret(derive_secret(RING, office.the(Endpoint).public_id, 1)))
    if taken:
        assert verifier.verify(request.body, request.headers)
    else:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(request.body, request.headers)


def test_a_clock_set_forward_in_flight_costs_at_most_a_repeat(office, receiver, clock):
    office.endpoint(HOOK)
    office.event()
    office.release()
    [first] = office.claim()
    clock.move(hours=1)
    again = office.claim()

    marks = [office.mark(one, GOOD) for one in (first, *again)]

    on_sqlite = kind_of(office.house.settings.database) == "sqlite"
    assert marks == ([False, True] if on_sqlite else [True]), "the server's clock did not jump"
    assert office.states() == [DeliveryState.DONE]
    assert len(office.attempts()) == len(marks)


def test_a_clock_set_back_in_flight_gives_the_lease_back_an_hour_later_at_worst(office, clock):
    office.endpoint(HOOK)
    office.event()
    office.release()
    office.claim()  # and then the worker is gone
    clock.move(hours=-1)

    office.elapse(8.1)
    found = office.claim()
    if kind_of(office.house.settings.database) == "sqlite":
        assert found == []
        office.elapse(3600)
        found = office.claim()

    [claimed] = found
    assert office.mark(claimed, GOOD)
    assert (office.states(), office.the(Delivery).attempts) == ([DeliveryState.DONE], 2)
    assert [attempt.lease_lost for attempt in office.rows(Attempt)] == [False]

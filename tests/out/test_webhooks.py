"""One attempt on the wire, judged by a real receiver and an independent verifier."""

import base64
import socket
import threading

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from models import Attempt, Delivery, DeliveryState, Endpoint, EndpointState
from service.http.guarded import Reach
from service.out.webhooks import sender
from service.webhooks.signing import derive_secret, show_secret
from tests.out.post_office import RING
from tests.out.receiver import Reply


@pytest.fixture
def clock(clock):
    """The receiver's verifier goes by the real time, so this house does too."""
    from datetime import UTC, datetime  # noqa: PLC0415 - used here only

    clock.now = datetime.now(UTC)
    return clock


def verifier(office, version: int = 1) -> Webhook:
    """What a receiver makes of the secret its owner copied."""
    secret = derive_secret(RING, office.the(Endpoint).public_id, version)
    return Webhook(show_secret(secret))


def test_a_receiver_verifies_what_was_sent_with_its_secret(office, receiver):
    office.endpoint(receiver.url("/hook"))
    public_id = office.event(body='{"data":{"name":"Zoë 🌍"}}'.encode())

    office.round()

    [request] = receiver.received
    assert verifier(office).verify(request.body, request.headers) == {"data": {"name": "Zoë 🌍"}}
    assert request.message_id == public_id
    assert request.headers["webhook-timestamp"] == str(int(office.clock().timestamp()))
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Gatepost"
    assert office.states() == [DeliveryState.DONE]


def test_nothing_is_sent_but_the_body_and_these_headers(office, receiver):
    office.endpoint(receiver.url("/hook"))
    office.event(body=b'{"exact":  "bytes"}')

    office.round()

    [request] = receiver.received
    assert request.body == b'{"exact":  "bytes"}'
    assert set(request.headers) == {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }


def test_another_secret_or_another_body_does_not_verify(office, receiver):
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.round()
    [request] = receiver.received

    with pytest.raises(WebhookVerificationError):
        verifier(office, version=2).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        verifier(office).verify(request.body + b" ", request.headers)


def test_the_secret_is_the_one_of_the_endpoints_version(office, receiver):
    office.endpoint(receiver.url("/hook"), secret_version=3)
    office.event()

    office.round()

    [request] = receiver.received
    assert verifier(office, version=3).verify(request.body, request.headers)
    assert len(base64.b64decode(request.headers["webhook-signature"].split(",")[1])) == 32


def test_each_attempt_is_signed_anew_under_the_same_id(office, receiver):
    receiver.script("/hook", [Reply(500), Reply(200)])
    office.endpoint(receiver.url("/hook"))
    office.event()

    office.round()
    office.elapse(6)
    office.round()

    first, second = receiver.received
    assert first.message_id == second.message_id
    stamps = [int(one.headers["webhook-timestamp"]) for one in (first, second)]
    assert stamps[1] - stamps[0] == 6
    for request in (first, second):
        assert verifier(office).verify(request.body, request.headers)


def test_a_worker_killed_between_send_and_mark_leaves_a_repeat_the_receiver_can_tell(
    office, receiver
):
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.release()
    [claimed] = office.claim()
    assert office.send(claimed).good  # and then the worker is gone: nothing is marked

    office.elapse(8.1)
    office.round()

    first, second = receiver.received
    assert first.message_id == second.message_id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert verifier(office).verify(second.body, second.headers)
    delivery = office.the(Delivery)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DONE, 2)
    assert len({request.message_id for request in receiver.received}) == 1


def test_a_receiver_that_is_gone_hears_nothing_more(office, receiver):
    receiver.script("/hook", [Reply(410)])
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.round()

    office.events(3)
    office.elapse(10 * 86_400)
    office.round()

    assert len(receiver.received) == 1
    assert office.the(Endpoint).state == EndpointState.DISABLED
    assert office.states() == [DeliveryState.HELD] * 4


def test_a_busy_receiver_is_asked_again_when_it_said(office, receiver):
    receiver.script("/hook", [Reply(429, {"Retry-After": "120"}), Reply(200)])
    office.endpoint(receiver.url("/hook"))
    office.event()
    office.round()

    office.elapse(119)
    early = office.round()
    office.elapse(1.1)

    assert (early, office.round()) == (0, 1)
    assert office.states() == [DeliveryState.DONE]


class Trap:
    """Listens and counts who knocks; nobody should."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count)
        self._thread.start()

    def _count(self) -> None:
        while True:
            visitor, _ = self._socket.accept()
            with visitor:
                if visitor.recv(4) == b"end":
                    return
            self.visits += 1

    def close(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"end")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def trap():
    """A door that must stay shut."""
    listening = Trap()
    yield listening
    listening.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_leads_nowhere(office, receiver, trap, status):
    target = f"http://127.0.0.1:{trap.port}/latest/meta-data"
    receiver.script("/hook", [Reply(status, {"Location": target})])
    office.endpoint(receiver.url("/hook"))
    office.event()

    office.round()

    assert (trap.visits, len(receiver.received)) == (0, 1)
    attempt = office.the(Attempt)
    assert (attempt.status, attempt.error) == (status, "http")
    assert office.states() == [DeliveryState.DUE]


def test_an_address_inside_is_refused_and_nothing_is_dialled(office, receiver, trap):
    office.endpoint(f"http://127.0.0.1:{trap.port}/hook")
    office.event()
    office.release()
    [claimed] = office.claim()

    result = sender(office.house, Reach(allow=()))(claimed)
    office.mark(claimed, result)

    assert (result.error.kind, trap.visits) == ("blocked", 0)
    assert (office.the(Attempt).error, office.states()) == ("blocked", [DeliveryState.DUE])


def test_a_receiver_that_hangs_costs_its_deadline_and_no_more(office, receiver):
    receiver.script("/hook", [Reply(gate=receiver.gate())])
    office.endpoint(receiver.url("/hook"))
    office.event()

    office.round()

    assert office.the(Attempt).error == "timeout"
    assert office.states() == [DeliveryState.DUE]


def test_of_an_answer_four_kilobytes_are_kept_as_text(office, receiver):
    receiver.script("/hook", [Reply(500, {}, b"<b>\0\xff" + b"x" * 100_000)])
    office.endpoint(receiver.url("/hook"))
    office.event()

    office.round()

    attempt = office.the(Attempt)
    assert attempt.excerpt.startswith("<b>\ufffd\ufffdxxx")
    assert len(attempt.excerpt) == 4096

"""A secret that is rotated in mid-flight: every request verifies, with the old or the new one."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from models import DeliveryState, Endpoint, OldSecret
from service.db import db
from service.errors import ConflictError, InvalidError
from service.webhooks import endpoints, secrets
from service.webhooks.signing import derive_secret, show_secret
from tests.out.post_office import RING
from tests.out.receiver import Reply

LONGEST = timedelta(days=7)


@pytest.fixture
def clock(clock):
    """The verifier goes by the real time, so this house does too."""
    clock.now = datetime.now(UTC)
    return clock


def deed(office, name, **more):
    with office.app.app_context():
        public_id = office.the(Endpoint).public_id
        return getattr(secrets, name)(office.house, office.site, public_id, **more)


def good_for(office, request) -> list[int]:
    """The versions of the secret with which a request verifies."""
    found = []
    for version in range(1, 6):
        secret = derive_secret(RING, office.the(Endpoint).public_id, version)
        try:
            Webhook(show_secret(secret)).verify(request.body, request.headers)
        except WebhookVerificationError:
            continue
        found.append(version)
    return found


def older(office):
    with office.app.app_context():
        return db.session.scalars(sa.select(OldSecret)).all()


def one_sent(office, receiver):
    """The request of one more event."""
    office.event()
    assert office.round() == 1
    return receiver.received[-1]


def test_while_200_deliveries_are_queued_and_retried_every_request_verifies(office, receiver):
    receiver.script("/hook", [*[Reply(500)] * 4, Reply(200)])
    office.endpoint(receiver.url("/hook"))
    office.events(200)
    office.release()
    under_way = office.claim()  # claimed before, sent after
    deed(office, "rotate_secret", overlap=timedelta(minutes=1))
    for one in under_way:
        office.mark(one, office.send(one))
    while office.round():
        pass
    office.elapse(7)
    while office.round():
        pass

    assert office.states() == [DeliveryState.DONE] * 200
    found = [good_for(office, request) for request in receiver.received]
    assert (len(found), found[:4]) == (204, [[1]] * 4)
    assert found[4:] == [[1, 2]] * 200


def test_after_its_end_only_the_new_one_verifies(office, receiver):
    office.endpoint(receiver.url("/hook"))
    deed(office, "rotate_secret")
    [old] = older(office)
    assert old.not_after - office.clock() == timedelta(hours=24)
    deed(office, "rotate_secret", overlap=timedelta(minutes=2))

    office.elapse(121)
    assert good_for(office, one_sent(office, receiver)) == [1, 3]
    office.change(OldSecret, not_after=office.clock())
    assert good_for(office, one_sent(office, receiver)) == [3]


def test_no_more_than_three_sign_and_the_newest_stands_first(office, receiver):
    office.endpoint(receiver.url("/hook"))
    for _ in range(4):
        deed(office, "rotate_secret", overlap=LONGEST)

    request = one_sent(office, receiver)
    signatures = request.headers["webhook-signature"].split(" ")
    assert (len(signatures), good_for(office, request)) == (3, [3, 4, 5])
    with office.app.app_context():
        live = secrets.live_secrets(office.house, office.the(Endpoint))
    assert [one.version for one in live] == [5, 4, 3]
    newest = Webhook(live[0].shown)
    moment = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    assert newest.sign(request.message_id, moment, request.body.decode()) == signatures[0]


@pytest.mark.parametrize("how", ["revoke", "no overlap"])
def test_an_old_one_ended_at_once_is_good_for_no_further_attempt(office, receiver, how):
    receiver.script("/hook", [Reply(500), Reply(200)])
    office.endpoint(receiver.url("/hook"))
    assert good_for(office, one_sent(office, receiver)) == [1]
    if how == "revoke":
        deed(office, "rotate_secret")
        assert deed(office, "revoke_old_secrets") == 1
    else:
        deed(office, "rotate_secret", overlap=timedelta())

    office.elapse(6)
    office.round()

    assert good_for(office, receiver.received[-1]) == [2]


def test_a_form_sent_twice_rotates_once_and_no_overlap_is_longer_than_seven_days(office):
    office.endpoint("https://hooks.example.org/")
    deed(office, "rotate_secret", seen=1)
    with pytest.raises(ConflictError):
        deed(office, "rotate_secret", seen=1)
    for wrong in (timedelta(seconds=-1), LONGEST + timedelta(seconds=1)):
        with pytest.raises(InvalidError):
            deed(office, "rotate_secret", overlap=wrong)

    assert office.the(Endpoint).secret_version == 2


def test_of_what_was_removed_nothing_signs_or_goes_out(office, receiver):
    office.endpoint(receiver.url("/hook"))
    deed(office, "rotate_secret")
    office.event()
    office.release()
    with office.app.app_context():
        public_id = office.the(Endpoint).public_id
        endpoints.remove_endpoint(office.house, office.site, public_id)
        assert endpoints.endpoints(office.site) == []
    office.event()

    assert office.round() == 0
    assert office.states() == [DeliveryState.DEAD]
    assert older(office) == []

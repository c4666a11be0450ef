"""Signatures that others verify."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from service.webhooks.signing import derive_secret, show_secret, sign
from tests.service.test_privacy import RING, ring_of


def now():
    """This second: the verifier looks at the real clock."""
    return int(datetime.now(UTC).timestamp())


def headers(signature, *, timestamp, message_id="evt_1"):
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_the_standard_verifier_accepts_every_body(body):
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    secret = derive_secret(RING, "ep_1", 1)
    try:
        raw.decode()
    except UnicodeDecodeError:
        return
    moment = now()
    signed = headers(sign([secret], "evt_1", moment, raw), timestamp=moment)
    assert Webhook(show_secret(secret)).verify(raw, signed) == body


def test_an_old_secret_signs_along_while_it_rolls_over():
    old, new = derive_secret(RING, "ep_1", 1), derive_secret(RING, "ep_1", 2)
    moment = now()
    signed = headers(sign([new, old], "evt_1", moment, b"{}"), timestamp=moment)
    for secret in (old, new):
        assert Webhook(show_secret(secret)).verify(b"{}", signed) == {}


def test_a_changed_body_id_or_time_is_refused():
    secret = derive_secret(RING, "ep_1", 1)
    moment = now()
    good = sign([secret], "evt_1", moment, b"{}")
    verifier = Webhook(show_secret(secret))
    for raw, sent in (
        (b"{ }", headers(good, timestamp=moment)),
        (b"{}", headers(good, message_id="evt_2", timestamp=moment)),
        (b"{}", headers(good, timestamp=moment + 1)),
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(raw, sent)


def test_each_endpoint_and_version_and_ring_has_its_own_secret():
    secrets = {
        derive_secret(ring, endpoint, version)
        for ring in (RING, ring_of(1, mark=b"x"))
        for endpoint in ("ep_1", "ep_2")
        for version in (1, 2)
    }
    assert len(secrets) == 8
    assert all(len(base64.b64decode(show_secret(s).removeprefix("whsec_"))) == 32 for s in secrets)


@pytest.mark.parametrize(("secrets", "message_id"), [([], "e"), ([b""], "e"), ([b"s"], "e.1")])
def test_what_would_be_signed_with_nothing_is_refused(secrets, message_id):
    with pytest.raises(ValueError, match="secret"):
        sign(secrets, message_id, now(), b"{}")

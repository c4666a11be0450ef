"""Signatures that others verify."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from service.signing import derive_secret, show_secret, sign
from tests.service.test_privacy import RING, ring_of

NOW = int(datetime.now(UTC).timestamp())


def headers(signature, message_id="evt_1", timestamp=NOW):
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
    signed = sign([secret], "evt_1", NOW, raw)
    assert Webhook(show_secret(secret)).verify(raw, headers(signed)) == body


def test_an_old_secret_signs_along_while_it_rolls_over():
    old, new = derive_secret(RING, "ep_1", 1), derive_secret(RING, "ep_1", 2)
    signed = headers(sign([new, old], "evt_1", NOW, b"{}"))
    for secret in (old, new):
        assert Webhook(show_secret(secret)).verify(b"{}", signed) == {}


def test_a_changed_body_id_or_time_is_refused():
    secret = derive_secret(RING, "ep_1", 1)
    good = sign([secret], "evt_1", NOW, b"{}")
    verifier = Webhook(show_secret(secret))
    for raw, sent in (
        (b"{ }", headers(good)),
        (b"{}", headers(good, message_id="evt_2")),
        (b"{}", headers(good, timestamp=NOW + 1)),
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
        sign(secrets, message_id, NOW, b"{}")

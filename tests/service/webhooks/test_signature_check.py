"""A signature that does not fit is told why, in words."""

import base64
import hashlib
import hmac
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from service.webhooks.signature_check import Live, compare, examine, expected
from service.webhooks.signature_mistakes import Message
from service.webhooks.signing import derive_secret, show_secret, sign
from tests.service.test_privacy import RING

NEW, OLD = (derive_secret(RING, "ep_1", version) for version in (2, 1))
LIVE = [Live("the current secret", NEW), Live("the one before", OLD)]
SHOWN = show_secret(NEW)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DATA = {"type": "comment.approved", "data": {"html": "<p>Çay & süß/sauer</p>", "version": 2}}
BODY = json.dumps(DATA, ensure_ascii=False, separators=(",", ":")).encode()
MESSAGE = Message("evt_1", str(SECONDS), BODY)
CONTENT = MESSAGE.content


def v1(key, content, spell=base64.b64encode):
    return b"v1," + spell(hmac.digest(key, content, hashlib.sha256))


def said(header, message=MESSAGE, now=NOW):
    header = header if isinstance(header, str) else header.decode()
    return [
        (one.level.value, f"{one.title}. {one.text}") for one in examine(LIVE, message, header, now)
    ]


def test_the_secret_that_matched_is_named(clock):
    both = sign([OLD, NEW], "evt_1", SECONDS, BODY)

    (first, old), (second, new) = said(f"webhook-signature: {both}")

    assert (first, second) == ("ok", "ok")
    assert "the one before" in old
    assert "the current secret" in new
    assert [signature for _, signature in expected(LIVE, MESSAGE)] == both.split()[::-1]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (v1(SHOWN.encode(), CONTENT), "whsec_… itself was the key"),
        (v1(SHOWN.removeprefix("whsec_").encode(), CONTENT), "decode it first"),
        (v1(f"v1,{SHOWN}".encode(), CONTENT), "“v1,whsec_…” was the key"),
        (v1(NEW.hex().encode(), CONTENT), "hex digits was the key"),
        (v1(b"", CONTENT), "the key was empty"),
        (v1(NEW, BODY), "the body alone was signed"),
        (v1(NEW, f"{SECONDS}.".encode() + BODY), "without the id"),
        (v1(NEW, b"evt_1." + BODY), "without the timestamp"),
        (v1(OLD, f"{SECONDS}.evt_1.".encode() + BODY), "With the one before, but timestamp and id"),
        (v1(NEW, f"evt_1.{SECONDS}000.".encode() + BODY), "in milliseconds"),
        (v1(NEW, CONTENT + b"\n"), "ended with a line break"),
        (v1(NEW, CONTENT, lambda digest: digest.hex().encode()), "in hex instead of base64"),
        (v1(NEW, CONTENT, lambda digest: base64.b64encode(digest.hex().encode())), "hex digits"),
        (v1(SHOWN.encode(), BODY), "take whsec_ off and decode base64; and the body alone"),
        (f"v1,{SHOWN}", "That is a secret, not a signature"),
        (SHOWN, "That is a secret, not a signature"),
        ("v1,short", "is no HMAC-SHA256"),
        ("v1,%%%", "no base64"),
        (v1(b"another", CONTENT), "fits no live secret"),
        ("", "The header is empty"),
    ],
)  # fmt: skip
def test_the_usual_mistakes_are_named(header, told):
    [(level, text)] = said(header)
    assert level == "problem"
    assert told in text


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (json.dumps, "Python"),
        (lambda data: json.dumps(data, ensure_ascii=False), "Python"),
        (lambda data: json.dumps(data, separators=(",", ":")).replace("/", "\\/"), "PHP"),
        (lambda data: json.dumps(data, indent=2, ensure_ascii=False), "indented by two"),
        (
            lambda data: json.dumps(data, ensure_ascii=False, separators=(",", ":"))
            .replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
            "Go",
        ),
    ],
)  # fmt: skip
def test_a_body_written_anew_is_known_on_either_side(write, told):
    anew = write(DATA).encode()
    pasted = Message("evt_1", str(SECONDS), anew)

    [(_, ours_signed)] = said(sign([NEW], "evt_1", SECONDS, BODY), pasted)
    [(_, theirs_signed)] = said(sign([NEW], "evt_1", SECONDS, anew))

    assert "as Gatepost writes it" in ours_signed
    assert told in theirs_signed
    assert compare(anew, BODY).title == "The body was written anew"


def test_bodies_are_compared_byte_by_byte():
    assert compare(BODY, BODY).level.value == "ok"
    assert "part after byte 3" in compare(b"abcX", b"abcd").text
    assert "part after byte 3" in compare(b"abc", b"abcd").text


def test_versions_that_are_not_ours_are_passed_over():
    good = sign([NEW], "evt_1", SECONDS, BODY)

    levels = [level for level, _ in said(f"v1a,AAAA v7,x {good} {good.removeprefix('v1,')}")]

    assert levels == ["warning", "warning", "ok", "warning"]


@pytest.mark.parametrize(
    ("message", "now", "told"),
    [
        (MESSAGE, NOW + timedelta(minutes=6), "6 minutes old"),
        (MESSAGE, NOW - timedelta(days=3), "3 days in the future"),
        (Message("evt_1", f"{SECONDS}000", BODY), NOW, "not in seconds"),
        (Message("evt_1", "2026-11-23", BODY), NOW, "not in seconds"),
        (Message("dlv_1", str(SECONDS), BODY), NOW, "delivery's id"),
        (Message("evt.1", str(SECONDS), BODY), NOW, "has a dot"),
    ],
)
def test_wrong_headers_are_named_before_the_signature(message, now, told):
    assert told in said(v1(NEW, CONTENT), message, now)[0][1]


@pytest.mark.parametrize("timestamp", ["", "x", "007", "1" * 30, "\uff11"])
def test_nothing_is_expected_for_what_cannot_be_signed(timestamp):
    assert expected(LIVE, Message("evt_1", timestamp, BODY)) == []


def test_no_body_however_strange_breaks_the_search():
    for body in (b"[" * 5000, b'{"a":"\\ud800"}', b"\xc3\x28", b"1" * 5000, b"", b"null"):
        [(level, _)] = said("v1," + "A" * 44, Message("evt_1", str(SECONDS), body))
        assert level == "problem"


def test_a_thousand_random_bodies_are_verified_by_the_standard_library():
    chance = random.Random(6)
    signs = [chr(code) for code in (*range(32, 127), *range(160, 0x800), *range(0x1F300, 0x1F600))]
    verifier, moment = Webhook(SHOWN), int(datetime.now(UTC).timestamp())
    for number in range(1000):
        words = "".join(chance.choices(signs, k=chance.randrange(200)))
        body = json.dumps({"n": number, "html": words}, ensure_ascii=False).encode()
        signed = {
            "webhook-id": f"evt_{number}",
            "webhook-timestamp": str(moment),
            "webhook-signature": f"v1a,AAAA {sign([NEW], f'evt_{number}', moment, body)} v9,x",
        }
        assert verifier.verify(body, signed) == {"n": number, "html": words}

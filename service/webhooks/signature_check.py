"""Why a signature does not fit: whose it is, or which of the usual mistakes made it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.embed.finding import Finding, Level, ok, problem, warning
from service.webhooks.signature_mistakes import (
    SPELLINGS,
    Message,
    made_by,
    mistakes,
    parsed,
    spellings,
)
from service.webhooks.signing import sign

TOLERANCE = 300  # seconds a verifier allows between the timestamp and its own clock
DIGEST = 32  # bytes of HMAC-SHA256
MOST_SIGNATURES = 10
SECONDS_DIGITS = 12  # a longer number counts milliseconds
SHOWN = 24  # characters of a signature, enough to tell two apart
HEADER = "webhook-signature:"
DELIVERY_ID = "dlv_"


@dataclass(frozen=True, slots=True)
class Live:
    """A secret that signs now.

    Args:
        name: such as "the current secret".
    """

    name: str
    secret: bytes


def expected(secrets: Sequence[Live], message: Message) -> list[tuple[str, str]]:
    """Return (name, signature) for each live secret; none where nothing can be signed."""
    if not message.timestamp.isascii() or not message.timestamp.isdigit() or "." in message.id:
        return []
    moment = int(message.timestamp[:18])
    if str(moment) != message.timestamp:
        return []
    return [(live.name, sign([live.secret], message.id, moment, message.body)) for live in secrets]


def examine(secrets: Sequence[Live], message: Message, header: str, now: datetime) -> list[Finding]:
    """Say of each signature of a `webhook-signature` header whose it is or what is wrong with it.

    Args:
        header: as it was pasted, with or without the header's name.
    """
    found = [*_headers(message, now)]
    signatures = header.strip()
    if signatures.lower().startswith(HEADER):
        signatures = signatures[len(HEADER) :]
    listed = signatures.split()[:MOST_SIGNATURES]
    if not listed:
        found.append(problem("No signature", "The header is empty."))
    return [*found, *(_one(secrets, message, signature) for signature in listed)]


def compare(body: bytes, sent: bytes) -> Finding:
    """Say how a pasted body differs from the one that was sent."""
    if body == sent:
        return ok("The body is the one we sent", f"All {len(sent):,} bytes.")
    if parsed(body) is not None and parsed(body) == parsed(sent):
        return problem(
            "The body was written anew",
            f"It says the same as the {len(sent):,} bytes we sent, in {len(body):,} bytes of its"
            " own. Verify the raw bytes of the request before anything parses them.",
        )
    place = next(
        (at for at, (ours, theirs) in enumerate(zip(sent, body, strict=False)) if ours != theirs),
        min(len(sent), len(body)),
    )
    return problem(
        "The body is another",
        f"We sent {len(sent):,} bytes, this has {len(body):,}; they part after byte {place:,}.",
    )


def _headers(message: Message, now: datetime) -> Iterator[Finding]:
    if "." in message.id:
        yield problem("The id has a dot", "A webhook-id never holds one.")
    if message.id.startswith(DELIVERY_ID):
        yield problem(
            "That is the delivery's id",
            "What is signed is the webhook-id, the event's: it begins with evt_.",
        )
    yield from _time(message.timestamp, now)


def _time(timestamp: str, now: datetime) -> Iterator[Finding]:
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > SECONDS_DIGITS:
        yield problem(
            "The timestamp is not in seconds",
            "webhook-timestamp is a whole number of seconds since 1970, as the header has it: no"
            " date, no milliseconds.",
        )
        return
    age = round(now.timestamp()) - int(timestamp)
    if abs(age) > TOLERANCE:
        side = "old" if age > 0 else "in the future"
        yield warning(
            f"The timestamp is {_span(abs(age))} {side}",
            f"A verifier refuses more than {TOLERANCE // 60} minutes. Every attempt is signed anew;"
            " if fresh ones are refused for this, a clock is wrong.",
        )


def _span(seconds: int) -> str:
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:,} {name}s"
    return f"{seconds} seconds"


def _one(secrets: Sequence[Live], message: Message, signature: str) -> Finding:
    version, comma, value = signature.partition(",")
    shown = signature[:SHOWN] + ("…" if len(signature) > SHOWN else "")
    if "whsec_" in signature:
        return problem(
            "That is a secret, not a signature",
            "whsec_… is what your verifier is given once. The signature stands in the request's"
            " header webhook-signature: v1, and 44 characters of base64.",
        )
    if not comma:
        version, value = "v1", signature
    if version != "v1":
        return warning(
            f"{shown} is passed over",
            "It is a signature by public key; Gatepost signs with v1 alone."
            if version == "v1a"
            else "Its version is unknown; a verifier looks at v1 and passes over the rest.",
        )
    finding = _judged(secrets, message, value, shown)
    if not comma and finding.level is Level.OK:
        text = "But it lacks its version: the header says v1, before it."
        return warning(finding.title, text)
    return finding


def _judged(secrets: Sequence[Live], message: Message, value: str, shown: str) -> Finding:
    digests = spellings(value)
    right = digests[0]
    for live in secrets:
        if right is not None and made_by(live.secret, message.content, right):
            return ok(f"{shown} is right", f"It was made with {live.name}.")
    for live, (spelling, digest) in itertools.product(secrets, enumerate(digests)):
        made = None if digest is None else mistakes(live.secret, message, digest)
        if made is not None:
            wrong = [*made, *([SPELLINGS[spelling]] if spelling else [])]
            text = f"With {live.name}, but {'; and '.join(wrong)}."
            return problem(f"{shown} was made wrongly", text)
    return _strange(shown, right)


def _strange(shown: str, digest: bytes | None) -> Finding:
    if digest is None or len(digest) != DIGEST:
        number = "no base64" if digest is None else f"{len(digest)} bytes in base64"
        return problem(
            f"{shown} is no HMAC-SHA256",
            f"It is {number}; a signature is {DIGEST} bytes in base64, 44 characters.",
        )
    return problem(
        f"{shown} fits no live secret",
        "Either another secret made it, such as another endpoint's or one that was rotated away,"
        " or the id, the timestamp or the body above is not what was signed. Take all three from"
        " one and the same request, and the body as raw bytes.",
    )

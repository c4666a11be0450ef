"""The usual mistakes of those who sign or verify a webhook, each tried until one fits."""

import base64
import binascii
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.webhooks.signing import show_secret


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver got: the two headers and the exact bytes of the body."""

    id: str
    timestamp: str
    body: bytes

    @property
    def content(self) -> bytes:
        """The exact bytes that are signed."""
        return f"{self.id}.{self.timestamp}.".encode() + self.body


@dataclass(frozen=True, slots=True)
class Guess:
    """Content as somebody may have signed it, and what was wrong about that."""

    mistake: str
    content: bytes


SPELLINGS = (
    "",
    "its 32 bytes are written in hex instead of base64",
    "base64 was made of the hex digits instead of the 32 bytes",
    "it is in base64's other alphabet (- and _)",
)


def spellings(value: str) -> list[bytes | None]:
    """Return a signature as read by each of `SPELLINGS`, None where it cannot be read so."""
    plain = _base64(value)
    in_base64 = None if plain is None else _hex(plain.decode("ascii", "replace"))
    other = None
    if "-" in value or "_" in value:
        other = _base64(value.translate(str.maketrans("-_", "+/")))
    return [plain, _hex(value), in_base64, other]


def _base64(value: str) -> bytes | None:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _hex(value: str) -> bytes | None:
    try:
        return bytes.fromhex(value)
    except ValueError:
        return None


def made_by(key: bytes, content: bytes, digest: bytes) -> bool:
    """Say whether a digest is that of the content under a key."""
    return hmac.compare_digest(hmac.digest(key, content, hashlib.sha256), digest)


def mistakes(secret: bytes, message: Message, digest: bytes) -> list[str] | None:
    """Return what somebody did who got this digest, the fewest mistakes first; None = unknown."""
    guesses = sorted(
        itertools.product(_keys(secret), _contents(message)),
        key=lambda pair: bool(pair[0][0]) + bool(pair[1].mistake),
    )
    for (mistaken, key), guess in guesses:
        if made_by(key, guess.content, digest):
            return [text for text in (mistaken, guess.mistake) if text]
    return None


def _keys(secret: bytes) -> list[tuple[str, bytes]]:
    shown = show_secret(secret)
    return [
        ("", secret),
        ("the text whsec_… itself was the key: take whsec_ off and decode base64", shown.encode()),
        (
            "the secret's base64 was the key as it stands: decode it first",
            shown.removeprefix("whsec_").encode(),
        ),
        ("“v1,whsec_…” was the key: what follows whsec_ is, decoded", f"v1,{shown}".encode()),
        ("the secret in hex digits was the key", secret.hex().encode()),
        ("the key was empty", b""),
    ]


def _contents(message: Message) -> Iterator[Guess]:
    yield Guess("", message.content)
    for mistake, body in _bodies(message.body):
        yield Guess(mistake, Message(message.id, message.timestamp, body).content)
    own, time, body = message.id.encode(), message.timestamp.encode(), message.body
    yield Guess("the body alone was signed, without id and timestamp", body)
    yield Guess("timestamp.body was signed, without the id", time + b"." + body)
    yield Guess("id.body was signed, without the timestamp", own + b"." + body)
    yield Guess("the two dots between id, timestamp and body are missing", own + time + body)
    yield Guess("timestamp and id were swapped", time + b"." + own + b"." + body)
    yield Guess("the timestamp was in milliseconds", own + b"." + time + b"000." + body)
    if message.timestamp.endswith("000"):
        yield Guess("the timestamp was in seconds", own + b"." + time[:-3] + b"." + body)


REWRITTEN = (
    "what was signed is the same JSON {}: the body was parsed and written anew on one of the two"
    " sides, so verify the raw bytes"
)
WRITERS: Mapping[str, Callable[[Any], str]] = {
    "without blanks, as Gatepost writes it": lambda value: _compact(value, escape=False),
    "with blanks after comma and colon and \\u… (Python)": json.dumps,
    "with blanks after comma and colon (Python)": lambda value: json.dumps(
        value, ensure_ascii=False
    ),
    "with \\u… for what is not ASCII": lambda value: _compact(value, escape=True),
    "with \\/ and \\u… (PHP)": lambda value: _compact(value, escape=True).replace("/", "\\/"),
    "with \\u003c for < (Go, Ruby on Rails)": lambda value: (
        _compact(value, escape=False)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    ),
    "indented by two": lambda value: json.dumps(value, ensure_ascii=False, indent=2),
    "indented by four": lambda value: json.dumps(value, ensure_ascii=False, indent=4),
    "with its keys sorted": lambda value: json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    ),
}


def _bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the body ended with a line break", body + b"\n"
    if body != body.strip():
        yield "the body had no blanks around it", body.strip()
    value = parsed(body)
    if value is None:
        return
    for how, write in WRITERS.items():
        text = write(value)
        yield REWRITTEN.format(how), text.encode("utf-8", "replace")


def _compact(value: Any, *, escape: bool) -> str:
    return json.dumps(value, ensure_ascii=escape, separators=(",", ":"))


def parsed(body: bytes) -> Any:
    """Return the JSON of a body; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None

"""A scanner that knows an address in some three hundred disguises."""

import base64
import codecs
import gzip
import hashlib
import html
import quopri
import zlib
from urllib.parse import quote

ALGORITHMS = (
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "blake2b",
    "blake2s",
    "sha3_256",
    "sha3_512",
    "sha3_224",
    "sha3_384",
)
# The salt that a peer ships with every installation, and its number of rounds.
PEER_SALT, PEER_ROUNDS = b"Eech7co8Ohloopo9Ol6baimi", 1000
PREFIX = 12  # hex digits of a digest that already give it away


def disguises(address: str) -> dict[str, bytes]:
    """Return every form of an address worth searching for, by name."""
    found: dict[str, bytes] = {}
    for case, text in {"as typed": address, "lower": address.lower()}.items():
        for name, form in _plain_forms(text).items():
            found[f"{name}, {case}"] = form
        for name, form in _digests(text).items():
            found[f"{name}, {case}"] = form
    local, _, domain = address.lower().partition("@")
    for token in {*local.replace(".", " ").split(), local, domain.split(".")[0]}:
        found[f"token {token}"] = token.encode()
    return {name: form for name, form in found.items() if len(form) >= 4}


def _plain_forms(text: str) -> dict[str, bytes]:
    raw = text.encode()
    return {
        "plain": raw,
        "reversed": raw[::-1],
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "urlsafe base64": base64.urlsafe_b64encode(raw).rstrip(b"="),
        **{f"base64 at {shift}": _base64(raw, shift) for shift in range(3)},
        "url": quote(text, safe="").encode(),
        "url twice": quote(quote(text, safe=""), safe="").encode(),
        "entities": "".join(f"&#{ord(c)};" for c in text).encode(),
        "hex entities": "".join(f"&#x{ord(c):x};" for c in text).encode(),
        "html": html.escape(text.replace("@", "&#64;"), quote=True).encode(),
        "json": text.replace("@", "\\u0040").encode(),
        "quoted-printable": quopri.encodestring(raw.replace(b"@", b"=40")),
        "utf-16 le": text.encode("utf-16-le"),
        "utf-16 be": text.encode("utf-16-be"),
        "rot13": codecs.encode(text, "rot13").encode(),
        "at dot": text.replace("@", " at ").replace(".", " dot ").encode(),
        "at": text.replace("@", " [at] ").encode(),
        "crc32": f"{zlib.crc32(raw):08x}".encode(),
    }


def _base64(raw: bytes, shift: int) -> bytes:
    """Return the part of a base64 text that is the same whatever stands before and after."""
    coded = base64.b64encode(b"\0" * shift + raw)
    return coded[4 if shift else 0 : -4]


def _digests(text: str) -> dict[str, bytes]:
    found = {}
    for suffix, tail in {"": "", " and a line feed": "\n"}.items():
        raw = (text + tail).encode()
        every = {name: hashlib.new(name, raw).digest() for name in ALGORITHMS}
        every["pbkdf2 of a peer"] = hashlib.pbkdf2_hmac("sha1", raw, PEER_SALT, PEER_ROUNDS)
        for name, digest in every.items():
            found[f"{name}{suffix}"] = digest[:8]
            found[f"{name}{suffix} hex"] = digest.hex()[:PREFIX].encode()
            found[f"{name}{suffix} HEX"] = digest.hex()[:PREFIX].upper().encode()
            found[f"{name}{suffix} base64"] = base64.b64encode(digest)[:PREFIX]
            found[f"{name}{suffix} urlsafe"] = base64.urlsafe_b64encode(digest)[:PREFIX]
    return found


def leaks(address: str, haystacks: dict[str, bytes]) -> list[str]:
    """Return where an address shows in which disguise; an empty list is what we want."""
    needles = disguises(address)
    found = []
    for place, hay in haystacks.items():
        for text in (hay, *_unpacked(hay)):
            low = text.lower()
            found += [
                f"{name} in {place}"
                for name, form in needles.items()
                if form in text or (name.startswith("token") and form in low)
            ]
    return found


def _unpacked(hay: bytes) -> list[bytes]:
    return [gzip.decompress(hay)] if hay[:2] == b"\x1f\x8b" else []

"""Readers' addresses sealed, and the tokens and digests that must not give them away."""

import base64
import hashlib
import hmac
import ipaddress
import os
import re
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import GatepostError
from service.keys import KeyRing

FORMAT = 0x01
HEADER = struct.Struct(">BH")
NONCE_BYTES = 12  # 96 bits, as NIST SP 800-38D asks for random nonces
BLOCK = 32
UID_BYTES = 16
INDEX_BYTES = 16
MAC_BYTES = 16
ASSOCIATED = b"gatepost/email/v1"
RECEIPT, MAIL, NOTICE = b"receipt|", b"mail|", b"notice|"
ADDRESS_LIKE = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"'(),;:]{1,255}")


class SealError(GatepostError):
    """A sealed address does not open: a damaged row, or a key that is not in the ring."""


@dataclass(frozen=True, slots=True, repr=False)
class EmailAddress:
    """A reader's address; whatever prints it prints `<email>`."""

    _plain: str

    def __repr__(self) -> str:
        return "<email>"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "<email>"

    def reveal(self) -> str:
        """Return the address itself; each use of this name is one to look at."""
        return self._plain

    def normalised(self) -> str:
        """Return the form in which two writings of one address are equal.

        Domain in lower-case IDNA ASCII, local part NFC and case-folded; dots and tags stay,
        because they are different mailboxes at most providers.
        """
        local, _, domain = self._plain.rpartition("@")
        try:
            ascii_domain = domain.encode("idna").decode()
        except UnicodeError:
            ascii_domain = domain
        return f"{unicodedata.normalize('NFC', local).casefold()}@{ascii_domain.lower()}"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed address and the number of the key that sealed it."""

    ciphertext: bytes
    kid: int


def new_uid() -> bytes:
    """Return a random row id that binds a sealed address to its row."""
    return os.urandom(UID_BYTES)


def seal(
    address: EmailAddress,
    *,
    site_id: int,
    uid: bytes,
    ring: KeyRing,
    random: Callable[[int], bytes] = os.urandom,
) -> Sealed:
    """Seal an address with AES-256-GCM: `0x01 | key number | nonce | ciphertext | tag`.

    The plain text is padded to a multiple of 32 bytes, because the length of an address is a
    fingerprint; site and row are bound in, so that a copied or swapped value does not open.
    """
    key = ring.active("email")
    plain = address.reveal().encode()
    framed = struct.pack(">H", len(plain)) + plain
    framed += bytes(-len(framed) % BLOCK)
    nonce = random(NONCE_BYTES)
    body = AESGCM(key.secret).encrypt(nonce, framed, _associated(site_id, uid))
    return Sealed(HEADER.pack(FORMAT, key.kid) + nonce + body, key.kid)


def open_sealed(sealed: bytes, *, site_id: int, uid: bytes, ring: KeyRing) -> EmailAddress:
    """Open a sealed address.

    Raises:
        SealError: damaged, of another row, or sealed by a key that is not in the ring.
    """
    if len(sealed) < HEADER.size + NONCE_BYTES + 16:
        raise SealError("a sealed address is cut short")
    version, kid = HEADER.unpack_from(sealed)
    key = ring.get("email", kid)
    if version != FORMAT or key is None:
        raise SealError(f"the key {kid} of a sealed address is not in the ring")
    nonce = sealed[HEADER.size : HEADER.size + NONCE_BYTES]
    body = sealed[HEADER.size + NONCE_BYTES :]
    try:
        framed = AESGCM(key.secret).decrypt(nonce, body, _associated(site_id, uid))
    except InvalidTag:
        raise SealError("a sealed address is damaged or belongs to another row") from None
    (length,) = struct.unpack_from(">H", framed)
    return EmailAddress(framed[2 : 2 + length].decode())


def _associated(site_id: int, uid: bytes) -> bytes:
    return ASSOCIATED + struct.pack(">Q", site_id) + uid


def blind_index(address: EmailAddress, *, site_id: int, ring: KeyRing) -> tuple[int, bytes]:
    """Return (key number, 16 bytes) that are equal for equal addresses of one site."""
    key = ring.active("index")
    message = struct.pack(">Q", site_id) + b"\0" + address.normalised().encode()
    return key.kid, hmac.digest(key.secret, message, hashlib.sha256)[:INDEX_BYTES]


def receipt_token(public_id: str, ring: KeyRing) -> str:
    """Return the token of an author's private link: id, key number and MAC, URL-safe."""
    return _private_token(RECEIPT, public_id, ring)


def read_receipt_token(token: str, ring: KeyRing) -> str | None:
    """Return the comment's public id, None when the token is not one of ours."""
    return _read_private_token(RECEIPT, token, ring)


def mail_token(public_id: str, ring: KeyRing) -> str:
    """Return the token of the links in mails about a comment; it opens no receipt."""
    return _private_token(MAIL, public_id, ring)


def read_mail_token(token: str, ring: KeyRing) -> str | None:
    """Return the comment's public id, None when the token is not one of ours."""
    return _read_private_token(MAIL, token, ring)


def notice_token(named: str, ring: KeyRing) -> str:
    """Return the token of the link that ends mail to a moderator; it opens nothing else.

    Args:
        named: which mail, in words and ids of our own.
    """
    return _private_token(NOTICE, named, ring)


def read_notice_token(token: str, ring: KeyRing) -> str | None:
    """Return which mail a link ends, None when the token is not one of ours."""
    return _read_private_token(NOTICE, token, ring)


def _private_token(purpose: bytes, public_id: str, ring: KeyRing) -> str:
    key = ring.active("receipt")
    named = f"{public_id}.{key.kid}"
    return f"{named}.{_text(_private_mac(purpose, named, key.secret))}"


def _read_private_token(purpose: bytes, token: str, ring: KeyRing) -> str | None:
    named, _, given = token.rpartition(".")
    public_id, _, kid = named.rpartition(".")
    if not (kid.isascii() and kid.isdigit() and len(kid) <= 5 and public_id):  # noqa: PLR2004 - a 16-bit number
        return None
    key = ring.get("receipt", int(kid))
    if key is None or not given.isascii():
        return None
    right = _text(_private_mac(purpose, named, key.secret))
    return public_id if hmac.compare_digest(given, right) else None


def _private_mac(purpose: bytes, named: str, secret: bytes) -> bytes:
    return hmac.digest(secret, purpose + named.encode(), hashlib.sha256)[:MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def fingerprint(body: bytes, ring: KeyRing) -> bytes:
    """Return 32 keyed bytes by which an equal body is known again.

    Keyed, because a plain hash of a body that holds an address is a hash of the address.
    """
    return hmac.digest(ring.active("token").secret, b"fingerprint|" + body, hashlib.sha256)


def network_id(address: str, day: date, ring: KeyRing) -> bytes:
    """Return 16 bytes for the network of an IP address on one day.

    IPv4 by the address, IPv6 by its /64, a mapped IPv4 as IPv4; what is no address falls into
    one common bucket. The day is in the key, so yesterday's value cannot be matched to today's.
    """
    try:
        found = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        name = b"unknown"
    else:
        if isinstance(found, ipaddress.IPv6Address):
            name = found.ipv4_mapped.packed if found.ipv4_mapped else found.packed[:8]
        else:
            name = found.packed
    key = hmac.digest(ring.active("network").secret, day.isoformat().encode(), hashlib.sha256)
    return hmac.digest(key, name, hashlib.sha256)[:INDEX_BYTES]


def scrub(text: str) -> str:
    """Replace whatever looks like an address in free text, for log lines."""
    return ADDRESS_LIKE.sub("<email>", text)

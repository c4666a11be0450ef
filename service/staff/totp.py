"""Codes of an authenticator app (RFC 6238): the secret, sealed at rest, and the codes it gives."""

import base64
import hmac
import os
import struct
from datetime import datetime

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from service.keys import KeyRing
from service.privacy import HEADER, NONCE_BYTES, SealError

SECRET_BYTES = 20  # as long as SHA-1's output, as RFC 4226 recommends
DIGITS = 6
STEP = 30  # seconds a code is shown
DRIFT = 1  # steps that a phone's clock may be slow or fast
FORMAT = 0x01
LABEL = b"gatepost/totp/v1"
USE = "session"
"""The keys that sign moderators' cookies; the sealing key is derived from them, so that the ring
of an older version goes on working."""


def new_secret() -> bytes:
    """Return a random secret."""
    return os.urandom(SECRET_BYTES)


def seal(secret: bytes, *, moderator_id: int, uid: bytes, ring: KeyRing) -> bytes:
    """Seal a secret with AES-256-GCM: `0x01 | key number | nonce | ciphertext | tag`.

    Moderator and row are bound in, so that a copied or swapped value does not open.
    """
    key = ring.active(USE)
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(_derived(key.secret)).encrypt(nonce, secret, _associated(moderator_id, uid))
    return HEADER.pack(FORMAT, key.kid) + nonce + body


def open_secret(sealed: bytes, *, moderator_id: int, uid: bytes, ring: KeyRing) -> bytes:
    """Open a sealed secret.

    Raises:
        SealError: damaged, of another row, or sealed under a key that is not in the ring.
    """
    version, kid = HEADER.unpack_from(sealed)
    key = ring.get(USE, kid)
    if version != FORMAT or key is None:
        raise SealError(f"the key {kid} of a sealed second factor is not in the ring")
    nonce = sealed[HEADER.size : HEADER.size + NONCE_BYTES]
    body = sealed[HEADER.size + NONCE_BYTES :]
    try:
        return AESGCM(_derived(key.secret)).decrypt(nonce, body, _associated(moderator_id, uid))
    except InvalidTag:
        raise SealError("a sealed second factor is damaged or belongs to another row") from None


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, None when it is none of those that count now."""
    current = int(now.timestamp()) // STEP
    right = _codes(secret)
    steps = range(current - DRIFT, current + DRIFT + 1)
    # All are compared, so that the time taken does not tell which.
    found = [
        step
        for step in steps
        if hmac.compare_digest(right.generate(step * STEP), code.encode("utf-8", "replace"))
    ]
    return found[0] if found else None


def code_at(secret: bytes, now: datetime) -> str:
    """Return the code that an app shows at that moment."""
    return _codes(secret).generate(int(now.timestamp())).decode()


def written(secret: bytes) -> str:
    """Return a secret as people type it into an app: groups of four."""
    plain = base64.b32encode(secret).decode()
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def picture(secret: bytes, *, account: str, issuer: str) -> str:
    """Return the QR code that an app reads, as an SVG element without any style."""
    link = _codes(secret).get_provisioning_uri(account, issuer)
    code = segno.make(link, error="m", micro=False)
    return code.svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )


def _codes(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303 - the one digest that every app knows


def _derived(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=LABEL).derive(secret)


def _associated(moderator_id: int, uid: bytes) -> bytes:
    return LABEL + struct.pack(">Q", moderator_id) + uid

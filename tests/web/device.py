"""A device that keeps passkeys (WebAuthn), made of a few lines, so that a test can let it lie."""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(plain):
    return base64.urlsafe_b64decode(plain + "==")


def cbor(value):
    """The few kinds of CBOR that a key needs."""
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    pairs = b"".join(cbor(name) + cbor(found) for name, found in value.items())
    return head(5, len(value)) + pairs


def head(kind, number):
    if number < 24:
        return bytes([kind << 5 | number])
    return (
        struct.pack(">BB", kind << 5 | 24, number)
        if number < 256
        else (struct.pack(">BH", kind << 5 | 25, number))
    )


@dataclass
class Device:
    """One passkey: what it says of itself can be bent before each answer."""

    origin: str = "https://comments.example.org"
    rp_id: str = "comments.example.org"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    handle: bytes = b""
    id: bytes = field(default_factory=lambda: os.urandom(16))
    key: object = field(default_factory=lambda: generate_private_key(SECP256R1()))

    def make(self, options):
        """The answer to a challenge that asks for a new passkey."""
        self.handle = raw(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        named = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(WITH_KEY) + named
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("webauthn.create", options, {"attestationObject": text(attestation)})

    def prove(self, options):
        """The answer to a challenge that asks for this passkey."""
        self.count += 1 if self.count else 0
        data = self._data()
        signed = data + hashlib.sha256(self._client("webauthn.get", options)).digest()
        return self._answer(
            "webauthn.get",
            options,
            {
                "authenticatorData": text(data),
                "signature": text(self.key.sign(signed, ECDSA(SHA256()))),
                "userHandle": text(self.handle),
            },
        )

    def _data(self, more=0):
        place = hashlib.sha256(self.rp_id.encode()).digest()
        return place + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, kind, options, response):
        client = text(self._client(kind, options))
        return json.dumps(
            {
                "id": text(self.id),
                "rawId": text(self.id),
                "type": "public-key",
                "response": {**response, "clientDataJSON": client},
            }
        )

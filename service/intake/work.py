"""Proof of work, in ALTCHA's wire format (version 1): a little computing that frees a ticket.

The challenge is stored nowhere. It is signed with a key that is made of its ticket, so a solution
is worth something for that ticket alone, and with the ticket it is used up.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.house import House

ALGORITHM = "SHA-256"
SALT_LENGTH = 24
# The number stands right behind the salt: only an "&" at its end keeps a digit from changing sides.
SALT = re.compile(r"[a-z0-9]{24}\?expires=(?P<expires>[0-9]{1,12})&")
HEX = re.compile(r"[0-9a-f]{64}")
PROOF_CAP = 1000  # characters; a solution has about 350
MOST = 10_000_000  # the highest number that the setting `work` allows


def challenge(house: House, ticket: str) -> dict[str, Any]:
    """Return a challenge that frees this ticket once it is solved."""
    ends = house.now() + timedelta(hours=house.settings.ticket_hours)
    salt = f"{house.token(SALT_LENGTH)}?expires={round(ends.timestamp())}&"
    chance = hashlib.sha256(house.token(SALT_LENGTH).encode()).digest()
    number = int.from_bytes(chance) % (house.settings.work + 1)
    digest = _digest(salt, number)
    return {
        "algorithm": ALGORITHM,
        "challenge": digest,
        "maxnumber": house.settings.work,
        "salt": salt,
        "signature": _signature(house, ticket, digest),
    }


def solved(house: House, ticket: str, proof: str) -> bool:
    """Say whether a proof solves a challenge that we made for this ticket.

    Args:
        ticket: a good one.
        proof: what the sender calls a solution; anything at all.
    """
    told = _read(proof)
    if told is None:
        return False
    salt, number = told["salt"], told["number"]
    found = SALT.fullmatch(salt)
    # `True` is a number to Python, and a text could hide a part of the salt.
    if found is None or type(number) is not int or not 0 <= number <= MOST:
        return False
    if int(found["expires"]) <= house.now().timestamp():
        return False
    right = _digest(salt, number)
    same = hmac.compare_digest(told["challenge"], right)
    return same and hmac.compare_digest(told["signature"], _signature(house, ticket, right))


def _read(proof: str) -> Mapping[str, Any] | None:
    if not 0 < len(proof) <= PROOF_CAP:
        return None
    try:
        told = json.loads(base64.b64decode(proof, validate=True))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("algorithm") != ALGORITHM or "number" not in told:
        return None
    texts = [told.get("salt"), told.get("challenge"), told.get("signature")]
    if not all(isinstance(text, str) for text in texts):
        return None
    return told if HEX.fullmatch(told["challenge"]) and HEX.fullmatch(told["signature"]) else None


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(house: House, ticket: str, digest: str) -> str:
    secret = house.ring.active("token").secret
    key = hmac.digest(secret, b"work|" + ticket.encode(), hashlib.sha256)
    return hmac.digest(key, digest.encode(), hashlib.sha256).hex()

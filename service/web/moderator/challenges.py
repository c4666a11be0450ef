"""Challenges of passkeys: kept in the signed session, good for five minutes and once."""

import base64
import os
from typing import Any

from flask import session

from service.errors import InvalidError
from service.web.context import house

CHALLENGE = "challenge"
BYTES = 32
LIFE = 5 * 60  # seconds
OVER = "That took too long, or was done already. Try again."


def new(purpose: str) -> bytes:
    """Return a fresh challenge; an earlier one is good no more."""
    challenge = os.urandom(BYTES)
    session[CHALLENGE] = {
        "for": purpose,
        "value": base64.b64encode(challenge).decode(),
        "until": int(house().now().timestamp()) + LIFE,
    }
    return challenge


def keep_handle(handle: str) -> None:
    """Keep with the challenge what the device will know the account by (base64url)."""
    session[CHALLENGE] = {**session[CHALLENGE], "handle": handle}


def take(purpose: str) -> tuple[bytes, bytes]:
    """Return the challenge that was given out, and the handle kept with it, and forget it.

    Raises:
        InvalidError: there is none for this purpose, or its time is over.
    """
    kept: dict[str, Any] = session.pop(CHALLENGE, None) or {}
    if kept.get("for") != purpose or house().now().timestamp() >= kept["until"]:
        raise InvalidError({"passkey": [OVER]})
    handle = kept.get("handle", "")
    return base64.b64decode(kept["value"]), base64.urlsafe_b64decode(handle + "==")

"""Webhook signatures by Standard Webhooks 1.0.0, with secrets derived instead of stored."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from service.keys import KeyRing

PREFIX = "whsec_"


def derive_secret(ring: KeyRing, endpoint_id: str, version: int) -> bytes:
    """Return the 32-byte secret of an endpoint; a stolen database reveals none."""
    message = f"wh|{endpoint_id}|{version}".encode()
    return hmac.digest(ring.active("webhook").secret, message, hashlib.sha256)


def show_secret(secret: bytes) -> str:
    """Return a secret as its owner copies it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secret).decode()


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the `webhook-signature` header.

    Args:
        secrets: the current secret first; older ones sign along while a secret rolls over.
        message_id: the `webhook-id`, the same on every attempt; holds no dot.
        timestamp: Unix seconds of this attempt.
        body: the exact bytes sent.

    Raises:
        ValueError: no secret, an empty one, or a dot in the id: the signed content would be
            ambiguous or signed with a public key.
    """
    if not secrets or not all(secrets) or "." in message_id:
        raise ValueError("a webhook needs a secret and an id without a dot")
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, content, hashlib.sha256) for secret in secrets)
    return " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)

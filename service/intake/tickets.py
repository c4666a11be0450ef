"""Form tickets: signed notes of when a form was opened and for which page.

A ticket is stored nowhere while it is out; only one that was used leaves a trace, so that it
counts once.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from service.house import House
from service.queries.limits import bucket, marked_once

NONCE_LENGTH = 16
MAC_BYTES = 16
DIGEST_BYTES = 16
SHAPE = re.compile(
    r"(?P<named>(?P<kid>[0-9]{1,5})\.(?P<opened>[0-9]{1,14})\.[a-z0-9]{16})"
    r"\.(?P<mac>[A-Za-z0-9_-]{22})"
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A good ticket, as it came back.

    Args:
        age: seconds since the form was opened.
        digest: keyed; by it a used ticket is known again.
        ends: when it stops being good.
    """

    age: float
    digest: bytes
    ends: datetime


def issue(house: House, site_id: int, page: str) -> str:
    """Return a ticket for a form of this page, opened now.

    Args:
        page: canonical page key.
    """
    key = house.ring.active("token")
    opened = int(house.now().timestamp() * 1000)  # down: no ticket is from the future
    named = f"{key.kid}.{opened}.{house.token(NONCE_LENGTH)}"
    return f"{named}.{_mac(key.secret, named, site_id, page)}"


def check(house: House, site_id: int, page: str, text: str) -> Ticket | None:
    """Return the ticket when it is good.

    None for what is missing, forged, of another site or page, too old, or from the future.
    """
    found = SHAPE.fullmatch(text)
    if found is None:
        return None
    key = house.ring.get("token", int(found["kid"]))
    if key is None:
        return None
    right = _mac(key.secret, found["named"], site_id, page)
    if not hmac.compare_digest(found["mac"], right):
        return None
    opened = datetime.fromtimestamp(int(found["opened"]) / 1000, UTC)
    ends = opened + timedelta(hours=house.settings.ticket_hours)
    now = house.now()
    if not opened <= now < ends:
        return None
    digest = hmac.digest(key.secret, b"used ticket|" + text.encode(), hashlib.sha256)
    return Ticket((now - opened).total_seconds(), digest[:DIGEST_BYTES], ends)


def spent(session: Session, ticket: Ticket) -> bool:
    """Say whether a ticket was used already."""
    return bucket(session, ticket.digest) is not None


def spend(session: Session, ticket: Ticket) -> bool:
    """Use a ticket up; False when somebody did so before.

    The trace is kept until after the ticket's end: `filled_at` is what housekeeping goes by.
    """
    return marked_once(session, ticket.digest, until=ticket.ends)


def _mac(secret: bytes, named: str, site_id: int, page: str) -> str:
    message = f"ticket|{named}|{site_id}|{page}".encode()
    mac = hmac.digest(secret, message, hashlib.sha256)[:MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

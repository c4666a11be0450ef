"""One webhook attempt: signed now, sent through the guarded client, outside any transaction."""

import time
from collections.abc import Callable
from datetime import datetime

from models import EndpointKind
from service.house import House
from service.http.guarded import Answer, Reach, SendError, post
from service.out.outbox import Claimed
from service.out.result import Result
from service.webhooks.signing import derive_secret, sign

Send = Callable[[Claimed], Result]
USER_AGENT = "Gatepost"


def sender(house: House, reach: Reach | None = None) -> Send:
    """Return the function that sends one claimed delivery.

    Args:
        reach: how far we reach; None = by the settings.
    """
    reach = reach or Reach(allow=house.settings.webhook_allow)

    def send(claimed: Claimed) -> Result:
        # Signed at sending time: a signature kept since the first attempt would be too old by now.
        now, began = house.now(), time.monotonic()
        signed_at = now.replace(microsecond=0) if claimed.kind is EndpointKind.WEBHOOK else None
        try:
            return Result(_post(house, claimed, reach, now), signed_at=signed_at)
        except SendError as error:
            took = round((time.monotonic() - began) * 1000)
            return Result(None, error, signed_at=signed_at, milliseconds=took)

    return send


def _post(house: House, claimed: Claimed, reach: Reach, now: datetime) -> Answer:
    body, headers = b"", {"User-Agent": USER_AGENT, "webhook-id": claimed.event_id}
    if claimed.kind is EndpointKind.WEBHOOK:
        body = claimed.body
        headers |= _signed(house, claimed, now)
    deadline = house.settings.delivery_deadline
    return post(claimed.url, body, headers, reach=reach, deadline=deadline)


def _signed(house: House, claimed: Claimed, now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    secrets = [
        derive_secret(house.ring, claimed.endpoint_id, one.version)
        for one in claimed.secrets
        if one.not_after is None or one.not_after > now
    ]
    return {
        "Content-Type": "application/json",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, claimed.event_id, timestamp, claimed.body),
    }

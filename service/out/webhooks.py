"""One webhook attempt: signed now, sent through the guarded client, outside any transaction."""

import time
from collections.abc import Callable

from service.guarded import Answer, Reach, SendError, post
from service.house import House
from service.out.outbox import Claimed, Result
from service.signing import derive_secret, sign

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
        now, began = house.now().replace(microsecond=0), time.monotonic()
        try:
            return Result(_post(house, claimed, reach, int(now.timestamp())), signed_at=now)
        except SendError as error:
            took = round((time.monotonic() - began) * 1000)
            return Result(None, error, signed_at=now, milliseconds=took)

    return send


def _post(house: House, claimed: Claimed, reach: Reach, timestamp: int) -> Answer:
    secret = derive_secret(house.ring, claimed.endpoint_id, claimed.secret_version)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": claimed.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign([secret], claimed.event_id, timestamp, claimed.body),
    }
    deadline = house.settings.delivery_deadline
    return post(claimed.url, claimed.body, headers, reach=reach, deadline=deadline)

"""One webhook attempt: signed now, sent through the guarded client, outside any transaction."""

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
        try:
            return Result(_post(house, claimed, reach))
        except SendError as error:
            return Result(None, error)

    return send


def _post(house: House, claimed: Claimed, reach: Reach) -> Answer:
    # Signed at sending time: a signature kept since the first attempt would be too old by now.
    timestamp = int(house.now().timestamp())
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

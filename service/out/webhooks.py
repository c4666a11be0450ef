"""One webhook attempt: signed now, sent through the guarded client, outside any transaction."""

from collections.abc import Callable

from models import EndpointKind
from service.guarded import Answer, Reach, SendError, post
from service.house import House
from service.out.outbox import Claimed
from service.out.result import Result
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
    body, headers = b"", {"User-Agent": USER_AGENT, "webhook-id": claimed.event_id}
    if claimed.kind is EndpointKind.WEBHOOK:
        body = claimed.body
        headers |= _signed(house, claimed)
    deadline = house.settings.delivery_deadline
    return post(claimed.url, body, headers, reach=reach, deadline=deadline)


def _signed(house: House, claimed: Claimed) -> dict[str, str]:
    # Signed at sending time: a signature kept since the first attempt would be too old by now.
    now = house.now()
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

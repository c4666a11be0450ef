"""The deeds of an owner on the addresses that are told of events."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Endpoint, EndpointState, EventType, Site
from service.announce import ping
from service.audit import note
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.guarded import SendError, check_url
from service.house import House
from service.queries import endpoints as queries
from service.signing import derive_secret, show_secret


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint just made, with the secret that is shown to its owner."""

    endpoint: Endpoint
    secret: str
    """`whsec_…`"""


def add_endpoint(house: House, site_id: int, *, url: str, types: Sequence[str]) -> NewEndpoint:
    """Add a webhook address and return its secret.

    Args:
        types: event types wanted; empty = all.

    Raises:
        InvalidError: an address we would not dial, or an unknown event type.
    """
    errors: dict[str, list[str]] = {}
    try:
        check_url(url, house.settings.webhook_allow)
    except SendError as error:
        errors["url"] = [str(error)]
    known = {kind.value for kind in EventType}
    if set(types) - known:
        errors["types"] = [f"Unknown event type: {', '.join(sorted(set(types) - known))}."]
    if errors:
        raise InvalidError(errors)
    with transaction() as session:
        endpoint = Endpoint(
            public_id=f"ep_{house.token(20)}",
            site_id=site_id,
            url=url,
            types=list(types),
            state=EndpointState.ACTIVE,
            secret_version=1,
            created_at=house.now(),
        )
        session.add(endpoint)
        note(session, house, "endpoint.add", site_id, endpoint=endpoint.public_id)
    return NewEndpoint(endpoint, secret_of(house, endpoint))


def secret_of(house: House, endpoint: Endpoint) -> str:
    """Return an endpoint's secret as its owner copies it; derived, never stored."""
    return show_secret(derive_secret(house.ring, endpoint.public_id, endpoint.secret_version))


def test_endpoint(house: House, site_id: int, public_id: str) -> None:
    """Send a `ping` to one endpoint.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    with transaction() as session:
        endpoint = _endpoint(session, site_id, public_id)
        ping(session, house, endpoint, session.get_one(Site, site_id))
        note(session, house, "endpoint.test", site_id, endpoint=public_id)
    house.wake()


def set_endpoint_state(house: House, site_id: int, public_id: str, state: EndpointState) -> None:
    """Pause, resume or switch off an endpoint.

    Raises:
        NotFoundError: no such endpoint on this site.
    """
    with transaction() as session:
        endpoint = _endpoint(session, site_id, public_id)
        endpoint.state, endpoint.state_reason = state, ""
        note(session, house, f"endpoint.{state.value}", site_id, endpoint=public_id)
        if state is EndpointState.ACTIVE:
            endpoint.streak, endpoint.open_until, endpoint.failing_since = 0, None, None


def endpoints(site_id: int) -> Sequence[Endpoint]:
    """Return a site's endpoints, oldest first."""
    return queries.endpoints_of(db.session(), site_id)


def _endpoint(session: Session, site_id: int, public_id: str) -> Endpoint:
    endpoint = queries.endpoint_of_site(session, site_id, public_id)
    if endpoint is None:
        raise NotFoundError("There is no such endpoint.")
    return endpoint

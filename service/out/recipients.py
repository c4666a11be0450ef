"""Which endpoints a released event goes to, and when."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointKind,
    EndpointState,
    Event,
    EventType,
    Origin,
    Status,
)
from service.house import House
from service.queries import endpoints as queries
from service.webhooks.deliveries import new_delivery

BUILD_PAUSE = timedelta(seconds=10)
"""From the first change to the build, so that its neighbours come with it."""


class Recipients:
    """Makes the deliveries of events that leave the house together.

    Args:
        endpoints: of their sites, removed ones left out.
        due: now, by the clock of leases.
    """

    def __init__(
        self, session: Session, house: House, endpoints: Sequence[Endpoint], due: datetime
    ) -> None:
        self._session = session
        self._house = house
        self._endpoints = endpoints
        self._due = due
        self._building: set[int] = set()

    def deliveries_of(self, event: Event) -> list[Delivery]:
        """Return one delivery for each endpoint that the event is for.

        What is for a paused endpoint waits, what is for a disabled one is held: nothing that
        happens meanwhile is lost.
        """
        return [
            self._delivery(endpoint, event)
            for endpoint in self._endpoints
            if self._is_for(endpoint, event)
        ]

    def _is_for(self, endpoint: Endpoint, event: Event) -> bool:
        if event.endpoint_id is not None:
            return endpoint.id == event.endpoint_id
        if endpoint.site_id != event.site_id:
            return False
        if endpoint.kind is EndpointKind.BUILD:
            return is_public_change(event) and self._begins_build(endpoint)
        return not endpoint.types or event.type.value in endpoint.types

    def _begins_build(self, endpoint: Endpoint) -> bool:
        """Say whether no build is to come that shows this change too."""
        if endpoint.id in self._building or queries.build_to_come(self._session, endpoint):
            return False
        self._building.add(endpoint.id)
        return True

    def _delivery(self, endpoint: Endpoint, event: Event) -> Delivery:
        waits = endpoint.kind is EndpointKind.BUILD and event.endpoint_id is None
        origin = Origin.TEST if event.type is EventType.PING else Origin.AUTO
        delivery = new_delivery(self._house, event, endpoint, self._due, origin)
        if waits:
            delivery.due_at = self._due + BUILD_PAUSE
        if endpoint.state is EndpointState.DISABLED:
            delivery.state = DeliveryState.HELD
        return delivery


def is_public_change(event: Event) -> bool:
    """Say whether the public sees something else since: a comment or a page changed.

    A comment counts that is approved, or was until now.
    """
    if event.type is EventType.PAGE:
        return True
    told = json.loads(event.body)["data"]
    return Status.APPROVED.value in (told.get("status"), told.get("previous_status"))

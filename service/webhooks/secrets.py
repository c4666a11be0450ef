"""The deeds of an owner on the secrets with which his webhooks are signed.

A secret is derived from its number, never stored: rotating makes the next number the newest, and
the older ones sign along until their end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Endpoint, EndpointKind, OldSecret
from service.db import db, transaction
from service.errors import ConflictError, InvalidError
from service.house import House
from service.queries import endpoints as queries
from service.records.audit import note
from service.webhooks.endpoints import held_endpoint
from service.webhooks.signing import derive_secret, show_secret

MOST_LIVE = 3
"""Secrets of one endpoint that sign at once, the newest included."""
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
NO_SECRET = "A build hook is not signed: it has no secret."  # noqa: S105 - a sentence
ROTATED_MEANWHILE = "The secret was rotated since this page was loaded. Load it again."


@dataclass(frozen=True, slots=True)
class LiveSecret:
    """A secret that signs.

    Args:
        not_after: when it ends; None for the newest.
        shown: `whsec_…`, as its owner copies it.
    """

    version: int
    not_after: datetime | None
    shown: str


def rotate_secret(
    house: House,
    site_id: int,
    public_id: str,
    *,
    overlap: timedelta = OVERLAP,
    seen: int | None = None,
) -> Endpoint:
    """Give an endpoint a new secret; the older ones sign along, three in all at most.

    Args:
        overlap: how long the present one signs along; none = all older ones end at once.
        seen: version that the owner saw, so that a form sent twice rotates once.

    Raises:
        NotFoundError: no such endpoint on this site.
        InvalidError: an overlap below none or over seven days.
        ConflictError: a build hook, or somebody was faster.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise InvalidError({"overlap": ["Choose from 0 hours to 7 days."]})
    with transaction() as session:
        endpoint = _signed_endpoint(session, site_id, public_id)
        if seen is not None and seen != endpoint.secret_version:
            raise ConflictError(ROTATED_MEANWHILE)
        old, endpoint.secret_version = endpoint.secret_version, endpoint.secret_version + 1
        if overlap:
            ends = house.now() + overlap
            session.add(OldSecret(endpoint_id=endpoint.id, version=old, not_after=ends))
            queries.end_old_secrets(session, endpoint.id, below=old - MOST_LIVE + 2)
        else:
            queries.end_old_secrets(session, endpoint.id, below=old + 1)
        version = endpoint.secret_version
        note(session, house, "endpoint.rotate", site_id, endpoint=public_id, version=version)
    return endpoint


def revoke_old_secrets(house: House, site_id: int, public_id: str) -> int:
    """Let the newest secret alone sign from the next attempt on; return how many ended.

    Raises:
        NotFoundError: no such endpoint on this site.
        ConflictError: a build hook.
    """
    with transaction() as session:
        endpoint = _signed_endpoint(session, site_id, public_id)
        ended = queries.end_old_secrets(session, endpoint.id, below=endpoint.secret_version)
        note(session, house, "endpoint.revoke", site_id, endpoint=public_id)
    return ended


def live_secrets(house: House, endpoint: Endpoint) -> list[LiveSecret]:
    """Return the secrets that sign now, newest first; derived, never stored."""
    if endpoint.kind is EndpointKind.BUILD:
        return []
    newest = endpoint.secret_version
    older = queries.old_secrets(db.session(), [endpoint.id], house.now())
    return [
        LiveSecret(newest, None, _shown(house, endpoint, newest)),
        *(
            LiveSecret(one.version, one.not_after, _shown(house, endpoint, one.version))
            for one in older
        ),
    ]


def reveal_secrets(house: House, site_id: int, public_id: str) -> list[LiveSecret]:
    """Return an endpoint's live secrets for its owner's eyes; the audit log tells of it.

    Raises:
        NotFoundError: no such endpoint on this site.
        ConflictError: a build hook.
    """
    with transaction() as session:
        endpoint = _signed_endpoint(session, site_id, public_id)
        note(session, house, "endpoint.reveal", site_id, endpoint=public_id)
    return live_secrets(house, endpoint)


def _signed_endpoint(session: Session, site_id: int, public_id: str) -> Endpoint:
    endpoint = held_endpoint(session, site_id, public_id)
    if endpoint.kind is EndpointKind.BUILD:
        raise ConflictError(NO_SECRET)
    return endpoint


def _shown(house: House, endpoint: Endpoint, version: int) -> str:
    return show_secret(derive_secret(house.ring, endpoint.public_id, version))

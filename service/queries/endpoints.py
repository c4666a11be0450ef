"""Questions about a site's endpoints."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Endpoint


def endpoints_of(session: Session, site_id: int) -> Sequence[Endpoint]:
    """Return a site's endpoints, oldest first."""
    return session.scalars(
        sa.select(Endpoint).where(Endpoint.site_id == site_id).order_by(Endpoint.id)
    ).all()


def endpoint_of_site(session: Session, site_id: int, public_id: str) -> Endpoint | None:
    """Return one endpoint of a site."""
    return session.scalar(
        sa.select(Endpoint).where(Endpoint.site_id == site_id, Endpoint.public_id == public_id)
    )

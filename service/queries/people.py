"""Questions about moderators and the first claim."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Membership, Role, Setup


def setup_for_change(session: Session) -> Setup | None:
    """Return the setup row, locked until the transaction ends."""
    query = sa.select(Setup).where(Setup.id == 1)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def role_on(session: Session, moderator_id: int, site_id: int) -> Role | None:
    """Return a moderator's role on a site, None when he has none."""
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.moderator_id == moderator_id, Membership.site_id == site_id
        )
    )

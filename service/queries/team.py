"""Questions about who works on a site, and who is invited to."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Invitation, Membership, Moderator, Role


def members(session: Session, site_id: int) -> list[tuple[Moderator, Role]]:
    """Return who has a role on a site, by name."""
    query = (
        sa.select(Moderator, Membership.role)
        .join(Membership, Membership.moderator_id == Moderator.id)
        .where(Membership.site_id == site_id)
        .order_by(Moderator.name, Moderator.id)
    )
    return [(moderator, role) for moderator, role in session.execute(query)]


def members_for_change(session: Session, site_id: int) -> list[Membership]:
    """Return all roles on a site, locked in one order, so that an owner is always left."""
    query = sa.select(Membership).where(Membership.site_id == site_id)
    query = query.order_by(Membership.moderator_id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def open_invitations(session: Session, site_id: int) -> Sequence[Invitation]:
    """Return a site's invitations that were neither used nor taken back, newest first."""
    query = sa.select(Invitation).where(
        Invitation.site_id == site_id, Invitation.ended_at.is_(None)
    )
    return session.scalars(query.order_by(Invitation.id.desc())).all()


def invitation_by_digest(session: Session, digest: bytes) -> Invitation | None:
    """Return the invitation of a token."""
    return session.scalar(sa.select(Invitation).where(Invitation.token_digest == digest))


def invitation_for_change(session: Session, digest: bytes) -> Invitation | None:
    """Return the invitation of a token, locked until the transaction ends."""
    query = sa.select(Invitation).where(Invitation.token_digest == digest)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def invitation_of_site(session: Session, site_id: int, public_id: str) -> Invitation | None:
    """Return one of a site's invitations, locked until the transaction ends."""
    query = sa.select(Invitation).where(
        Invitation.site_id == site_id, Invitation.public_id == public_id
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))

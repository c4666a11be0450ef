"""Questions about moderators and the first claim."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Membership, Moderator, Setup

Person = TypeVar("Person", bound=Moderator)


def setup_for_change(session: Session) -> Setup | None:
    """Return the setup row, locked until the transaction ends."""
    query = sa.select(Setup).where(Setup.id == 1)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def setup_row(session: Session) -> Setup | None:
    """Return the setup row."""
    return session.scalar(sa.select(Setup).where(Setup.id == 1))


def sign_in(
    session: Session, kind: type[Person], columns: Mapping[str, Any], *, anew: bool = False
) -> Person | None:
    """Return the moderator with these column values, loaded as `kind`.

    Args:
        anew: also what this session has loaded before, as the database has it now.
    """
    query = sa.select(kind)
    for name, value in columns.items():
        query = query.where(getattr(kind, name) == value)
    return session.scalar(query.execution_options(populate_existing=anew))


def moderators(session: Session, ids: Collection[int]) -> Sequence[Moderator]:
    """Return these moderators by name, those included who have no role any more."""
    query = sa.select(Moderator).where(Moderator.id.in_(ids)).order_by(Moderator.name)
    return session.scalars(query).all()


def colleagues(session: Session, moderator_id: int) -> dict[int, str]:
    """Return everybody with a role on one of a moderator's sites: name by row; himself too."""
    own = sa.select(Membership.site_id).where(Membership.moderator_id == moderator_id)
    shared = sa.select(Membership.moderator_id).where(Membership.site_id.in_(own))
    query = sa.select(Moderator.id, Moderator.name).where(Moderator.id.in_(shared))
    ordered = session.execute(query.order_by(Moderator.name, Moderator.id))
    return {row: name for row, name in ordered}  # noqa: C416 - rows are no pairs to the type checker

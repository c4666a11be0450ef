"""The helper that writes the audit log: in the transaction of the act, or not at all."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from models import ActorKind, AuditEntry
from service.house import Doer, House

Subject = Mapping[str, str | int | bool | None]


def by_moderator(moderator_id: int) -> Doer:
    """Return a moderator as the one who did it."""
    return Doer(ActorKind.MODERATOR, moderator_id)


def record(
    session: Session,
    house: House,
    doer: Doer,
    act: str,
    *,
    site_id: int | None = None,
    subject: Subject | None = None,
) -> None:
    """Write one act down, inside the caller's transaction.

    Args:
        act: noun and verb, such as `comment.approve` or `team.invite`; at most 40 characters.
        site_id: the site it was done on; None = none in particular.
        subject: ids and words of our own that say what it was done to; never text, name or
            address.
    """
    session.add(
        AuditEntry(
            at=house.now(),
            actor_kind=doer.kind,
            actor_id=doer.id,
            site_id=site_id,
            act=act,
            subject=dict(subject or {}),
        )
    )


def note(
    session: Session, house: House, act: str, site_id: int, **subject: str | int | bool | None
) -> None:
    """Write down an act of whoever does it, if anybody does: a rule and a chore leave no entry."""
    if house.doer is not None:
        record(session, house, house.doer, act, site_id=site_id, subject=subject)

"""The helper that writes the audit log: in the transaction of the act, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import ActorKind, AuditEntry
from service.house import House


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did it.

    Args:
        kind: a moderator, an API key, or the operator at the command line.
        id: the number of the moderator or key; None for the operator.
    """

    kind: ActorKind
    id: int | None


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
    subject: Mapping[str, str | int | bool | None] | None = None,
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

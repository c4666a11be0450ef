"""Questions about the audit log."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import ActorKind, ApiKey, AuditEntry, AuditSeal, Moderator

PAGE = 50
WALK = 1000  # rows read at once by those who walk through all of it


def unsealed(session: Session, limit: int) -> Sequence[AuditEntry]:
    """Return entries without a seal, oldest first, locked; what a rival holds is waited for."""
    query = sa.select(AuditEntry).where(AuditEntry.seal_id.is_(None)).order_by(AuditEntry.id)
    return session.scalars(query.limit(limit).with_for_update()).all()


def wait_unsealed(session: Session) -> bool:
    """Say whether an entry waits for its seal; costs no lock."""
    query = sa.select(AuditEntry.id).where(AuditEntry.seal_id.is_(None)).limit(1)
    return session.scalar(query) is not None


def last_seal(session: Session) -> AuditSeal | None:
    """Return the newest seal."""
    return session.scalar(sa.select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))


def hold_sealing(session: Session) -> None:
    """Let no other worker seal until the transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("LOCK TABLE audit_seal IN SHARE ROW EXCLUSIVE MODE"))


def seals(session: Session) -> Iterator[AuditSeal]:
    """Yield all seals, oldest first, a few in memory at a time."""
    last = 0
    while rows := session.scalars(
        sa.select(AuditSeal).where(AuditSeal.id > last).order_by(AuditSeal.id).limit(WALK)
    ).all():
        yield from rows
        last = rows[-1].id


def entries_of(session: Session, seal_id: int | None) -> Iterator[AuditEntry]:
    """Yield the entries of a seal, oldest first; of None, those without one."""
    last = 0
    under = AuditEntry.seal_id.is_(None) if seal_id is None else AuditEntry.seal_id == seal_id
    while rows := session.scalars(
        sa.select(AuditEntry).where(under, AuditEntry.id > last).order_by(AuditEntry.id).limit(WALK)
    ).all():
        yield from rows
        last = rows[-1].id


def entries_page(
    session: Session,
    site_id: int,
    *,
    actor_id: int | None = None,
    act: str = "",
    before: int | None = None,
) -> list[tuple[AuditEntry, Moderator | ApiKey | None]]:
    """Return a site's newest entries with who did it, at most `PAGE`.

    Args:
        actor_id: number of a moderator.
    """
    kind = AuditEntry.actor_kind
    query = (
        sa.select(AuditEntry, Moderator, ApiKey)
        .outerjoin(
            Moderator,
            sa.and_(Moderator.id == AuditEntry.actor_id, kind == ActorKind.MODERATOR),
        )
        .outerjoin(ApiKey, sa.and_(ApiKey.id == AuditEntry.actor_id, kind == ActorKind.KEY))
        .where(AuditEntry.site_id == site_id)
    )
    if actor_id is not None:
        query = query.where(AuditEntry.actor_id == actor_id, kind == ActorKind.MODERATOR)
    if act:
        query = query.where(AuditEntry.act == act)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    query = query.order_by(AuditEntry.id.desc()).limit(PAGE)
    rows: Any = session.execute(query)
    return [(entry, person or key) for entry, person, key in rows]


def newest_of_act(session: Session, site_id: int, act: str) -> AuditEntry | None:
    """Return a site's newest entry of an act; looks through its entries, newest first."""
    query = sa.select(AuditEntry).where(AuditEntry.site_id == site_id, AuditEntry.act == act)
    return session.scalar(query.order_by(AuditEntry.id.desc()).limit(1))


def entries_of_site(session: Session, site_id: int) -> Iterator[AuditEntry]:
    """Yield all entries of a site, oldest first, a few in memory at a time."""
    last = 0
    while rows := session.scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.site_id == site_id, AuditEntry.id > last)
        .order_by(AuditEntry.id)
        .limit(WALK)
    ).all():
        yield from rows
        last = rows[-1].id

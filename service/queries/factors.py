"""Questions about moderators' second factors: apps, recovery codes, passkeys."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Authenticator, Moderator, Passkey, RecoveryCode


def moderator_for_change(session: Session, moderator_id: int) -> Moderator:
    """Return a moderator, locked: what proves who he is changes one thing at a time."""
    query = sa.select(Moderator).where(Moderator.id == moderator_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def authenticator(session: Session, moderator_id: int, *, confirmed: bool) -> Authenticator | None:
    """Return a moderator's app: the one in force, or the one that waits for its first code."""
    query = sa.select(Authenticator).where(Authenticator.moderator_id == moderator_id)
    counts = Authenticator.confirmed_at.is_not(None)
    query = query.where(counts if confirmed else ~counts).order_by(Authenticator.id.desc())
    return session.scalars(query.limit(1).execution_options(populate_existing=True)).first()


def drop_authenticators(session: Session, moderator_id: int, *, confirmed: bool) -> int:
    """Delete a moderator's apps, those in force or those that wait; return how many."""
    counts = Authenticator.confirmed_at.is_not(None)
    query = (
        sa.delete(Authenticator)
        .where(Authenticator.moderator_id == moderator_id, counts if confirmed else ~counts)
        .returning(Authenticator.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(query).all())


def use_recovery_code(session: Session, moderator_id: int, digest: bytes, now: datetime) -> bool:
    """Use a recovery code up; False when it is none, or was used."""
    query = (
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.moderator_id == moderator_id,
            RecoveryCode.digest == digest,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    query = query.execution_options(synchronize_session=False)
    return session.scalars(query).first() is not None


def recovery_codes_left(session: Session, moderator_id: int) -> int:
    """Return how many of a moderator's ten codes were not used."""
    query = sa.select(sa.func.count()).where(
        RecoveryCode.moderator_id == moderator_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(query) or 0


def drop_recovery_codes(session: Session, moderator_id: int) -> None:
    """Delete all of a moderator's recovery codes."""
    query = sa.delete(RecoveryCode).where(RecoveryCode.moderator_id == moderator_id)
    session.execute(query.execution_options(synchronize_session=False))


def passkeys(session: Session, moderator_id: int) -> Sequence[Passkey]:
    """Return a moderator's passkeys, oldest first."""
    query = sa.select(Passkey).where(Passkey.moderator_id == moderator_id).order_by(Passkey.id)
    return session.scalars(query).all()


def passkey_of_moderator(session: Session, moderator_id: int, public_id: str) -> Passkey | None:
    """Return one of a moderator's passkeys."""
    query = sa.select(Passkey).where(
        Passkey.moderator_id == moderator_id, Passkey.public_id == public_id
    )
    return session.scalar(query)


def passkey_for_change(session: Session, credential_id: bytes) -> Passkey | None:
    """Return the passkey of a credential, locked until the transaction ends."""
    query = sa.select(Passkey).where(Passkey.credential_id == credential_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def drop_passkeys(session: Session, moderator_id: int) -> int:
    """Delete all of a moderator's passkeys; return how many."""
    query = sa.delete(Passkey).where(Passkey.moderator_id == moderator_id).returning(Passkey.id)
    return len(session.scalars(query.execution_options(synchronize_session=False)).all())


def have_second_factor(session: Session, moderator_ids: Collection[int]) -> set[int]:
    """Return which of these moderators have an app or a passkey."""
    apps = sa.select(Authenticator.moderator_id).where(
        Authenticator.moderator_id.in_(moderator_ids), Authenticator.confirmed_at.is_not(None)
    )
    keys = sa.select(Passkey.moderator_id).where(Passkey.moderator_id.in_(moderator_ids))
    return set(session.scalars(sa.union(apps, keys)))

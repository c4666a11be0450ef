"""Opening the house: folders, keys, migration, the right keys for this database, setup link."""

import hashlib
import secrets
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from models import KeyCheck, Setup
from service import migrate
from service.db import db, transaction
from service.errors import SetupError
from service.house import House
from service.keys import FileKeys, KeyRing, create
from service.queries import people
from service.queries.keyring import key_checks

TOKEN_BYTES = 24
WRONG_RING = (
    "the key ring {path} is not the one this database was written with (key {use} {kid}). Put the"
    " right ring back from its backup, or point key_ring at it."
)


def open_house(settings: Settings, engine: Engine, *, now: datetime) -> KeyRing:
    """Prepare everything a start needs and return the keys. Must run in an app context.

    Raises:
        SetupError: keys or database do not fit, with what to mend.
    """
    if settings.on_sqlite:
        Path(settings.data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate.migrate(engine)
    ring = _ring(settings, now)
    _check_ring(settings, ring)
    return ring


def _ring(settings: Settings, now: datetime) -> KeyRing:
    path = Path(settings.key_ring)
    if not path.exists():
        if key_checks(db.session()):
            raise SetupError(
                f"the key ring {path} is missing, but the database is in use. Put the ring back"
                " from its backup: without it the addresses in the database cannot be opened."
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        create(path, today=now.date())
    return FileKeys(path).load()


def _check_ring(settings: Settings, ring: KeyRing) -> None:
    answers = ring.known_answers()
    with transaction() as session:
        stored = key_checks(session)
        for (use, kid), answer in answers.items():
            row = stored.get((use, kid))
            if row is None:
                session.add(KeyCheck(use=use, kid=kid, answer=answer))
            elif row.answer != answer:
                message = WRONG_RING.format(path=settings.key_ring, use=use, kid=kid)
                raise SetupError(message)


def setup_token(now: datetime) -> str | None:
    """Return a fresh one-time token for the first owner, None once there is one.

    Only its digest is stored; an earlier unclaimed token stops working.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction() as session:
        row = people.setup_for_change(session)
        if row is not None and row.claimed_at is not None:
            return None
        if row is None:
            row = Setup(id=1, token_digest=b"", created_at=now)
            session.add(row)
        row.token_digest, row.created_at = token_digest(token), now
    return token


def token_digest(token: str) -> bytes:
    """Return what is stored of a setup token: 192 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def readiness(house: House) -> dict[str, bool]:
    """Say of each part that a comment needs whether it is there."""
    try:
        migrated = migrate.current(db.engine) == migrate.head()
        database = True
    except SQLAlchemyError:
        migrated = database = False
    return {"database": database, "migrations": migrated, "model": bool(house.scorer.model.name)}

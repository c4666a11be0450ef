"""The deeds of passkeys: making one, signing in with it, removing it.

A passkey is bound to the host name of `base_url` and to nothing a request says. User verification
is asked for always, so a passkey is two factors in one: the device, and what unlocks it.
"""

import hashlib
import ipaddress
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from config import Settings
from models import Moderator, Passkey, StaffSession
from models.comment import PUBLIC_ID_LENGTH
from service.db import db, transaction
from service.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from service.house import House
from service.queries import factors as queries
from service.queries.limits import marked_once
from service.records.audit import by_moderator, record
from service.staff import ceremony
from service.staff.ceremony import CeremonyError, Known
from service.staff.factors import after_removal, first_codes

log = logging.getLogger("gatepost.passkeys")

NAME_LENGTH = 60
HANDLE_BYTES = 32
MOST = 20  # passkeys of one moderator
NO_HOST = "Passkeys need a host name; this installation has none that a browser takes."
WRONG = "This passkey was not accepted. Try again, or sign in another way."
NOT_MADE = "The passkey could not be made. Try again."


@dataclass(frozen=True, slots=True)
class Offer:
    """A passkey that a browser has made, as it was handed in.

    Args:
        credential: the browser's answer, JSON.
        challenge: what it had to answer.
        handle: by what the device knows the account.
    """

    name: str
    credential: str
    challenge: bytes
    handle: bytes


def rp_id(settings: Settings) -> str | None:
    """Return the host name that passkeys are bound to, None where browsers take none.

    They want a name, no IP address, and https; `localhost` may do without.
    """
    host = urlsplit(settings.base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
        return host if settings.secure or local else None
    return None


def making(house: House, moderator_id: int, challenge: bytes) -> dict[str, Any]:
    """Return the browser's options for making a moderator's passkey.

    Raises:
        ForbiddenError: this installation can have none.
        ConflictError: he has as many as anybody needs.
    """
    session = db.session()
    known = queries.passkeys(session, moderator_id)
    _refuse_too_many(known)
    return ceremony.making(
        _host(house),
        name=session.get_one(Moderator, moderator_id).email,
        handle=known[0].handle if known else os.urandom(HANDLE_BYTES),
        challenge=challenge,
        known=_known(known),
    )


def proving(house: House, moderator_id: int | None, challenge: bytes) -> dict[str, Any]:
    """Return the browser's options for proving a passkey.

    Args:
        moderator_id: whose; None = whoever has one.

    Raises:
        ForbiddenError: this installation can have none.
    """
    known = [] if moderator_id is None else queries.passkeys(db.session(), moderator_id)
    return ceremony.proving(_host(house), challenge=challenge, known=_known(known))


def add(house: House, moderator_id: int, offer: Offer) -> list[str]:
    """Keep a passkey that a browser has made; return recovery codes if it is the first factor.

    Raises:
        InvalidError: no name, or what the browser handed in does not answer the challenge.
        ConflictError: he has as many as anybody needs, or this one is known already.
    """
    name = " ".join(offer.name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise InvalidError({"name": [f"Give it a name of at most {NAME_LENGTH} characters"]})
    host = _host(house)
    try:
        made = ceremony.made(
            offer.credential,
            challenge=offer.challenge,
            rp_id=host,
            origin=house.settings.base_url,
        )
    except CeremonyError as error:
        log.warning("a new passkey is refused: %s", error)
        raise InvalidError({"passkey": [NOT_MADE]}) from error
    with transaction() as session:
        queries.moderator_for_change(session, moderator_id)
        _use_up(session, house, offer.challenge)
        _refuse_too_many(queries.passkeys(session, moderator_id))
        if queries.passkey_for_change(session, made.credential_id) is not None:
            raise ConflictError("This passkey is there already.")
        passkey = Passkey(
            public_id=house.token(PUBLIC_ID_LENGTH),
            moderator_id=moderator_id,
            handle=offer.handle,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=made.transports,
            name=name,
            made_at=house.now(),
        )
        session.add(passkey)
        session.flush()
        _record(session, house, "account.passkey_add", passkey)
        return first_codes(session, house, moderator_id)


def use(house: House, credential: str, challenge: bytes) -> int:
    """Check a passkey's answer and return whose it is: the number of his account.

    Raises:
        InvalidError: unknown, removed, not ours, used before, or of a device that was copied.
    """
    host = _host(house)
    try:
        shown = ceremony.shown(credential)
        with transaction() as session:
            _use_up(session, house, challenge)
            passkey = queries.passkey_for_change(session, shown.credential_id)
            if passkey is None or shown.handle not in (None, passkey.handle):
                raise InvalidError({"passkey": [WRONG]})
            passkey.sign_count = ceremony.proved(
                credential,
                challenge=challenge,
                rp_id=host,
                origin=house.settings.base_url,
                public_key=passkey.public_key,
                count=passkey.sign_count,
            )
            passkey.used_at = house.now()
            return passkey.moderator_id
    except CeremonyError as error:
        log.warning("a passkey is refused: %s", error)
        raise InvalidError({"passkey": [WRONG]}) from error


def remove(house: House, kept: StaffSession, public_id: str) -> None:
    """Remove one of a moderator's passkeys and end his other sessions.

    Raises:
        NotFoundError: he has none of that id.
        ConflictError: it is the last factor, and his password too short to stand alone.
    """
    with transaction() as session:
        moderator = queries.moderator_for_change(session, kept.moderator_id)
        passkey = queries.passkey_of_moderator(session, moderator.id, public_id)
        if passkey is None:
            raise NotFoundError("There is no such passkey.")
        _record(session, house, "account.passkey_remove", passkey)
        session.delete(passkey)
        session.flush()
        after_removal(session, house, moderator, kept)


def _host(house: House) -> str:
    found = rp_id(house.settings)
    if found is None:
        raise ForbiddenError(NO_HOST)
    return found


def _known(passkeys: Sequence[Passkey]) -> list[Known]:
    return [Known(one.credential_id, one.transports) for one in passkeys]


def _use_up(session: Session, house: House, challenge: bytes) -> None:
    """Let a challenge be answered once, whoever kept a copy of the cookie it stood in."""
    mark = hashlib.sha256(b"challenge|" + challenge).digest()[:16]
    if not marked_once(session, mark, until=house.now()):
        raise InvalidError({"passkey": [WRONG]})


def _refuse_too_many(passkeys: Sequence[Passkey]) -> None:
    if len(passkeys) >= MOST:
        raise ConflictError(f"{MOST} passkeys are enough. Remove one first.")


def _record(session: Session, house: House, act: str, passkey: Passkey) -> None:
    doer = by_moderator(passkey.moderator_id)
    record(session, house, doer, act, subject={"passkey": passkey.public_id})

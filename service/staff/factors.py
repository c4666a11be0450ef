"""The deeds of second factors: an authenticator app, and recovery codes for when it is gone."""

import hashlib
import logging
import os
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Authenticator, Moderator, RecoveryCode, StaffSession
from service.db import db, transaction
from service.errors import ConflictError, InvalidError, NotFoundError
from service.house import House
from service.privacy import UID_BYTES, SealError
from service.queries import factors as queries
from service.records.audit import by_moderator, record
from service.staff import totp
from service.staff.sessions import end_all_but

log = logging.getLogger("gatepost.factors")

CODES = 10
CODE_LENGTH = 16  # characters of 5 bits: 80 random bits
WRONG_CODE = "This code is not right, or was used already. Wait for the next one and try again."
WRONG_FIRST_CODE = (
    "This is not the code that belongs to this key. Check that the phone's time is set."
)
LONGER_FIRST = (
    "Your password is too short to stand alone. Set one of at least 15 characters first, then"
    " remove this."
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs to show a moderator's codes: shown on his page, kept sealed.

    Args:
        key: the secret in groups of four.
        picture: the same as a QR code, an SVG element.
    """

    key: str
    picture: str


@dataclass(frozen=True, slots=True)
class Ways:
    """What a moderator has beside his password."""

    app: bool
    passkeys: int
    codes: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return self.app or bool(self.passkeys)


def ways(session: Session, moderator_id: int) -> Ways:
    """Return what a moderator has beside his password."""
    return Ways(
        app=queries.authenticator(session, moderator_id, confirmed=True) is not None,
        passkeys=len(queries.passkeys(session, moderator_id)),
        codes=queries.recovery_codes_left(session, moderator_id),
    )


def has_second(session: Session, moderator_id: int) -> bool:
    """Say whether a moderator has a second factor: an app that counts, or a passkey."""
    return bool(queries.have_second_factor(session, [moderator_id]))


def start_app(house: House, moderator_id: int) -> None:
    """Make the secret for a moderator's app; it counts once `confirm_app` has seen a code of it."""
    uid = os.urandom(UID_BYTES)
    sealed = totp.seal(totp.new_secret(), moderator_id=moderator_id, uid=uid, ring=house.ring)
    with transaction() as session:
        queries.moderator_for_change(session, moderator_id)
        queries.drop_authenticators(session, moderator_id, confirmed=False)
        session.add(
            Authenticator(moderator_id=moderator_id, uid=uid, sealed=sealed, made_at=house.now())
        )


def enrolment(house: House, moderator_id: int, account: str, issuer: str) -> Enrolment | None:
    """Return what is to be shown of the app that waits for its first code, None when none does."""
    row = queries.authenticator(db.session(), moderator_id, confirmed=False)
    if row is None:
        return None
    secret = _secret(house, row)
    return Enrolment(totp.written(secret), totp.picture(secret, account=account, issuer=issuer))


def confirm_app(house: House, moderator_id: int, code: str) -> list[str]:
    """Let a moderator's new app count, instead of an older one; return recovery codes.

    They are made with the first factor; with a further one the list is empty.

    Raises:
        NotFoundError: no app waits for its first code.
        InvalidError: not its code.
    """
    now = house.now()
    with transaction() as session:
        queries.moderator_for_change(session, moderator_id)
        row = queries.authenticator(session, moderator_id, confirmed=False)
        if row is None:
            raise NotFoundError("No authenticator app waits for its first code. Start again.")
        step = totp.step_of(_secret(house, row), _plain(code), now)
        if step is None:
            raise InvalidError({"code": [WRONG_FIRST_CODE]})
        queries.drop_authenticators(session, moderator_id, confirmed=True)
        row.confirmed_at, row.last_step = now, step
        session.flush()
        record(session, house, by_moderator(moderator_id), "account.app_add")
        return first_codes(session, house, moderator_id)


def remove_app(house: House, kept: StaffSession) -> None:
    """Remove a moderator's app and end his other sessions. Done twice is done.

    Raises:
        ConflictError: it is the last factor, and his password too short to stand alone.
    """
    moderator_id = kept.moderator_id
    with transaction() as session:
        moderator = queries.moderator_for_change(session, moderator_id)
        if queries.drop_authenticators(session, moderator_id, confirmed=True):
            record(session, house, by_moderator(moderator_id), "account.app_remove")
            after_removal(session, house, moderator, kept)


def after_removal(session: Session, house: House, moderator: Moderator, kept: StaffSession) -> None:
    """Draw the conclusions of a factor's removal, inside the transaction that removed it.

    Raises:
        ConflictError: it was the last, and the password is too short to stand alone.
    """
    if not has_second(session, moderator.id):
        if moderator.password_short:
            raise ConflictError(LONGER_FIRST)
        queries.drop_recovery_codes(session, moderator.id)
    end_all_but(session, house, moderator.id, kept)


def new_codes(house: House, moderator_id: int) -> list[str]:
    """Make ten recovery codes and return them, for this once; older ones are good no more.

    Raises:
        ConflictError: there is no second factor that they could stand in for.
    """
    with transaction() as session:
        queries.moderator_for_change(session, moderator_id)
        if not has_second(session, moderator_id):
            raise ConflictError("Recovery codes come with a second factor. Add one first.")
        return _make_codes(session, house, moderator_id)


def first_codes(session: Session, house: House, moderator_id: int) -> list[str]:
    """Make recovery codes if there are none, inside the caller's transaction; else return []."""
    if queries.recovery_codes_left(session, moderator_id):
        return []
    return _make_codes(session, house, moderator_id)


def use_code(house: House, moderator_id: int, typed: str) -> str | None:
    """Use up a code of a moderator's app, or a recovery code.

    Returns:
        Which it was, in the audit log's words; None when it is neither, or was used already.
    """
    code, now = _plain(typed), house.now()
    with transaction() as session:
        queries.moderator_for_change(session, moderator_id)
        if len(code) == totp.DIGITS:
            return "code" if _take_step(session, house, moderator_id, code) else None
        if not queries.use_recovery_code(session, moderator_id, _digest(code), now):
            return None
        record(session, house, by_moderator(moderator_id), "account.code_use")
        return "recovery code"


def _take_step(session: Session, house: House, moderator_id: int, code: str) -> bool:
    row = queries.authenticator(session, moderator_id, confirmed=True)
    if row is None:
        return False
    try:
        step = totp.step_of(_secret(house, row), code, house.now())
    except SealError as error:  # recovery codes still open, and the operator can reset
        log.error("a second factor cannot be read: %s", error)  # noqa: TRY400 - a sentence, not a traceback
        return False
    if step is None or (row.last_step is not None and step <= row.last_step):
        return False
    row.last_step = step
    return True


def _make_codes(session: Session, house: House, moderator_id: int) -> list[str]:
    queries.drop_recovery_codes(session, moderator_id)
    codes = [house.token(CODE_LENGTH) for _ in range(CODES)]
    session.add_all(RecoveryCode(moderator_id=moderator_id, digest=_digest(code)) for code in codes)
    record(session, house, by_moderator(moderator_id), "account.codes_make")
    return ["-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4)) for code in codes]


def _secret(house: House, row: Authenticator) -> bytes:
    return totp.open_secret(row.sealed, moderator_id=row.moderator_id, uid=row.uid, ring=house.ring)


def _plain(typed: str) -> str:
    return "".join(typed.split()).replace("-", "").casefold()[:100]


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()

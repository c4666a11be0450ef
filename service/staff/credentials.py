"""The deeds of a moderator's own password: a new one, and the operator's way back to one."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from models import ActorKind, PasswordReset
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.house import Doer, House
from service.opening import TOKEN_BYTES, token_digest
from service.queries import factors as queries
from service.queries import people, resets
from service.records.audit import by_moderator, record
from service.staff import factors, passwords
from service.staff.accounts import SignIn, sign_in_address
from service.staff.sessions import end_all_but

RESET_LIFE = timedelta(hours=1)
NO_RESET = "This link is not the newest, was used, or is over. Ask the operator for a new one."
OPERATOR = Doer(ActorKind.OPERATOR, None)


@dataclass(frozen=True, slots=True)
class Reset:
    """What an operator's reset did.

    Args:
        token: the one-time code of the link, kept nowhere.
        factors: how many apps and passkeys it removed.
        sessions: how many sessions it ended.
    """

    token: str
    factors: int
    sessions: int


def change_password(house: House, moderator_id: int, password: str) -> None:
    """Give a moderator a new password and end all his sessions, the one that asks too.

    Raises:
        InvalidError: it will not do; with a second factor it may be shorter.
    """
    moderator = db.session().get_one(SignIn, moderator_id)
    beside = factors.has_second(db.session(), moderator_id)
    _refuse(moderator.email, moderator.name, password, beside=beside)
    hashed, short = passwords.hashed(password), passwords.is_short(password)
    with transaction() as session:
        row = queries.moderator_for_change(session, moderator_id)
        if short and not factors.has_second(session, moderator_id):  # removed meanwhile
            _refuse(row.email, row.name, password, beside=False)
        row.password, row.password_short = hashed, short
        row.fs_uniquifier = house.token(40)
        record(session, house, by_moderator(moderator_id), "account.password")
        end_all_but(session, house, moderator_id)


def reset_account(house: House, email: str) -> Reset:
    """Let a moderator begin anew: password, second factors and sessions go, and a link is made.

    It is good once and for an hour. The old password opens nothing any more: it was not all that
    guarded the account.

    Raises:
        NotFoundError: there is no account of that address.
    """
    token, house = secrets.token_urlsafe(TOKEN_BYTES), replace(house, doer=OPERATOR)
    with transaction() as session:
        found = people.sign_in(session, SignIn, {"email": sign_in_address(email)})
        if found is None:
            raise NotFoundError("There is no account of this address.")
        moderator = queries.moderator_for_change(session, found.id)
        moderator.password, moderator.password_short = passwords.NONE, False
        moderator.fs_uniquifier = house.token(40)
        queries.drop_authenticators(session, moderator.id, confirmed=False)
        removed = queries.drop_authenticators(session, moderator.id, confirmed=True)
        removed += queries.drop_passkeys(session, moderator.id)
        queries.drop_recovery_codes(session, moderator.id)
        resets.keep(session, moderator.id, token_digest(token), house.now() + RESET_LIFE)
        subject = {"moderator": moderator.id}
        record(session, house, OPERATOR, "account.reset", subject=subject)
        ended = end_all_but(session, house, moderator.id)
    return Reset(token, removed, ended)


def use_reset(house: House, token: str, password: str) -> SignIn:
    """Set the password of whoever was given this link, which is then used, and return him.

    Raises:
        InvalidError: no such link or a password that will not do; the link stays good.
    """
    digest = token_digest(token.strip())
    # Before the slow hash: who has no link cannot make us hash.
    row = _good(house, resets.by_digest(db.session(), digest))
    moderator = db.session().get_one(SignIn, row.moderator_id)
    _refuse(moderator.email, moderator.name, password, beside=False)
    hashed = passwords.hashed(password)
    with transaction() as session:
        session.delete(_good(house, resets.for_change(session, digest)))
        moderator.password, moderator.password_short = hashed, False
        doer, subject = by_moderator(moderator.id), {"by": "reset"}
        record(session, house, doer, "account.password", subject=subject)
        end_all_but(session, house, moderator.id)
    return moderator


def _good(house: House, row: PasswordReset | None) -> PasswordReset:
    if row is None or row.expires_at <= house.now():
        raise InvalidError({"token": [NO_RESET]})
    return row


def _refuse(email: str, name: str, password: str, *, beside: bool) -> None:
    shortest = passwords.SHORTEST_WITH_FACTOR if beside else passwords.SHORTEST_ALONE
    problem = passwords.problem_of(password, email, name, shortest=shortest)
    if problem:
        raise InvalidError({"password": [problem]})

"""Moderators' accounts: Flask-Security for passwords and sessions, in our own shape.

`models.Moderator` is plain; here it gains what Flask-Security wants of a user. Sign-ins are loaded
only as `SignIn`: the session's identity map would hand out whichever class came first.
"""

import contextlib
import functools
import hmac
import threading
import unicodedata
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask_security import RoleMixin, Security, UserDatastore, UserMixin
from flask_security.utils import hash_password, login_user, logout_user, verify_password

from config import Settings
from models import Moderator, Role, Setup
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError, UnavailableError
from service.guards import Pace, take_turn
from service.house import House
from service.opening import token_digest
from service.privacy import fingerprint
from service.queries import people, sites

SHORTEST_PASSWORD = 15  # NIST SP 800-63B-4: characters of a password that stands alone
LONGEST_PASSWORD = 1000
NAME_LENGTH = 100
ADDRESS_LENGTH = 254  # characters, RFC 5321
SIGN_IN_PACE = Pace(burst=10, per_minute=10 / 15)
WRONG = "That email address and password do not belong together."
# Argon2id at 19 MiB and two passes takes about 85 ms (OWASP's second profile). One at a time, and
# who would wait long is sent away: signing in must not be a way to hold every thread.
HASHING = threading.BoundedSemaphore(1)
HASHING_WAIT = 1.0  # seconds
BUSY = "Too many people are signing in right now. Please try again."
COMMON = ("password", "passwort", "qwerty", "letmein", "iloveyou", "administrator", "gatepost")


class SignIn(UserMixin, Moderator):  # type: ignore[misc]  # its password is `str | None`, ours always set
    """A moderator as Flask-Security sees him."""

    roles: list[RoleMixin] = []  # noqa: RUF012 - never filled: a Membership decides, site by site


class Accounts(UserDatastore):
    """Flask-Security's way to the moderators; its commits go through the house's one door."""

    def __init__(self) -> None:
        super().__init__(SignIn, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **query: Any) -> SignIn | None:  # noqa: ARG002, FBT001, FBT002 - Flask-Security's signature
        """Return the moderator with these column values."""
        return people.sign_in(db.session(), SignIn, query)

    def put(self, model: Any) -> Any:
        """Keep a change in mind until `commit`."""
        return model

    def commit(self) -> None:
        """Store what was changed."""
        with transaction():
            pass


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody typed to get an account."""

    email: str
    name: str
    password: str


def flask_settings(settings: Settings) -> Mapping[str, Any]:
    """Return Flask-Security's settings: argon2id, none of its pages, no mails, no tracking."""
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__type": "ID",
            "argon2__memory_cost": 19_456,
            "argon2__time_cost": 2,
            "argon2__parallelism": 1,
        },
        "SECURITY_REGISTER_BLUEPRINT": False,
        "SECURITY_SEND_REGISTER_EMAIL": False,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SESSION_PROTECTION": None,
        "REMEMBER_COOKIE_SECURE": settings.secure,
    }


def register(app: Flask) -> None:
    """Give the application Flask-Security without its views."""
    Security(app, Accounts(), register_blueprint=False)


def sign_in(house: House, email: str, password: str, network: bytes) -> SignIn:
    """Sign a moderator in with his password.

    An unknown address takes as long and is answered like a wrong password.

    Args:
        network: keyed digest of the caller's network.

    Raises:
        InvalidError: they do not belong together.
        TooManyError: too many tries for this account or from this network.
    """
    address = sign_in_address(email)
    _take_turns(house, address, network)
    found: SignIn | None = people.sign_in(db.session(), SignIn, {"email": address})
    stored: str = _dummy_hash() if found is None else (found.password or "")
    with _hashing():
        right = verify_password(_normal(password)[:LONGEST_PASSWORD], stored)
    if found is None or not right or not found.active:
        raise InvalidError({"email": [WRONG]})
    login_user(found, authn_via=["password"])
    return found


def sign_out() -> None:
    """End the session."""
    logout_user()


def claim(house: House, token: str, owner: Person) -> int:
    """Make the first owner, who is also the operator, and return his number.

    Of two claims at once the database lets one win.

    Raises:
        NotFoundError: there is an owner already.
        InvalidError: a wrong token, or a field that does not pass; nothing is claimed.
    """
    given = token_digest(token.strip())
    # Before the slow hash: who has no code cannot make us hash.
    _refuse_wrong_code(people.setup_row(db.session()), given, _problems(owner))
    moderator = new_moderator(house, owner, operator=True)
    with transaction() as session:
        row = _refuse_wrong_code(people.setup_for_change(session), given, {})
        row.claimed_at = house.now()
        session.add(moderator)
    return moderator.id


def add_moderator(house: House, person: Person, *, site_id: int, role: Role) -> int:
    """Make a moderator with a role on one site and return his number.

    Raises:
        InvalidError: a field that does not pass, or an address that has an account.
    """
    moderator = new_moderator(house, person)
    with transaction() as session:
        if people.sign_in(session, SignIn, {"email": moderator.email}) is not None:
            raise InvalidError({"email": ["There is an account of this address already"]})
        session.add(moderator)
        session.flush()
        sites.give_role(session, moderator.id, site_id, role)
    return moderator.id


def _refuse_wrong_code(row: Setup | None, given: bytes, errors: dict[str, list[str]]) -> Setup:
    """Return the setup row if this code may claim it and no field has a problem."""
    if row is None or row.claimed_at is not None:
        raise NotFoundError("There is no such page.")
    if not hmac.compare_digest(row.token_digest, given):
        errors = {"token": ["This is not the setup code; `gatepost setup` prints it"], **errors}
    if errors:
        raise InvalidError(errors)
    return row


def _problems(person: Person) -> dict[str, list[str]]:
    """Return field -> messages, in the order of the form; empty when all is well."""
    errors: dict[str, list[str]] = {}
    name = person.name.strip()
    if not 1 <= len(name) <= NAME_LENGTH:
        errors["name"] = [f"Enter your name, at most {NAME_LENGTH} characters"]
    if valid_address(person.email) is None:
        errors["email"] = ["Enter an email address in the correct format, like name@example.com"]
    problem = password_problem(person.password, sign_in_address(person.email), name)
    if problem:
        errors["password"] = [problem]
    return errors


def new_moderator(house: House, person: Person, *, operator: bool = False) -> Moderator:
    """Return a moderator, not stored yet, with his password hashed.

    Raises:
        InvalidError: a field that does not pass.
    """
    errors = _problems(person)
    if errors:
        raise InvalidError(errors)
    with _hashing():
        hashed: str = hash_password(_normal(person.password))
    return Moderator(
        email=sign_in_address(person.email),
        name=person.name.strip(),
        password=hashed,
        fs_uniquifier=house.token(40),
        active=True,
        operator=operator,
        created_at=house.now(),
    )


def set_shortcuts(moderator_id: int, *, on: bool) -> None:
    """Let single keys act in a moderator's queue, or not."""
    with transaction() as session:
        session.get_one(Moderator, moderator_id).shortcuts = on


def refuse_claimed() -> None:
    """Refuse when the first owner is there already.

    Raises:
        NotFoundError: he is.
    """
    row = people.setup_row(db.session())
    if row is None or row.claimed_at is not None:
        raise NotFoundError("There is no such page.")


def password_problem(password: str, email: str, name: str) -> str | None:
    """Return what is wrong with a new password, None when it will do (NIST SP 800-63B-4).

    Length alone counts, in code points; no rule of composition, no expiry. What everybody
    tries first is refused, with the reason.
    """
    normal = _normal(password)
    if len(normal) < SHORTEST_PASSWORD:
        return f"Enter at least {SHORTEST_PASSWORD} characters; a few words are fine"
    if len(normal) > LONGEST_PASSWORD:
        return f"Enter at most {LONGEST_PASSWORD} characters"
    plain = normal.casefold().replace(" ", "")
    own = [part for part in (email.partition("@")[0], name.casefold().replace(" ", "")) if part]
    for known in (*COMMON, *own):
        if len(known) > 3 and len(plain.replace(known, "")) < SHORTEST_PASSWORD // 2:  # noqa: PLR2004 - shorter ones occur anywhere
            return "This is among the first passwords anybody would try; take other words"
    if len(set(plain)) < 5:  # noqa: PLR2004 - "aaaa…" and "abababab…"
        return "Use more different characters"
    return None


def sign_in_address(typed: str) -> str:
    """Return an address as accounts are kept and found by, however it was typed.

    One function for both: an international domain or an accent has several spellings.
    """
    return valid_address(typed) or typed.strip().casefold()


def valid_address(typed: str) -> str | None:
    """Return an address in the form accounts are kept by, None when it is none."""
    if len(typed) > ADDRESS_LENGTH:  # 60,000 characters would keep the check busy for 20 ms
        return None
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


@contextlib.contextmanager
def _hashing() -> Generator[None]:
    if not HASHING.acquire(timeout=HASHING_WAIT):
        raise UnavailableError(BUSY, retry_after=2)
    try:
        yield
    finally:
        HASHING.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


@functools.cache
def _dummy_hash() -> str:
    hashed: str = hash_password("nobody has this password")
    return hashed


def _take_turns(house: House, address: str, network: bytes) -> None:
    _dummy_hash()  # made before the first try, so that no try takes longer for making it
    account = fingerprint(b"sign-in|" + address.encode(), house.ring)[:16]
    place = fingerprint(b"sign-in|" + network, house.ring)[:16]
    with transaction() as session:
        for bucket in (account, place):
            take_turn(session, bucket, SIGN_IN_PACE, house.now())

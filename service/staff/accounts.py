"""Moderators' accounts, in our own shape of Flask-Security: who there is, and how one begins.

`models.Moderator` is plain; here it gains what Flask-Security wants of a user. Sign-ins are loaded
only as `SignIn`: the session's identity map would hand out whichever class came first.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import Flask
from flask_security import RoleMixin, Security, UserDatastore, UserMixin
from flask_security.utils import login_user, logout_user

from config import Settings
from models import Moderator, Role, Setup
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.house import House
from service.opening import token_digest
from service.queries import people, sites
from service.staff import passwords

NAME_LENGTH = 100
ADDRESS_LENGTH = 254  # characters, RFC 5321


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


def remember(moderator: SignIn) -> None:
    """Let the session of this request be a moderator's."""
    login_user(moderator)


def forget() -> None:
    """Let the session of this request be nobody's."""
    logout_user()


def by_uniquifier(value: str) -> SignIn | None:
    """Return who signs in under what a session refers to, None when he may not."""
    return _active({"fs_uniquifier": value})


def by_id(moderator_id: int) -> SignIn | None:
    """Return who signs in under a number, None when he may not."""
    return _active({"id": moderator_id})


def _active(columns: Mapping[str, Any]) -> SignIn | None:
    # Anew: a deed may have changed the row as a plain Moderator, which is another object.
    found = people.sign_in(db.session(), SignIn, columns, anew=True)
    return found if found is not None and found.active else None


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
    problem = passwords.problem_of(person.password, sign_in_address(person.email), name)
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
    return Moderator(
        email=sign_in_address(person.email),
        name=person.name.strip(),
        password=passwords.hashed(person.password),
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

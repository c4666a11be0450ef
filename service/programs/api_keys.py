"""Keys of programs: made once and shown once, known again by their digest, ended for good.

The form follows GitHub's of 2021: a prefix that says what it is, underscores because a double
click takes the whole, and a checksum at the end, so that a slip of the pen costs no question.
"""

import binascii
import hmac
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import ApiKey, ApiKeyKind, Moderator, Scope
from models.api_key import KEY_NAME_LENGTH
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError, UnavailableError
from service.house import House
from service.opening import token_digest
from service.queries import api_keys as queries
from service.queries.sites import site_held
from service.records.audit import note
from service.text.words import has_forbidden, normal_line

PREFIX = "gpk"
MOST_LIVE = 2
"""Keys of one kind a site has at once: the old one and the one that follows it."""
LONGEST = 3650  # days
USED_EVERY = timedelta(minutes=1)
ID_LENGTH = 8
SECRET_LENGTH = 43  # signs of base 62: 256 bits
HEX_SECRET_LENGTH = 24  # 96 bits, of which a guesser knows none
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
API_FORM = re.compile(rf"{PREFIX}_([a-z0-9]{{8}})_[0-9A-Za-z]{{43}}[0-9A-Za-z]{{6}}", re.ASCII)
"""Published in the documentation, for scanners of secrets."""
AKISMET_FORM = re.compile(r"([0-9a-f]{8})[0-9a-f]{24}[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WantedKey:
    """What an owner asks for.

    Args:
        name: his word for the program that gets it.
        scopes: of a key of the API; an Akismet key has none.
        days: after which it is over; None = never.
    """

    name: str
    kind: ApiKeyKind
    scopes: Sequence[Scope]
    days: int | None


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key that was just made.

    Args:
        shown: the whole key; nobody can ever show it again.
    """

    row: ApiKey
    shown: str


def make_key(house: House, site_id: int, moderator_id: int | None, wanted: WantedKey) -> FreshKey:
    """Make a key of a site.

    Raises:
        InvalidError: what to mend, by field: `name`, `scopes`, `days`, or `kind` where the site
            has as many as it may.
    """
    name = normal_line(wanted.name)
    _check(name, wanted)
    now = house.now()
    with transaction() as session:
        site_held(session, site_id)
        if queries.live_number(session, site_id, wanted.kind, now) >= MOST_LIVE:
            raise InvalidError(
                {"kind": [f"The site has {MOST_LIVE} of these keys. End one first."]}
            )
        public_id, shown = _new_key(house, wanted.kind)
        row = ApiKey(
            public_id=public_id,
            site_id=site_id,
            kind=wanted.kind,
            name=name,
            digest=token_digest(shown),
            scopes=sorted(scope.value for scope in wanted.scopes),
            made_by=moderator_id,
            made_at=now,
            expires_at=None if wanted.days is None else now + timedelta(days=wanted.days),
        )
        session.add(row)
        session.flush()  # the log names it
        note(session, house, "key.make", site_id, key=public_id, kind=wanted.kind.value)
    return FreshKey(row, shown)


def _check(name: str, wanted: WantedKey) -> None:
    errors: dict[str, list[str]] = {}
    if not name or len(name) > KEY_NAME_LENGTH or has_forbidden(name):
        errors["name"] = [f"Enter a name of 1 to {KEY_NAME_LENGTH} characters."]
    if (wanted.kind is ApiKeyKind.API) != bool(wanted.scopes):
        errors["scopes"] = ["Choose what a key of the API may do; an Akismet key has no choice."]
    if wanted.days is not None and not 1 <= wanted.days <= LONGEST:
        errors["days"] = [f"Enter 1 to {LONGEST:,} days, or nothing."]
    if errors:
        raise InvalidError(errors)


def end_key(house: House, site_id: int, public_id: str) -> ApiKey:
    """End a key at once; done twice is done.

    Raises:
        NotFoundError: the site has none of that id.
    """
    with transaction() as session:
        row = held_key(session, site_id, public_id)
        if row.ended_at is None:
            row.ended_at = house.now()
            note(session, house, "key.end", site_id, key=public_id)
    return row


def held_key(session: Session, site_id: int, public_id: str) -> ApiKey:
    """Return one key of a site, over or not, locked until the transaction ends.

    Raises:
        NotFoundError: the site has none of that id.
    """
    row = queries.key_for_change(session, site_id, public_id)
    if row is None:
        raise NotFoundError("There is no such key.")
    return row


def key_of(house: House, typed: str, kind: ApiKeyKind) -> ApiKey | None:
    """Return the live key that a program presents; None for anything else."""
    row = known_key(typed, kind)
    return row if row is not None and is_live(row, house.now()) else None


def known_key(typed: str, kind: ApiKeyKind) -> ApiKey | None:
    """Return the key that a program presents, over or not; None for anything else.

    What is not even of a key's form, its checksum included, costs no look into the database.
    """
    public_id = _id_in(typed, kind)
    row = None if public_id is None else queries.by_public_id(db.session(), kind, public_id)
    if row is None or not hmac.compare_digest(row.digest, token_digest(typed)):
        return None
    return row


def is_live(row: ApiKey, now: datetime) -> bool:
    """Say whether a key opens doors now."""
    return row.ended_at is None and (row.expires_at is None or row.expires_at > now)


def see_key(house: House, row: ApiKey) -> None:
    """Note that a key is in use, at most once a minute.

    A database that is busy must not cost a program its answer: the next request notes it.
    """
    now = house.now()
    if row.used_at is not None and now - row.used_at < USED_EVERY:
        return
    try:
        with transaction() as session:
            queries.set_used(session, row.id, now)
    except UnavailableError:
        return


def keys_and_makers(site_id: int) -> Sequence[tuple[ApiKey, Moderator | None]]:
    """Return a site's keys, newest first, those that are over included, with who made them."""
    return queries.of_site_with_makers(db.session(), site_id)


def _new_key(house: House, kind: ApiKeyKind) -> tuple[str, str]:
    """Return the id of a new key and the whole key."""
    if kind is ApiKeyKind.AKISMET:
        public_id = secrets.token_hex(ID_LENGTH // 2)
        body = public_id + secrets.token_hex(HEX_SECRET_LENGTH // 2)
        return public_id, body + _hex_check(body)
    public_id = house.token(ID_LENGTH)
    body = f"{PREFIX}_{public_id}_{''.join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))}"
    return public_id, body + _check_signs(body)


def _id_in(typed: str, kind: ApiKeyKind) -> str | None:
    if kind is ApiKeyKind.AKISMET:
        found, check = AKISMET_FORM.fullmatch(typed), _hex_check(typed[:-8])
    else:
        found, check = API_FORM.fullmatch(typed), _check_signs(typed[:-6])
    return found.group(1) if found is not None and typed.endswith(check) else None


def _check_signs(body: str) -> str:
    number, signs = binascii.crc32(body.encode("utf-8", "replace")), ""
    for _ in range(6):
        number, rest = divmod(number, len(BASE62))
        signs = BASE62[rest] + signs
    return signs


def _hex_check(body: str) -> str:
    return f"{binascii.crc32(body.encode('utf-8', 'replace')):08x}"

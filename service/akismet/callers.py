"""Who asks by Akismet's wire: a live key and its site, and whether it has a turn left."""

import math
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from models import ApiKey, ApiKeyKind, Site
from service import privacy
from service.db import db
from service.errors import ServiceError, TooManyError
from service.house import House
from service.pace import TOO_MANY, Pace, take_turn, tokens_used
from service.programs.api_keys import is_live, known_key
from service.queries import sites
from service.queries.akismet import count_up

REVOKED, EXPIRED = 10403, 10001
"""Akismet's numbers of alerts, which WordPress shows to the site's administrators."""


class CallRefusedError(ServiceError):
    """Not a call of this key's site; by Akismet's wire that is a 200 which says so."""

    status, code = 200, "invalid"

    def __init__(self, message: str, *, alert: int | None = None) -> None:
        super().__init__(message)
        self.alert = alert
        """Akismet's number for what the owner of the key should hear; None = nothing."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a live key, its site, and for which of the site's origins."""

    key: ApiKey
    site: Site
    origin: str


def caller_of(house: House, typed: str, blog: str | None) -> Caller:
    """Return who asks.

    Args:
        typed: the key as sent.
        blog: address of the site as sent; None = the door asks for none.

    Raises:
        CallRefusedError: no live key of Akismet's kind, or of another site than that; of one that
            is over it says so.
    """
    key = known_key(typed, ApiKeyKind.AKISMET)
    if key is None:
        raise CallRefusedError("We do not know this key.")
    if key.ended_at is not None:
        raise CallRefusedError("This key was ended by the site's owner.", alert=REVOKED)
    if not is_live(key, house.now()):
        raise CallRefusedError("The time of this key is over.", alert=EXPIRED)
    site = sites.site(db.session(), key.site_id)
    if blog is None:
        return Caller(key, site, "")
    host = _host(blog)
    if not host:
        raise CallRefusedError('The "blog" parameter is missing or no web address.')
    for origin in site.origins:
        if _host(origin) == host:
            return Caller(key, site, origin)
    raise CallRefusedError("This key belongs to another site than the one blog names.")


def caller_by_key(house: House, typed: str) -> Caller:
    """Return who asks by a wire that names no site: the key's own, by its first origin.

    Raises:
        CallRefusedError: no live key of Akismet's kind.
    """
    found = caller_of(house, typed, None)
    return replace(found, origin=next(iter(found.site.origins), ""))


def _host(url: str) -> str:
    """Return the host of an address with or without a scheme; empty where there is none."""
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
        return host.encode("idna").decode().lower() if not host.isascii() else host
    except (ValueError, UnicodeError):
        return ""


def refuse_hurry(house: House, caller: Caller) -> None:
    """Refuse a key that has no turn left before anything costs time.

    Raises:
        TooManyError: it has to wait.
    """
    if throttled(house, caller):
        wait = math.ceil(60 / house.settings.akismet_per_minute)
        raise TooManyError(TOO_MANY, retry_after=wait)


def throttled(house: House, caller: Caller) -> bool:
    """Say whether a key has to wait before its next call."""
    pace = _pace(house)
    return tokens_used(db.session(), _bucket(house, caller), pace, house.now()) > pace.burst - 1


def count_call(session: Session, house: House, caller: Caller, *counts: str) -> None:
    """Take a key's turn and count its call.

    Raises:
        TooManyError: it has to wait.
    """
    take_turn(session, _bucket(house, caller), _pace(house), house.now())
    count_up(session, caller.key.id, caller.origin, house.now(), "api_calls", *counts)


def _pace(house: House) -> Pace:
    return Pace(house.settings.akismet_burst, house.settings.akismet_per_minute)


def _bucket(house: House, caller: Caller) -> bytes:
    return privacy.fingerprint(f"akismet|{caller.key.id}".encode(), house.ring)[:16]

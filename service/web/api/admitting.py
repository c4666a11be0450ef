"""Who asks: the key in the request's head, what it may do, and how fast."""

from flask import g, request

from models import ActorKind, ApiKey, ApiKeyKind, Scope
from service.errors import ScopeError, UnauthorizedError
from service.house import Doer
from service.programs.api_keys import key_of, see_key
from service.programs.turns import keep_pace
from service.web.context import house

NO_KEY = "Send a key of the API in the header: Authorization: Bearer gpk_…"
NO_SUCH_KEY = "This key is unknown or over. An owner makes keys on the site's page."


def admitted(scope: Scope) -> ApiKey:
    """Return the key that asks; from here on it is the one who does things.

    Raises:
        UnauthorizedError: no key, or none that opens anything.
        ScopeError: the key may not do that.
        TooManyError: it asks faster than a key may.
    """
    row = key_of(house(), _typed(), ApiKeyKind.API)
    if row is None:
        raise UnauthorizedError(NO_SUCH_KEY)
    if scope.value not in row.scopes:
        raise ScopeError(scope.value)
    keep_pace(house(), row.id)
    see_key(house(), row)
    g.doer = Doer(ActorKind.KEY, row.id)
    return row


def _typed() -> str:
    """Return the bearer's key.

    Raises:
        UnauthorizedError: the header is missing or of another scheme.
    """
    scheme, _, typed = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not typed.strip():
        raise UnauthorizedError(NO_KEY)
    return typed.strip()

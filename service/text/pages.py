"""Page keys: which comments belong to which page."""

import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from models.site import PAGE_KEY_LENGTH, Site
from service.text.language import Text, said

TRACKING = frozenset(
    {"fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "yclid", "igshid", "_ga"}
)
TRACKING_PREFIXES = ("utm_", "mc_")
DEFAULT_PORTS = {"http": 80, "https": 443}


class PageError(ValueError):
    """This cannot name a page; the text says why, for people."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def origin_of(url: str) -> str:
    """Return the origin `scheme://host[:port]` of a URL, lower case, without a default port.

    Raises:
        PageError: not an http(s) address.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise PageError(said("That is not a web address.")) from error
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        raise PageError(said("A web address starts with https:// or http:// and has a host."))
    if parts.username is not None or parts.password is not None:
        raise PageError(said("A web address here has no user name in it."))
    scheme = parts.scheme.lower()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port is None or port == DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown}"


def key_on_site(site: Site, page: str) -> str:
    """Return the canonical key of a page by its site's own rules; see `page_key`.

    Raises:
        PageError: empty, too long, or a URL of somebody else's site.
    """
    policy = site.policy
    return page_key(
        page, site.origins, trailing_slash=policy.trailing_slash, query=policy.page_query
    )


def page_key(
    page: str, origins: Iterable[str], *, trailing_slash: str = "keep", query: str = "keep"
) -> str:
    """Return the canonical key of a page.

    A URL becomes https, host in lower case, without fragment, tracking parameters, default
    port or trailing `index.html`; a bare key stays as it is, but for the site's rules where it
    is a path.

    Args:
        page: what the form, the canonical link or the API named.
        origins: the site's origins; a URL must lie on one of them (either scheme).
        trailing_slash: `keep`, `add` (not after a file name with a dot) or `drop`.
        query: `keep` or `drop`.

    Raises:
        PageError: empty, too long, or a URL of somebody else's site.
    """
    page = unicodedata.normalize("NFC", page.strip())
    if not page:
        raise PageError(said("The page is missing: the form must say which page it stands on."))
    if "://" in page.split("?", 1)[0] or page.startswith("//"):
        page = _canonical_url(page, origins)
    if page.startswith(("https://", "/")):
        page = _by_rules(page, trailing_slash, query)
    if len(page) > PAGE_KEY_LENGTH:
        raise PageError(said("A page key has at most %(limit)s characters.", limit=PAGE_KEY_LENGTH))
    if any(unicodedata.category(character) == "Cc" for character in page):
        raise PageError(said("A page key has no control characters."))
    return page


def _canonical_url(page: str, origins: Iterable[str]) -> str:
    origin = origin_of(page)
    host = origin.split("://", 1)[1]
    if host not in {known.split("://", 1)[1] for known in origins}:
        raise PageError(said("This page does not belong to the site."))
    parts = urlsplit(page)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in TRACKING and not name.lower().startswith(TRACKING_PREFIXES)
    ]
    path = parts.path or "/"
    path = path.removesuffix("index.html") if path.endswith("/index.html") else path
    return urlunsplit(("https", host, path, urlencode(query), ""))


def _by_rules(page: str, trailing_slash: str, query: str) -> str:
    address, mark, rest = page.partition("?")
    if query == "drop":
        mark = rest = ""
    last = address.rsplit("/", 1)[1]
    if trailing_slash == "add" and last and "." not in last:
        address += "/"
    elif trailing_slash == "drop" and not last and not _is_home(address):
        address = address.rstrip("/")
    return address + mark + rest


def _is_home(address: str) -> bool:
    return urlsplit(address).path.strip("/") == ""


def page_url(key: str, origins: list[str]) -> str | None:
    """Return an address a person can open for a key, or None for a bare key that is no path."""
    main = origins[0] if origins else None
    if key.startswith("https://"):
        host = urlsplit(key).netloc
        own = next((origin for origin in origins if origin.split("://", 1)[1] == host), None)
        return key if own is None else own + key.removeprefix(f"https://{host}")
    if key.startswith("/") and not key.startswith("//") and main is not None:
        return main + key
    return None

"""What a page's Content-Security-Policy lets through (CSP level 3, as browsers apply it)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

# form-action falls back to nothing: default-src does not speak for it.
FALLBACKS = {
    "script": ("script-src-elem", "script-src", "default-src"),
    "connect": ("connect-src", "default-src"),
    "form": ("form-action",),
    "frame": ("frame-src", "child-src", "default-src"),
}
PORTS = {"http": 80, "https": 443}
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[^:/*]+)"
    r"(?::(?P<port>\d+|\*))?(?P<path>/.*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """One policy of a page; of several every one must agree.

    Args:
        directives: name -> sources as they stand there.
        meta: it stands in the page and not in a header.
    """

    directives: dict[str, list[str]]
    meta: bool = False

    def governing(self, what: str) -> tuple[str, list[str]] | None:
        """Return the directive that decides about `script`, `connect`, `form` or `frame`."""
        for name in FALLBACKS[what]:
            if name in self.directives:
                return name, self.directives[name]
        return None

    def allows(self, what: str, url: str, page: str, nonce: str = "") -> bool:
        """Say whether a page may use a URL so.

        Args:
            page: the page's own URL, which `'self'` stands for.
            nonce: of the script tag.
        """
        found = self.governing(what)
        if found is None:
            return True
        sources = found[1]
        if what == "script":
            if nonce and f"'nonce-{nonce}'" in sources:
                return True
            if "'strict-dynamic'" in [source.lower() for source in sources]:
                return False  # then only nonces and hashes count
        return any(_matches(source, url, page) for source in sources)

    def mended(self, what: str, *sources: str) -> str:
        """Return the directive as it must read to let more sources through."""
        name = "script-src" if what == "script" else FALLBACKS[what][0]
        found = self.governing(what)
        there: list[str] = []
        if found is not None:
            there = [one for one in found[1] if one.lower() != "'none'"]
            name = found[0] if found[0] == "script-src-elem" else name
        return " ".join(dict.fromkeys([name, *there, *sources]))


def policies_of(headers: Iterable[tuple[str, str]], metas: Sequence[str]) -> list[ContentPolicy]:
    """Return every policy that a page is under; report-only ones bind nobody."""
    found = []
    for name, value in headers:
        if name.lower() == "content-security-policy":
            found += [ContentPolicy(_directives(one)) for one in value.split(",")]
    found += [ContentPolicy(_directives(one), meta=True) for one in metas]
    return [policy for policy in found if policy.directives]


def _directives(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in text.split(";"):
        name, *sources = part.split() or [""]
        if name:
            found.setdefault(name.lower(), sources)  # of two the first counts
    return found


def _matches(source: str, url: str, page: str) -> bool:
    asked, own = urlsplit(url), urlsplit(page)
    if source.lower() == "'self'":
        same = asked.hostname == own.hostname and _port(asked) == _port(own)
        return asked.scheme == own.scheme and same
    if source.startswith("'"):
        return False
    if source == "*":
        return asked.scheme in PORTS
    if SCHEME.fullmatch(source.lower()):
        return _scheme_fits(source[:-1].lower(), asked.scheme)
    found = HOST.fullmatch(source)
    if found is None:
        return False
    scheme = (found["scheme"] or own.scheme).lower()
    return (
        _scheme_fits(scheme, asked.scheme)
        and _host_fits(found["host"].lower(), asked.hostname or "")
        and _port_fits(found["port"], asked)
        and _path_fits(found["path"] or "", asked.path)
    )


def _scheme_fits(allowed: str, scheme: str) -> bool:
    return allowed == scheme or (allowed, scheme) == ("http", "https")


def _host_fits(allowed: str, host: str) -> bool:
    if allowed.startswith("*"):
        return host.endswith(allowed[1:])
    return allowed == host


def _port(parts: SplitResult) -> int | None:
    return parts.port or PORTS.get(parts.scheme)


def _port_fits(allowed: str | None, asked: SplitResult) -> bool:
    if allowed == "*":
        return True
    if allowed is None:
        return _port(asked) == PORTS.get(asked.scheme)
    return int(allowed) == _port(asked)


def _path_fits(allowed: str, path: str) -> bool:
    if allowed in ("", "/"):
        return True
    allowed, path = unquote(allowed), unquote(path)
    return path.startswith(allowed) if allowed.endswith("/") else path == allowed

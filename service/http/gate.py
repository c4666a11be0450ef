"""The gate before the views: what is not a whole, plain request goes no further.

One table with one row a door. The server's front asks it before it reads a body and again when
the body is there; Flask asks it for requests that came another way (test client, `flask run`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from config import Settings
from service.errors import (
    BadRequestError,
    LengthRequiredError,
    MediaTypeError,
    MethodError,
    TooLargeError,
)

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
WRITING = READING | {"POST"}
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
AKISMET = re.compile(r"/1\.[12]/[a-z-]+")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Headers that say something of a body; a plain read has none of them and is soon judged.
ABOUT_BODIES = frozenset(
    {"transfer-encoding", "content-length", "content-encoding", "content-type", "expect"}
)
STAFF_CAP = 256 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
MAX_PATH = 4096
NOT_IN_A_PATH = frozenset("\t\r\n\ufffd")
DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x20\x7f]")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# C0 and C1 controls except TAB, LF and CR; DEL; lone surrogates.
FORBIDDEN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Door:
    """What one group of addresses takes.

    Args:
        path: pattern of the whole path.
        methods: methods it takes.
        types: content types of a body; none = no body at all.
        cap: most bytes of a body; None = the reader's form's cap, which follows `comment_max`.
        empty: a body may be left out, with its length and type: `curl -X POST` sends neither.
        forms: how many reader's forms fit into a body where the cap is theirs.
        loose: a form may be in any charset and name a field twice; the door itself decodes it.
    """

    path: re.Pattern[str]
    methods: frozenset[str]
    types: tuple[str, ...] = ()
    cap: int | None = STAFF_CAP
    empty: bool = False
    forms: int = 1
    loose: bool = False


DOORS = (
    Door(re.compile(r"/s/[^/]+/comments"), frozenset({"POST", "OPTIONS"}), (FORM, JSON), None),
    Door(re.compile(r"/receipts(/[^/]+)?"), WRITING, (FORM, JSON), None),
    Door(
        re.compile(r"/(s|static)/.*|/embed(-frame)?\.(js|css|json)|/(healthz|readyz|metrics)"),
        READING,
    ),
    Door(re.compile(r"/api/v1/.*", re.DOTALL), READING | BODY_METHODS, (JSON,), empty=True),
    # WordPress sends what was typed twice: as the comment, and as the form it came by.
    Door(AKISMET, WRITING, (FORM, JSON), None, forms=2, loose=True),
    # A mail program's one click may come as either (RFC 8058); its body is not looked at.
    Door(re.compile(r"/mail/unsubscribe/[^/]+"), WRITING, (FORM, MULTIPART)),
    Door(re.compile(r".*", re.DOTALL), WRITING, (FORM, JSON), STAFF_CAP),
)


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body: names in lower case, the path decoded, the query not.

    Args:
        authority: host of an absolute address (`GET http://host/path`), None when there is none.
    """

    method: str
    path: str
    query: str
    version: str
    headers: Sequence[tuple[str, str]]
    authority: str | None = None

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for found, value in self.headers if found == name]


@dataclass(frozen=True, slots=True)
class Passage:
    """A head that passed: which door, and how many bytes of which type will follow."""

    door: Door
    length: int
    content_type: str
    cap: int


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one installation.

    Args:
        hosts: Host values that are ours, lower case, with a port where one is due.
        form_cap: bytes a reader's form may have.
        akismet_host: Host value that Akismet's doors have beside these, itself and with one label
            under it, which is a key; empty = none.
    """

    hosts: frozenset[str]
    form_cap: int
    akismet_host: str = ""

    def check_head(self, head: Head) -> Passage:
        """Judge a request by its head.

        Raises:
            ServiceError: 400, 405, 411, 413 or 415, with what to mend.
        """
        _check_shape(head)
        self._check_host(head)
        door = next(door for door in DOORS if door.path.fullmatch(head.path))
        if head.method not in door.methods:
            taken = ", ".join(sorted(door.methods))
            raise MethodError(f"This address takes {taken}.", door.methods)
        cap = door.forms * self.form_cap if door.cap is None else door.cap
        if head.method in READING and ABOUT_BODIES.isdisjoint([name for name, _ in head.headers]):
            return Passage(door, 0, "", cap)
        length = _length(head, door)
        if length > cap:
            raise TooLargeError(
                f"The body has {length:,} bytes; this address takes at most {cap:,}."
            )
        return Passage(door, length, _content_type(head, door, length), cap)

    def _check_host(self, head: Head) -> None:
        # An absolute address names a host of its own, which counts before the header (RFC 9112).
        given = head.all("host")
        asked = given if head.authority is None else [*given, head.authority]
        named = {host.strip().lower() for host in asked}
        if len(given) != 1 or not (named <= self.hosts or self._all_akismet(head.path, named)):
            raise BadRequestError("This service does not answer under that host name.")

    def _all_akismet(self, path: str, hosts: Iterable[str]) -> bool:
        """Say whether each of these names is ours at one of Akismet's doors."""
        if not self.akismet_host or not AKISMET.fullmatch(path):
            return False
        return all(host in self.hosts or self._is_akismet(host) for host in hosts)

    def _is_akismet(self, host: str) -> bool:
        label, _, rest = host.partition(".")
        below = rest == self.akismet_host and LABEL.fullmatch(label) is not None
        return below or host == self.akismet_host


def gate_of(settings: Settings) -> Gate:
    """Return the gate of an installation."""
    return Gate(
        settings.allowed_hosts, settings.ingress_body_cap, settings.akismet_host.strip().lower()
    )


def _check_shape(head: Head) -> None:
    if head.version not in ("1", "1.0", "1.1"):
        raise BadRequestError("Use HTTP/1.0 or HTTP/1.1.")
    size = sum([len(name) + len(value) for name, value in head.headers])
    if len(head.headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise BadRequestError("Too many or too long headers.")
    if not head.path.startswith("/") or len(head.path) + len(head.query) > MAX_PATH:
        raise BadRequestError("The address must be a path of at most 4,096 characters.")
    if CONTROL.search(head.query) or BAD_ESCAPE.search(head.query):
        raise BadRequestError("The address is not percent-encoded as RFC 3986 asks.")
    # The server decodes the path and writes U+FFFD where it was not UTF-8.
    if FORBIDDEN_TEXT.search(head.path) or not NOT_IN_A_PATH.isdisjoint(head.path):
        raise BadRequestError("The address is not plain UTF-8 text.")
    if "%" in head.query or not head.query.isascii():
        plain_text(unquote_to_bytes(head.query), "The address")


def _length(head: Head, door: Door) -> int:
    if head.all("transfer-encoding"):
        raise LengthRequiredError("Send the body whole, with a Content-Length.")
    given = head.all("content-length")
    if not given:
        if head.method in BODY_METHODS and not door.empty:
            raise LengthRequiredError("Send the body whole, with a Content-Length.")
        return 0
    if len(given) > 1 or not DIGITS.fullmatch(given[0]):
        raise BadRequestError("Content-Length must be one plain number.")
    return int(given[0])


def _content_type(head: Head, door: Door, length: int) -> str:
    if any(value.strip().lower() != "identity" for value in head.all("content-encoding")):
        raise MediaTypeError("Send the body uncompressed.")
    if any(value.strip().lower() != "100-continue" for value in head.all("expect")):
        raise BadRequestError("Expect takes only 100-continue.")
    if head.method not in BODY_METHODS:
        if length:
            raise BadRequestError(f"A {head.method} request has no body here.")
        return ""
    if door.empty and not length and not head.all("content-type"):
        return ""
    return _type_of_body(head, door)


def _type_of_body(head: Head, door: Door) -> str:
    given = head.all("content-type")
    kind, _, rest = given[0].partition(";") if len(given) == 1 else ("", "", "")
    kind = kind.strip().lower()
    if kind not in door.types:
        raise MediaTypeError(f"Send the body as {' or '.join(door.types)}.")
    if not (door.loose and kind == FORM):
        _check_charset(rest)
    return kind


def _check_charset(parameters: str) -> None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in (
            "utf-8",
            "utf8",
        ):
            raise MediaTypeError("Send the body in UTF-8.")


def plain_text(raw: bytes, what: str) -> str:
    """Return UTF-8 as text.

    Raises:
        BadRequestError: not UTF-8, or with control characters.
    """
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"{what} is not UTF-8 at byte {error.start}.") from None
    found = FORBIDDEN_TEXT.search(text)
    if found is not None:
        code = ord(found.group())
        raise BadRequestError(f"{what} holds the control character U+{code:04X}; remove it.")
    return text

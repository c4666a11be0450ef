"""The one way out by HTTP: a checked address, one total deadline, nothing followed or unpacked.

Common clients renew their time-out with every byte, follow redirects and unpack what they get; a
hostile receiver keeps them busy for ever or reads the neighbours' doors through them.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

READ_CAP = 16 * 1024  # bytes of an answer that are read at all
EXCERPT = 4 * 1024  # bytes of an answer that are kept
PAGE_CAP = 1024 * 1024  # bytes of a page that are read
PORTS = {"https": (443,), "http": (80,)}

# What a self-hosted service must not be talked into dialling; `is_global` is not enough and
# differs between Python's patch versions.
REFUSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "168.63.129.16/32",
        ),
    )
)
ALLOWED_V6 = ipaddress.IPv6Network("2000::/3")
REFUSED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
# Metadata services and link-local stay refused even where the operator allows a network.
NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",
            "fe80::/10",
            "fd00:ec2::254/128",
            "100.100.100.200/32",
            "168.63.129.16/32",
            "192.0.0.192/32",
        ),
    )
)

Resolve = Callable[..., list[tuple[Any, ...]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class SendError(Exception):
    """Nothing usable came back; the text is for the endpoint's owner.

    Args:
        kind: dns, blocked, connect, tls, timeout or protocol.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: status, headers in lower case, the first bytes, how long it took."""

    status: int
    headers: Mapping[str, str]
    excerpt: str
    milliseconds: int
    address: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was loaded.

    Args:
        headers: names in lower case; one that was sent twice stands twice.
        body: at most PAGE_CAP bytes.
        whole: there was no more.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the house reaches.

    Args:
        allow: the operator's internal targets: networks, names, or name:port.
        resolve: looks names up.
        tls: whom to trust; None = the system's authorities.
    """

    allow: Sequence[str] = ()
    resolve: Resolve = socket.getaddrinfo
    tls: ssl.SSLContext | None = None


def check_url(url: str, allow: Sequence[str], *, plain: bool = False) -> SplitResult:
    """Return a URL's parts if we would dial it at all.

    The guard is at dialling time; this only gives the friendly message when it is typed.

    Args:
        plain: take http:// too: what is only read tells nobody anything.

    Raises:
        SendError: kind `blocked`, saying what to change.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SendError("blocked", "That is not a web address.") from None
    host = parts.hostname or ""
    if parts.scheme not in PORTS or not host or url != url.strip() or not url.isascii():
        raise SendError("blocked", "Enter an address that starts with https:// and has a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise SendError("blocked", "Leave out user names, passwords and #fragments.")
    if _named(host, port, allow):
        return parts
    if parts.scheme != "https" and not plain:
        raise SendError("blocked", "Use https://; http:// is for internal targets only.")
    if port is not None and port not in PORTS[parts.scheme]:
        usual = PORTS[parts.scheme][0]
        raise SendError("blocked", f"Use port {usual}; other ports are for internal targets only.")
    return parts


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    reach: Reach,
    deadline: float = 15.0,
) -> Answer:
    """POST to a receiver and return its answer, whatever its status.

    Args:
        deadline: seconds for everything together: connection, TLS, answer.

    Raises:
        SendError: no answer, with its kind.
    """
    began = time.monotonic()
    parts = check_url(url, reach.allow)
    addresses = _addresses(parts, reach.allow, reach.resolve)
    connection = _Connection(parts, addresses, began + deadline, reach.tls)
    try:
        status, received, read = connection.ask("POST", body, headers, READ_CAP)
    finally:
        connection.close()
    return Answer(
        status=status,
        headers=dict(received),
        excerpt=read[:EXCERPT].decode("utf-8", "replace").replace("\0", "\ufffd"),
        milliseconds=round((time.monotonic() - began) * 1000),
        address=connection.address,
    )


def get(url: str, headers: Mapping[str, str], *, reach: Reach, deadline: float) -> Page:
    """Load a page, whatever its status.

    Args:
        deadline: seconds for everything together.

    Raises:
        SendError: no answer, with its kind.
    """
    end = time.monotonic() + deadline
    parts = check_url(url, reach.allow, plain=True)
    addresses = _addresses(parts, reach.allow, reach.resolve)
    connection = _Connection(parts, addresses, end, reach.tls)
    try:
        status, received, body = connection.ask("GET", None, headers, PAGE_CAP + 1)
    finally:
        connection.close()
    return Page(status, received, body[:PAGE_CAP], whole=len(body) <= PAGE_CAP)


def _named(host: str, port: int | None, allow: Sequence[str]) -> bool:
    """Say whether the operator allowed this name, this name and port, or this literal's network."""
    names = {host.lower(), f"{host.lower()}:{port}"}
    if names & {entry.lower() for entry in allow}:
        return True
    try:
        return _in_allowed_network(ipaddress.ip_address(host), allow)
    except ValueError:
        return False


def _in_allowed_network(address: Address, allow: Sequence[str]) -> bool:
    for entry in allow:
        try:
            if address in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue  # a name, not a network
    return False


def _addresses(parts: SplitResult, allow: Sequence[str], resolve: Resolve) -> list[tuple[Any, ...]]:
    """Look the host up once; every address must pass, and only these are dialled."""
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme][0]
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SendError("dns", f"The name {host} could not be looked up.") from None
    if not found:
        raise SendError("dns", f"The name {host} has no address.")
    named = _named(host, parts.port, allow)
    for entry in found:
        _check_address(entry[4][0], allow, named=named)
    return found


def _check_address(text: str, allow: Sequence[str], *, named: bool) -> None:
    address: Address = ipaddress.ip_address(text.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    never = any(address in network for network in NEVER if network.version == address.version)
    if never or not (named or _in_allowed_network(address, allow) or _is_public(address)):
        raise SendError(
            "blocked",
            "This address is inside a private network. The operator can allow it with the setting"
            " webhook_allow.",
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    return address in ALLOWED_V6 and not any(address in network for network in REFUSED_V6)


_Raw = tuple[int, list[tuple[str, str]], bytes]


class _Connection:
    """One dialled connection, cut off by a watchdog when its time is over."""

    def __init__(
        self,
        parts: SplitResult,
        addresses: list[tuple[Any, ...]],
        end: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.parts = parts
        self.addresses = addresses
        self.end = end
        self.tls = tls
        self.socket: socket.socket | None = None
        self.address = ""
        self.late = threading.Event()
        self.watchdog = threading.Timer(max(0.0, self._left()), self._cut)
        self.watchdog.daemon = True

    def ask(self, method: str, body: bytes | None, headers: Mapping[str, str], cap: int) -> _Raw:
        try:
            self.watchdog.start()
            self._dial()
            client = self._client()
            plain = {"Connection": "close", "Accept-Encoding": "identity"}
            sent = {**plain, **headers, "Host": self.parts.netloc}
            client.request(method, self._path(), body, sent)
            return self._read(client, cap)
        except SendError:
            raise
        except ssl.SSLError as error:
            raise self._failure("tls", f"TLS failed: {error.reason or 'broken off'}") from error
        except TimeoutError as error:
            raise SendError("timeout", "No answer within the time allowed.") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            message = f"The answer could not be read: {type(error).__name__}"
            raise self._failure("protocol", message) from error

    def close(self) -> None:
        self.watchdog.cancel()
        if self.socket is not None:
            self.socket.close()

    def _left(self) -> float:
        return self.end - time.monotonic()

    def _cut(self) -> None:
        self.late.set()
        dialled = self.socket
        if dialled is not None:
            try:
                dialled.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed already

    def _failure(self, kind: str, message: str) -> SendError:
        if self.late.is_set() or self._left() <= 0:
            return SendError("timeout", "No answer within the time allowed.")
        return SendError(kind, message)

    def _dial(self) -> None:
        """Dial the checked addresses in their order until one answers."""
        last: OSError | None = None
        for family, kind, number, _name, target in self.addresses:
            if self._left() <= 0:
                raise TimeoutError
            dialled = socket.socket(family, kind, number)
            dialled.settimeout(self._left())
            try:
                dialled.connect(target)
            except OSError as error:
                dialled.close()
                last = error
                continue
            self.socket = dialled
            self.address = str(target[0])
            return
        raise self._failure("connect", "The connection was refused.") from last

    def _client(self) -> http.client.HTTPConnection:
        assert self.socket is not None  # noqa: S101 - _dial set it or raised
        host = self.parts.hostname or ""
        if self.parts.scheme == "https":
            context = self.tls or ssl.create_default_context()
            # The handshake only after the watchdog knows the wrapped socket.
            secured = context.wrap_socket(
                self.socket, server_hostname=host, do_handshake_on_connect=False
            )
            self.socket = secured
            secured.do_handshake()
        client = http.client.HTTPConnection(host, self.parts.port, timeout=self._left())
        client.sock = self.socket
        return client

    def _path(self) -> str:
        path = self.parts.path or "/"
        return f"{path}?{self.parts.query}" if self.parts.query else path

    def _read(self, client: http.client.HTTPConnection, cap: int) -> _Raw:
        with contextlib.closing(client.getresponse()) as answer:
            body = answer.read(cap)
            headers = [(name.lower(), value) for name, value in answer.getheaders()]
        if self.late.is_set():
            raise TimeoutError
        return answer.status, headers, body

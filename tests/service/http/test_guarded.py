"""The one way out: hostile receivers, hostile names, hostile certificates."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.http.guarded import EXCERPT, PAGE_CAP, Reach, SendError, check_url, get, post

LOOPBACK = ("127.0.0.0/8",)
DEADLINE = 0.6
GRACE = 1.0  # seconds past the deadline that a busy machine may take


class Receiver:
    """Listens on loopback and plays one part with whoever connects."""

    def __init__(self, part, context=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.part = part
        self.context = context
        self.connections = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop.is_set():
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                connection.settimeout(5)
                self.part(connection, self.stop)
            except OSError:
                pass
            finally:
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop.set()
        # Closing alone does not wake a thread that waits in accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook?x=1"


def answering(raw):
    def part(connection, _stop):
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)

    return part


def silent(_connection, stop):
    stop.wait(10)


def dripping(head, drop):
    def part(connection, stop):
        connection.sendall(head)
        while not stop.wait(0.05):
            connection.sendall(drop)

    return part


def send(url, body=b"{}", **options):
    reach = Reach(allow=options.pop("allow", LOOPBACK), **options)
    return post(url, body, {"Content-Type": "application/json"}, reach=reach, deadline=DEADLINE)


def test_an_answer_comes_back_with_status_headers_and_text():
    raw = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate"
    with Receiver(answering(raw)) as receiver:
        answer = send(receiver.url)
    assert (answer.status, answer.headers["retry-after"], answer.excerpt) == (503, "7", "late")
    assert answer.address == "127.0.0.1"


@pytest.mark.parametrize(
    "part",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "header lines", "header bytes", "body bytes", "100 for ever"],
)
def test_whatever_keeps_us_waiting_ends_at_the_deadline(part):
    with Receiver(part) as receiver:
        began = time.monotonic()
        with pytest.raises(SendError) as failed:
            send(receiver.url)
        assert time.monotonic() - began < DEADLINE + GRACE
    assert failed.value.kind in ("timeout", "protocol")


def test_a_huge_answer_is_read_no_further_than_it_is_worth():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"
    with Receiver(dripping(head + b"a" * 1_000_000, b"a" * 1_000_000)) as receiver:
        answer = send(receiver.url)
    assert (answer.status, len(answer.excerpt)) == (200, EXCERPT)


def test_a_redirect_is_an_answer_and_not_an_order():
    with Receiver(silent) as trap:
        location = f"Location: http://127.0.0.1:{trap.port}/".encode()
        raw = b"HTTP/1.1 302 Found\r\n" + location + b"\r\nContent-Length: 0\r\n\r\n"
        with Receiver(answering(raw)) as receiver:
            assert send(receiver.url).status == 302
        assert trap.connections == 0


def test_garbage_is_no_answer():
    with Receiver(answering(b"what?\r\n\r\n")) as receiver, pytest.raises(SendError) as failed:
        send(receiver.url)
    assert failed.value.kind == "protocol"


def test_a_closed_door_is_told_apart():
    with Receiver(silent) as receiver:
        url = receiver.url
    with pytest.raises(SendError) as failed:
        send(url)
    assert failed.value.kind == "connect"


def resolving(*addresses):
    def resolve(_host, port, type=0):  # noqa: A002 - getaddrinfo's own name
        resolve.calls += 1
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    resolve.calls = 0
    return resolve


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1"],
        ["172.31.0.1"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["169.254.169.254"],
        ["168.63.129.16"],
        ["192.0.0.192"],
        ["100.100.100.200"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["255.255.255.255"],
        ["198.18.0.1"],
        ["::1"],
        ["::"],
        ["::ffff:127.0.0.1"],
        ["::ffff:169.254.169.254"],
        ["::127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["64:ff9b:1::1"],
        ["2002:a9fe:a9fe::"],
        ["2001::1"],
        ["2001:db8::1"],
        ["fe80::1"],
        ["fec0::1"],
        ["fd00:ec2::254"],
        ["fc00::1"],
        ["ff02::1"],
        ["3fff::1"],
        ["5f00::1"],
    ],
)
def test_no_name_leads_inside(addresses):
    resolve = resolving(*addresses)
    with pytest.raises(SendError) as failed:
        send("https://innocent.example.com/", allow=(), resolve=resolve)
    assert failed.value.kind == "blocked"
    assert resolve.calls == 1


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "100.100.100.200"])
def test_metadata_stays_shut_even_where_everything_is_allowed(address):
    allow = ("0.0.0.0/0", "::/0", "innocent.example.com")
    with pytest.raises(SendError) as failed:
        send("http://innocent.example.com/", allow=allow, resolve=resolving(address))
    assert failed.value.kind == "blocked"


def test_the_checked_address_is_dialled_whatever_the_name_says_next():
    with Receiver(answering(b"HTTP/1.1 204 No\r\n\r\n")) as receiver:
        answers = iter([resolving("127.0.0.1"), resolving("169.254.169.254")])

        def rebinding(*arguments, **options):
            return next(answers)(*arguments, **options)

        url = f"http://rebinding.example.com:{receiver.port}/"
        allow = (f"rebinding.example.com:{receiver.port}",)
        assert send(url, allow=allow, resolve=rebinding).status == 204


def test_a_name_that_is_not_there_is_told_apart():
    def nowhere(*_arguments, **_options):
        raise socket.gaierror

    with pytest.raises(SendError) as failed:
        send("https://nowhere.example.com/", resolve=nowhere)
    assert failed.value.kind == "dns"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://example.com/#x",
        "gopher://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://ex ample.com/\n",
        " https://example.com/",
        "https://exämple.com/",
        "https://example.com:99999/",
        "https://[::1",
    ],
)
def test_addresses_we_would_not_dial_are_refused_when_typed(url):
    with pytest.raises(SendError) as failed:
        check_url(url, ())
    assert failed.value.kind == "blocked"


def test_internal_targets_are_dialled_where_the_operator_says_so():
    for url, allow in (
        ("http://10.1.2.3:9000/", "10.1.0.0/16"),
        ("http://hooks.internal/", "hooks.internal"),
        ("http://hooks.internal:9000/", "hooks.internal:9000"),
        ("http://[fd00::1]:9000/", "fd00::/8"),
    ):
        check_url(url, (allow,))
        with pytest.raises(SendError):
            check_url(url, ())


@pytest.fixture(scope="module")
def authority():
    return issue("Test authority")


def issue(name, by=None, days=1):
    """Make a key and a certificate good for so many days; signed by itself or by an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, issuer = (key, subject) if by is None else (by[0], by[1].subject)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=3))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
            )
            if by
            else x509.SubjectAlternativeName([x509.DNSName("authority.example")]),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    return key, certificate


def server_context(folder, issued):
    key, certificate = issued
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trusting(authority):
    pem = authority[1].public_bytes(serialization.Encoding.PEM).decode()
    return ssl.create_default_context(cadata=pem)


@pytest.mark.parametrize(
    ("name", "signed", "kind"),
    [
        ("hooks.example.com", True, None),
        ("other.example.com", True, "tls"),
        ("hooks.example.com", False, "tls"),
    ],
)
def test_only_the_right_certificate_by_the_right_authority_will_do(
    tmp_path, authority, name, signed, kind
):
    issued = issue(name, by=authority if signed else issue("Stranger"))
    part = answering(b"HTTP/1.1 204 No\r\n\r\n")
    with Receiver(part, server_context(tmp_path, issued)) as receiver:
        url = f"https://hooks.example.com:{receiver.port}/"
        options = {
            "allow": (f"hooks.example.com:{receiver.port}",),
            "resolve": resolving("127.0.0.1"),
            "tls": trusting(authority),
        }
        if kind is None:
            assert send(url, **options).status == 204
        else:
            with pytest.raises(SendError) as failed:
                send(url, **options)
            assert failed.value.kind == kind


def test_a_handshake_that_never_ends_ends_at_the_deadline(authority):
    with Receiver(dripping(b"\x16\x03\x03\x40\x00", b"\x00")) as receiver:
        began = time.monotonic()
        with pytest.raises(SendError):
            send(
                f"https://hooks.example.com:{receiver.port}/",
                allow=(f"hooks.example.com:{receiver.port}",),
                resolve=resolving("127.0.0.1"),
                tls=trusting(authority),
            )
        assert time.monotonic() - began < DEADLINE + GRACE


def load(url, **options):
    reach = Reach(allow=options.pop("allow", LOOPBACK), **options)
    return get(url, {"User-Agent": "Gatepost"}, reach=reach, deadline=DEADLINE)


def test_a_page_comes_back_with_every_header_it_was_sent_with():
    raw = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 4\r\n\r\npage"
    with Receiver(answering(raw)) as receiver:
        page = load(receiver.url)
    assert (page.status, page.body, page.whole) == (200, b"page", True)
    assert [value for name, value in page.headers if name == "x-a"] == ["1", "2"]


def test_a_page_is_asked_for_unpacked_and_without_a_body():
    heard = []

    def part(connection, _stop):
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with Receiver(part) as receiver:
        load(receiver.url)
    assert heard[0].startswith(b"GET /hook?x=1 HTTP/1.1\r\n")
    assert b"Accept-Encoding: identity\r\n" in heard[0]
    assert b"Content-Length" not in heard[0]


def test_no_more_of_a_page_is_read_than_the_cap():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"
    with Receiver(dripping(head + b"a" * 2_000_000, b"a" * 1_000_000)) as receiver:
        page = load(receiver.url)
    assert (len(page.body), page.whole) == (PAGE_CAP, False)


def test_a_page_that_drips_ends_at_the_deadline():
    with Receiver(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a")) as receiver:
        began = time.monotonic()
        with pytest.raises(SendError):
            load(receiver.url)
        assert time.monotonic() - began < DEADLINE + GRACE


def test_a_page_in_a_private_network_is_not_loaded_over_http_either():
    with pytest.raises(SendError) as failed:
        load("http://inside.example.org/", allow=(), resolve=resolving("10.0.0.1"))
    assert failed.value.kind == "blocked"


def test_only_a_page_may_be_plain_http():
    assert check_url("http://blog.example.org/", (), plain=True).port is None
    for url in ("http://blog.example.org:8080/", "https://blog.example.org:80/"):
        with pytest.raises(SendError):
            check_url(url, (), plain=True)

"""Clients of Akismet's as they are published, and the bytes of others, against a live server."""

import asyncio
import contextlib
import socket

import akismet
import httpx
import pytest

from tests.building import ORIGIN
from tests.web.caller import HONEST, SELLING, THANKS, serving

WORST = f"{SELLING} viagra cialis http://pills-rx24.shop/a http://pills-rx24.shop/b"
ADDRESS = "203.0.113.9"
AKISMET = "https://rest.akismet.com"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A live service with a site, and a key of it."""
    with serving(tmp_path_factory.mktemp("akismet"), "127.0.0.1") as found:
        yield found


class Elsewhere:
    """Sends a client's requests to us instead, under the key's own name.

    The client's `key_sites` names no key, so that the name of the host has to.
    """

    def __init__(self, service, key, **options):
        super().__init__(**options)
        self.port, self.name = service.port, f"{key}.127.0.0.1:{service.port}"

    def turned(self, request):
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        request.headers["Host"] = self.name
        return request


class Sync(Elsewhere, httpx.HTTPTransport):
    def handle_request(self, request):
        return super().handle_request(self.turned(request))


class Async(Elsewhere, httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request):
        return await super().handle_async_request(self.turned(request))


def comment(text):
    return {"comment_content": text, "comment_author": "cheap pills", "comment_type": "comment"}


def expect(told):
    """What both clients should have been told."""
    assert told["verified"] is True
    assert told["wrong key"] is False
    assert told["ham"] == akismet.CheckResponse.HAM
    assert told["discard"] == akismet.CheckResponse.DISCARD
    assert told["spam"] == akismet.CheckResponse.SPAM
    assert told["submitted"] == [True, True]
    assert told["usage"]["limit"] == "none"
    [month] = [value for name, value in told["sites"].items() if name.startswith("20")]
    assert month[0]["site"] == ORIGIN
    assert month[0]["api_calls"] == told["usage"]["usage"] >= 5
    assert told["csv"].splitlines()[2].startswith(f"{ORIGIN},")


def test_the_client_of_pypi_finds_all_it_asks_for(house):
    service, key = house
    config = akismet.Config(key=key, url=ORIGIN)
    with httpx.Client(mounts={AKISMET: Sync(service, key)}, timeout=10) as client:
        asked = akismet.SyncClient(http_client=client, config=config)
        told = {
            "verified": asked.verify_key(),
            "wrong key": asked.verify_key("0" * 40, ORIGIN),
            "ham": asked.comment_check(ADDRESS, comment_content=HONEST, comment_author="Ana"),
            "spam": asked.comment_check(ADDRESS, comment_author="viagra-test-123", is_test=True),
            "discard": asked.comment_check(ADDRESS, **comment(WORST)),
            "submitted": [
                asked.submit_spam(ADDRESS, **comment(SELLING)),
                asked.submit_ham(ADDRESS, comment_content=HONEST, comment_author="Ana"),
            ],
            "usage": asked.usage_limit(),
            "sites": asked.key_sites(),
            "csv": asked.key_sites(result_format="csv"),
        }
        wrong = akismet.SyncClient(
            http_client=client, config=akismet.Config(key="0" * 40, url=ORIGIN)
        )
        with pytest.raises(akismet.APIKeyError):
            wrong.comment_check(ADDRESS, comment_content=HONEST)
    expect(told)


def test_the_client_of_pypi_that_waits_for_nobody_does_too(house):
    service, key = house

    async def ask():
        config = akismet.Config(key=key, url=ORIGIN)
        async with httpx.AsyncClient(mounts={AKISMET: Async(service, key)}, timeout=10) as client:
            asked = akismet.AsyncClient(http_client=client, config=config)
            return {
                "verified": await asked.verify_key(),
                "wrong key": await asked.verify_key("0" * 40, ORIGIN),
                "ham": await asked.comment_check(ADDRESS, comment_content=HONEST),
                "spam": await asked.comment_check(ADDRESS, comment_author="viagra-test-123"),
                "discard": await asked.comment_check(ADDRESS, **comment(WORST)),
                "submitted": [
                    await asked.submit_spam(ADDRESS, **comment(SELLING)),
                    await asked.submit_ham(ADDRESS, comment_content=HONEST),
                ],
                "usage": await asked.usage_limit(),
                "sites": await asked.key_sites(),
                "csv": await asked.key_sites(result_format="csv"),
            }

    expect(asyncio.run(ask()))


def exchange(service, lines, body=b""):
    """Send a request byte by byte as it stands here; return (status, headers, body)."""
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(head + body)
        parts = []
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                parts.append(part)
    found, _, rest = b"".join(parts).partition(b"\r\n\r\n")
    names = (line.partition(": ") for line in found.decode("latin-1").split("\r\n")[1:])
    headers = {name.lower(): value for name, _, value in names}
    return int(found.split(b" ")[1]), headers, rest


def test_wordpress_speaks_http_1_0_and_names_its_charset_in_the_type(house):
    service, key = house
    # As http_post() of class.akismet.php writes it: the form's own fields and the server's
    # variables beside the comment's, and the key added at the end.
    body = (
        b"blog=https%3A%2F%2Fblog.example.org&blog_charset=ISO-8859-1&blog_lang=de_DE"
        b"&comment_content=Ein+sch%F6ner+Artikel+%FCber+G%E4rten&comment_author=J%FCrgen"
        b"&comment_author_email=&comment_type=comment&user_ip=203.0.113.9&user_agent=x&referrer="
        b"&permalink=https%3A%2F%2Fblog.example.org%2Fgarden&comment_post_ID=7&comment_parent=0"
        b"&user_role=&akismet_comment_nonce=inactive&POST_comment=Ein+sch%F6ner+Artikel"
        b"&POST_ak_js=12&POST_ak_hp_textarea=&HTTP_ACCEPT=%2A%2F%2A&REQUEST_URI=%2Fwp-comments"
        b"&REMOTE_ADDR=203.0.113.9&comment_context%5B0%5D=garden&comment_context%5B1%5D=roses"
        b"&api_key=" + key.encode()
    )
    status, headers, answer = exchange(
        service,
        [
            "POST /1.1/comment-check HTTP/1.0",
            "Content-Type: application/x-www-form-urlencoded; charset=ISO-8859-1",
            f"Host: 127.0.0.1:{service.port}",
            "User-Agent: WordPress/6.9 | Akismet/5.6",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ],
        body,
    )

    assert (status, answer) == (200, b"false")
    assert "set-cookie" not in headers
    assert "x-akismet-debug-help" not in headers


def test_the_bytes_of_cedx_for_node_are_understood(house):
    service, key = house
    # What @cedx/akismet 16.2.1 sends: one key for every door, is_test=1, indexed lists.
    both = f"blog=https%3A%2F%2Fblog.example.org%2F&blog_charset=UTF-8&api_key={key}&is_test=1"
    text = "comment_content=Buy+cheap+pills&comment_context%5B0%5D=a&comment_context%5B1%5D=b"
    spammer = "user_ip=203.0.113.9&comment_author=viagra-test-123&comment_type=contact-form"
    told = {
        door: exchange(
            service,
            [
                f"POST /1.1/{door} HTTP/1.1",
                f"Host: 127.0.0.1:{service.port}",
                "content-type: application/x-www-form-urlencoded;charset=UTF-8",
                "user-agent: Node.js/20 | Akismet/16.2.1",
                "accept: */*",
                "accept-encoding: gzip, deflate",
                f"content-length: {len(body)}",
                "connection: close",
            ],
            body.encode(),
        )
        for door, body in {
            "verify-key": both,
            "comment-check": f"{both}&{spammer}&{text}",
            "submit-ham": f"{both}&{spammer}&{text}",
            "submit-spam": f"{both}&{spammer}&{text}",
        }.items()
    }

    assert {door: body.decode() for door, (_, _, body) in told.items()} == {
        "verify-key": "valid",
        "comment-check": "true",
        "submit-ham": THANKS,
        "submit-spam": THANKS,
    }
    assert {status for status, _, _ in told.values()} == {200}
    assert not any("x-akismet-debug-help" in headers for _, headers, _ in told.values())


def test_discourse_writes_to_its_keys_own_name_with_a_type_of_its_own(house):
    service, key = house
    body = (
        b"blog=https%3A%2F%2Fblog.example.org&content_type=forum-post&comment_author=ana"
        b"&comment_content=I+grew+up+two+hours+from+that+river.&user_ip=203.0.113.9"
    )
    lines = [
        "POST /1.1/comment-check HTTP/1.1",
        f"Host: {key}.127.0.0.1:{service.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    assert exchange(service, lines, body)[::2] == (200, b"false")
    queue = ["GET /queue HTTP/1.1", lines[1], "Connection: close"]
    assert exchange(service, queue)[0] == 400


def test_the_log_holds_nothing_of_what_was_sent(house):
    service, key = house
    said = service.log.read_text()

    assert not [word for word in (key, ADDRESS, "pills", "river") if word in said]

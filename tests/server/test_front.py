"""The front: only whole, plain requests reach the application."""

import json

import pytest

from tests.server.desk import CAP, FORM, exchange, noting_server, post, request

JSON = "application/json"


@pytest.fixture(scope="module")
def port():
    with noting_server() as found:
        yield found


def nested(levels):
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_a_plain_request_arrives_as_it_was_sent(port):
    status, found, raw = request(port, path="/a%20b/%C3%A9?x=%41&y", headers=["X-A: 1"])
    assert status == 200
    assert found["path"].encode("latin-1").decode() == "/a b/é"
    assert (found["query"], found["client"]) == ("x=%41&y", "127.0.0.1")
    assert raw.lower().count(b"set-cookie:") == 2


def test_a_head_request_gets_no_body(port):
    status, found, _raw = request(port, "HEAD")
    assert (status, found) == (200, b"")


def test_an_old_program_may_speak_http_1_0(port):
    assert request(port, version="1.0")[0] == 200


def test_a_whole_form_and_a_whole_object_arrive(port):
    assert post(port, b"comment=a+b&author=%C3%A9")[1]["body"] == "comment=a+b&author=%C3%A9"
    status, found, _raw = post(port, b'{"comment": "a"}', kind=f"{JSON}; charset=UTF-8")
    assert (status, found["json"]) == (200, {"comment": "a"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["Transfer-Encoding: chunked"], 411),
        (["Transfer-Encoding: chunked", "Content-Length: 4"], 411),
        (["Transfer-Encoding: identity", "Content-Length: 4"], 400),
        ([], 411),
        (["Content-Length: 4", "Content-Length: 5"], 400),
        (["Content-Length: +4"], 400),
        (["Content-Length: 4, 4"], 400),
        (["Content-Length: -4"], 400),
        (["Content-Length: 0x4"], 400),
        (["Content-Length: 4", "Content-Encoding: gzip"], 415),
        (["Content-Length: 4", "Expect: something"], 400),
        (["Content-Length: 99999999999999999999"], 400),
        ([f"Content-Length: {CAP + 1}"], 413),
    ],
)
def test_a_body_of_doubtful_length_or_coding_is_refused(port, headers, status):
    found = request(port, "POST", "/s/blog/comments", [f"Content-Type: {FORM}", *headers], b"a=b&")
    assert found[0] == status
    assert b"200 OK" not in found[2]


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "", "text/xml"])
def test_other_content_types_are_refused(port, kind):
    assert post(port, b"a=b", kind=kind)[0] == 415


def test_another_charset_is_refused(port):
    assert post(port, b"a=b", kind=f"{FORM}; charset=latin-1")[0] == 415


@pytest.mark.parametrize("sent", [0, 1, 39])
def test_a_body_cut_off_by_a_client_that_waits_is_refused_after_the_deadline(port, sent):
    assert post(port, b"a" * sent, length=40)[0] == 400


def test_more_than_was_announced_is_no_second_request(port):
    smuggled = b"a=b&GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    raw = post(port, smuggled, length=4)[2]
    assert raw.count(b"HTTP/1.1 200") <= 1
    assert b"smuggled" not in raw


@pytest.mark.parametrize(
    "hosts",
    [
        ["Host: evil.example.com"],
        ["Host: 127.0.0.1"],
        ["Host: 127.0.0.1:{port}", "Host: 127.0.0.1:{port}"],
        ["Host: 127.0.0.1:{port}", "Host: evil.example.com"],
        ["Host: 127.0.0.1:{port},evil.example.com"],
        ["Host: 127.0.0.1:{port}@evil.example.com"],
        ["Host:"],
    ],
)
def test_only_our_own_name_is_answered(port, hosts):
    headers = [line.format(port=port) for line in hosts]
    assert request(port, headers=headers)[0] == 400


def test_a_forwarded_host_changes_nothing(port):
    assert request(port, headers=["X-Forwarded-Host: evil.example.com"])[0] == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    ],
)
def test_what_is_no_http_1_reaches_nobody(port, raw):
    assert b" 200 " not in exchange(port, raw + b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/%00", "/a%0d%0ab", "/%ff", "/?a=%00", "/?a=%zz", "/?a=%ff"])
def test_addresses_that_are_no_text_are_refused(port, path):
    assert request(port, path=path)[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/"),
        ("DELETE", "/s/x/comments"),
        ("TRACE", "/"),
        ("GET", "/s/x/comments"),
        ("FOO", "/"),
    ],
)
def test_methods_that_a_door_does_not_take_are_refused(port, method, path):
    assert request(port, method, path)[0] == 405


@pytest.mark.parametrize(
    "body",
    [
        b"comment=%ff",
        b"comment=\xff",
        b"comment=%00",
        b"comment=a\x00",
        b"comment=%1b",
        b"comment=%ed%a0%80",
        b"comment=%zz",
        b"comment=a&comment=b",
        b"&".join(b"k%d=v" % number for number in range(201)),
    ],
)
def test_forms_with_what_no_page_can_keep_are_refused(port, body):
    assert post(port, body)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"a\\u0000": 1}',
        b'{"a": "\x01"}',
        b'{"a": 123456789012345678901234567890}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        nested(17),
        nested(10_000),
        nested(40_000),
        b'{"a": "' + b"[" * 50,
    ],
)
def test_objects_that_are_none_are_refused(port, body):
    assert post(port, body, kind=JSON)[0] == 400


def test_sixteen_levels_and_brackets_in_texts_are_fine(port):
    assert post(port, nested(16), kind=JSON)[0] == 200
    body = json.dumps({"a": '[[[["{{{{' * 20}).encode()
    assert post(port, body, kind=JSON)[1]["json"] == json.loads(body)


def test_the_cap_is_exact(port):
    body = b"comment=" + b"a" * (CAP - 8)
    assert post(port, body)[0] == 200
    assert post(port, body + b"a")[0] == 413


def test_a_fault_inside_shows_nothing(port):
    status, found, _raw = request(port, path="/fault")
    assert status == 500
    assert b"secret" not in found


def test_forwarding_headers_are_ignored_unless_proxies_are_ours(port):
    headers = ["X-Forwarded-For: 203.0.113.9", "X_Forwarded_For: 203.0.113.8"]
    assert request(port, headers=headers)[1]["client"] == "127.0.0.1"
    with noting_server(trusted_proxies=1) as behind:
        headers = ["X-Forwarded-For: 198.51.100.7, 203.0.113.9"]
        assert request(behind, headers=headers)[1]["client"] == "203.0.113.9"
        assert request(behind)[1]["client"] == "127.0.0.1"

"""The front: only whole, plain requests reach the application."""

import json
import selectors
import signal
import socket
from contextlib import ExitStack

import pytest

from service.http.front import ERRORS, QUEUE_PER_THREAD, client_address
from tests.server.desk import (
    CAP,
    FORM,
    exchange,
    held,
    noting_process,
    noting_server,
    post,
    request,
    started,
)

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
    assert (found["query"], found["client"], found["x-a"]) == ("x=%41&y", "127.0.0.1", "1")
    assert raw.lower().count(b"set-cookie:") == 2


def test_a_head_request_gets_no_body(port):
    status, found, _raw = request(port, "HEAD")
    assert (status, found) == (200, b"")
    status, found, raw = request(port, "HEAD", "/measured")
    assert (status, found) == (200, b"")
    assert b"content-length: 4" in raw.lower()


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


def test_the_host_of_an_absolute_address_counts_too(port):
    ours = f"http://127.0.0.1:{port}/a?b"
    assert request(port, path=ours)[1]["path"] == "/a"
    assert request(port, path="http://evil.example.com/a?b")[0] == 400
    assert request(port, path=ours, headers=["Host: evil.example.com"])[0] == 400


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
        b'{"a": 1e999}',
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


def test_an_underscore_is_no_hyphen(port):
    assert request(port, headers=["X_A: 1"])[1]["x-a"] is None
    assert request(port, headers=["X-A: 1", "X_A: 2", "X-A: 3"])[1]["x-a"] == "1,3"


@pytest.mark.parametrize(
    ("forwarded", "trusted_proxies", "client"),
    [
        ([], 0, "192.0.2.1"),
        (["203.0.113.9"], 0, "192.0.2.1"),
        ([], 2, "192.0.2.1"),
        (["203.0.113.9"], 1, "203.0.113.9"),
        (["203.0.113.9"], 2, "203.0.113.9"),
        (["198.51.100.7, 203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.7, 203.0.113.9"], 2, "198.51.100.7"),
        (["198.51.100.7", "203.0.113.9"], 2, "198.51.100.7"),
        (["10.9.9.9, 198.51.100.7, 203.0.113.9"], 2, "198.51.100.7"),
        (["unknown"], 1, "192.0.2.1"),
        (["198.51.100.7, unknown"], 2, "192.0.2.1"),
        (["<script>, 203.0.113.9"], 2, "203.0.113.9"),
        (["203.0.113.9:80"], 1, "192.0.2.1"),
        (["[::1]:80"], 1, "192.0.2.1"),
        (["2001:DB8:0::1"], 1, "2001:db8::1"),
        (["fe80::1%<b>"], 1, "fe80::1"),
        ([" , "], 1, "192.0.2.1"),
    ],
)
def test_the_client_is_whom_our_own_proxies_vouch_for(forwarded, trusted_proxies, client):
    assert client_address("192.0.2.1", forwarded, trusted_proxies) == client


def test_answers_from_memory_pass_the_gate_first(port):
    assert request(port, path="/memory")[1] == b"from memory"
    assert request(port, path="/memory", headers=["Host: evil.example.com"])[0] == 400
    assert post(port, b"a=b", path="/memory")[1]["body"] == "a=b"


def test_complaints_of_the_application_are_logged(caplog):
    ERRORS.write("a complaint\n")
    ERRORS.write("\n")
    assert caplog.messages == ["a complaint"]


@pytest.mark.parametrize("goodbye", ["shutdown", "close"])
def test_a_body_cut_off_by_a_client_that_leaves_reaches_nobody(port, goodbye):
    before = request(port)[1]["arrival"]
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            f"POST /s/blog/comments HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: {FORM}\r\nContent-Length: 40\r\n\r\ncomment=half".encode()
        )
        if goodbye == "shutdown":
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")
    assert request(port)[1]["arrival"] == before + 1


def waiting(port, path):
    """A connection whose request stays under way as long as the file is held."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(
        f"GET /wait?{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    )
    return connection


def test_past_the_queue_the_front_itself_says_at_once_that_it_is_busy(tmp_path):
    file = tmp_path / "held"
    with noting_server(threads=1) as port, ExitStack() as opened:
        with held(file):
            several = [
                opened.enter_context(waiting(port, file)) for _ in range(QUEUE_PER_THREAD + 2)
            ]
            chosen = opened.enter_context(selectors.DefaultSelector())
            for connection in several:
                chosen.register(connection, selectors.EVENT_READ)
            [busy] = [key.fileobj for key, _events in chosen.select(10)]
            answer = busy.recv(65536).lower()
            assert answer.startswith(b"http/1.1 503")
            assert b"retry-after: " in answer
        others = [connection for connection in several if connection is not busy]
        assert all(connection.recv(65536).startswith(b"HTTP/1.1 200") for connection in others)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_after_the_stop_signal(tmp_path, number):
    file = tmp_path / "held"
    with noting_process() as (process, port):
        with held(file):
            connection = waiting(port, file)
            assert process.stdout.readline() == "waiting\n"
            process.send_signal(number)
        with connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert process.wait(10) == 0


def test_a_request_that_never_ends_does_not_keep_the_process(tmp_path):
    file = tmp_path / "held"
    with held(file), noting_process(drain=0.2) as (process, port), waiting(port, file):
        assert process.stdout.readline() == "waiting\n"
        process.terminate()
        assert process.wait(10) == 0


def test_a_stop_beside_a_crowd_of_idle_clients_is_quiet():
    # granian's threads then still have something to tell a Python that is ending.
    for _ in range(5):
        with ExitStack() as crowd, noting_server() as port:
            asked = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            for _ in range(100):
                connection = socket.create_connection(("127.0.0.1", port), timeout=5)
                crowd.enter_context(connection)
                connection.sendall(asked)
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_killed_server_leaves_nobody_on_the_port():
    with noting_server() as free:
        pass  # a port that was free a moment ago
    process = started(free)
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.communicate(timeout=10)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free), timeout=5)


def test_a_second_server_does_not_share_the_port(port):
    second = started(port)
    _out, complaints = second.communicate(timeout=15)
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}: Address already in use\n" in complaints
    assert request(port)[0] == 200

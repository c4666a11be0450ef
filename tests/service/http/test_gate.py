"""The gate by itself: tables of heads and bodies, and what becomes of each."""

import json

import pytest

from service.errors import (
    BadRequestError,
    LengthRequiredError,
    MediaTypeError,
    MethodError,
    ServiceError,
    TooLargeError,
)
from service.http.bodies import check_body
from service.http.gate import FORM, JSON, MAX_HEADERS, STAFF_CAP, Gate, Head

HOST = "comments.example.com"
CAP = 2000
COMMENTS = "/s/blog/comments"
GATE = Gate(frozenset({HOST, "localhost:8080"}), CAP)


def head(method="GET", path="/queue", *headers, **other):
    """A head that is fine but for what is given."""
    given = list(headers)
    if all(name != "host" for name, _ in given):
        given.append(("host", HOST))
    return Head(method, path, other.pop("query", ""), other.pop("version", "1.1"), given, **other)


def posted(*headers, path=COMMENTS, length="3", kind=FORM):
    """A POST with the headers a body needs, and others."""
    return head("POST", path, ("content-length", length), ("content-type", kind), *headers)


def passed(body, kind=FORM):
    """Pass head and body through the gate and return the parsed object."""
    return check_body(GATE.check_head(posted(length=str(len(body)), kind=kind)), body)


def refusal(body, kind):
    with pytest.raises(ServiceError) as refused:
        passed(body, kind)
    return refused.value


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("GET", "/queue", True),
        ("HEAD", "/queue", True),
        ("OPTIONS", "/queue", True),
        ("POST", "/queue", True),
        ("POST", COMMENTS, True),
        ("OPTIONS", COMMENTS, True),
        ("GET", COMMENTS, False),
        ("HEAD", COMMENTS, False),
        ("GET", "/s/blog/thread.json", True),
        ("OPTIONS", "/s/blog/thread.json", True),
        ("POST", "/s/blog/thread.json", False),
        ("POST", "/s/blog/comments/x", False),
        ("GET", "/receipts/abc", True),
        ("POST", "/receipts/abc", True),
        ("OPTIONS", "/receipts/abc", True),
        ("POST", "/receipts", True),
        ("POST", "/embed.js", False),
        ("POST", "/healthz", False),
        ("PUT", "/queue", False),
        ("DELETE", COMMENTS, False),
        ("GET", "/api/v1/comments", True),
        ("DELETE", "/api/v1/endpoints/x", True),
        ("TRACE", "/api/v1/comments", False),
        ("TRACE", "/", False),
        ("get", "/", False),
    ],
)
def test_each_door_takes_its_methods_and_no_other(method, path, taken):
    asked = posted(path=path) if method == "POST" else head(method, path)
    if taken:
        assert GATE.check_head(asked).door.path.fullmatch(path)
    else:
        with pytest.raises(MethodError):
            GATE.check_head(asked)


@pytest.mark.parametrize(
    ("path", "cap"),
    [(COMMENTS, CAP), ("/receipts", CAP), ("/receipts/abc", CAP), ("/queue", STAFF_CAP)],
)
def test_each_door_has_its_cap_and_says_it(path, cap):
    assert GATE.check_head(posted(path=path, length=str(cap))).length == cap
    with pytest.raises(TooLargeError, match=f"at most {cap:,}"):
        GATE.check_head(posted(path=path, length=str(cap + 1)))


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ([], LengthRequiredError),
        ([("transfer-encoding", "chunked")], LengthRequiredError),
        ([("transfer-encoding", "identity"), ("content-length", "3")], LengthRequiredError),
        ([("content-length", "3"), ("content-length", "3")], BadRequestError),
        *[
            ([("content-length", value)], BadRequestError)
            for value in ("", "-3", "+3", "3, 3", " 3", "0x3", "1_0", "3.0", "\u0663", "9" * 20)
        ],
    ],
)
def test_a_body_needs_one_plain_length(headers, error):
    with pytest.raises(error):
        GATE.check_head(head("POST", COMMENTS, ("content-type", FORM), *headers))


@pytest.mark.parametrize(
    ("method", "headers", "error"),
    [
        ("DELETE", [], None),
        ("POST", [("content-length", "0")], None),
        ("PATCH", [("content-length", "2"), ("content-type", JSON)], None),
        ("POST", [], None),  # as `curl -X POST` sends it
        ("DELETE", [("transfer-encoding", "chunked")], LengthRequiredError),
        ("POST", [("content-length", "2")], MediaTypeError),
        ("POST", [("content-length", "2"), ("content-type", FORM)], MediaTypeError),
        ("POST", [("content-length", str(STAFF_CAP + 1)), ("content-type", JSON)], TooLargeError),
    ],
)
def test_the_api_takes_json_or_nothing_at_all(method, headers, error):
    asked = head(method, "/api/v1/endpoints/x", *headers)
    if error is None:
        passage = GATE.check_head(asked)
        assert check_body(passage, b"{}" if passage.length else b"") in (None, {})
    else:
        with pytest.raises(error):
            GATE.check_head(asked)


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding"])
def test_a_read_brings_no_body(name):
    with pytest.raises(ServiceError):
        GATE.check_head(head("GET", "/queue", (name, "3")))


def test_a_read_may_say_that_it_has_none():
    assert GATE.check_head(head("GET", "/queue", ("content-length", "0"))).length == 0


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/jsonp",
        "",
        f"{FORM}, {JSON}",
        f"{FORM}; charset=latin-1",
        f"{JSON}; charset=utf-16",
        f'{JSON}; a=b; charset="utf-7"',
    ],
)
def test_types_and_charsets_of_no_door_are_refused(kind):
    with pytest.raises(MediaTypeError):
        GATE.check_head(posted(kind=kind))


@pytest.mark.parametrize(
    "kind", [FORM, JSON, f"{FORM}; charset=UTF-8", f' {JSON.upper()} ; charset="utf8"']
)
def test_forms_and_objects_in_utf_8_are_taken(kind):
    assert GATE.check_head(posted(kind=kind)).length == 3


def test_two_content_types_are_none():
    with pytest.raises(MediaTypeError):
        GATE.check_head(posted(("content-type", JSON)))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("content-encoding", "gzip", MediaTypeError),
        ("content-encoding", "identity", None),
        ("expect", "200-ok", BadRequestError),
        ("expect", "100-Continue", None),
    ],
)
def test_codings_and_expectations_are_the_plain_ones(name, value, error):
    if error is None:
        assert GATE.check_head(posted((name, value))).length == 3
    else:
        with pytest.raises(error):
            GATE.check_head(posted((name, value)))


@pytest.mark.parametrize("host", [HOST, HOST.upper(), "localhost:8080"])
def test_our_own_names_are_answered(host):
    assert GATE.check_head(head("GET", "/queue", ("host", host)))


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example.com"],
        [f"{HOST}:8080"],
        ["localhost"],
        [f"{HOST}."],
        [f"{HOST},{HOST}"],
        [f"x@{HOST}"],
        [""],
        ["[::1"],
        [HOST, HOST],
        [HOST, "evil.example.com"],
    ],
)
def test_other_names_are_not_answered(hosts):
    with pytest.raises(BadRequestError, match="host name"):
        GATE.check_head(head("GET", "/queue", *[("host", host) for host in hosts]))


def test_no_host_is_no_name_of_ours():
    with pytest.raises(BadRequestError, match="host name"):
        GATE.check_head(Head("GET", "/", "", "1.0", []))


@pytest.mark.parametrize(
    ("authority", "ours"),
    [(None, True), (HOST, True), ("evil.example.com", False), (f"u@{HOST}", False), ("", False)],
)
def test_the_host_of_an_absolute_address_must_be_ours_too(authority, ours):
    asked = head(authority=authority)
    if ours:
        assert GATE.check_head(asked)
    else:
        with pytest.raises(BadRequestError, match="host name"):
            GATE.check_head(asked)


@pytest.mark.parametrize(
    ("version", "taken"), [("1.0", True), ("1.1", True), ("0.9", False), ("2", False), ("", False)]
)
def test_versions_are_1_0_and_1_1(version, taken):
    if taken:
        assert GATE.check_head(head(version=version))
    else:
        with pytest.raises(BadRequestError, match=r"HTTP/1\.0"):
            GATE.check_head(head(version=version))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("*", ""),
        ("queue", ""),
        ("/a\x00", ""),
        ("/a\r\nb", ""),
        ("/a\tb", ""),
        ("/\x7f", ""),
        ("/\ufffd", ""),
        ("/" + chr(0xD800), ""),
        ("/" + "a" * 5000, ""),
        ("/", "a" * 5000),
        ("/", "a=%00"),
        ("/", "a=%0"),
        ("/", "a=%zz"),
        ("/", "a=%ff"),
        ("/", "a=%c0%af"),
        ("/", "a=%ed%a0%80"),
        ("/", "a b"),
        ("/", "a\x00"),
        ("/", "a=\x85"),
    ],
)
def test_addresses_that_are_no_plain_text_are_refused(path, query):
    with pytest.raises(BadRequestError, match="address"):
        GATE.check_head(head(path=path, query=query))


def test_addresses_in_any_script_are_fine():
    assert GATE.check_head(head(path="/s/блог/form", query="page=%E9%A1%B5%0A&x=+&y"))


@pytest.mark.parametrize(
    "headers", [[("x-a", "a" * 20_000)], [("x-a", "a")] * MAX_HEADERS, [("x" * 20_000, "")]]
)
def test_heads_have_a_limit(headers):
    with pytest.raises(BadRequestError, match="headers"):
        GATE.check_head(head("GET", "/queue", *headers))


@pytest.mark.parametrize("body", [b"", b"a=", b"a=bc"])
def test_a_body_is_exactly_as_long_as_announced(body):
    with pytest.raises(BadRequestError, match="instead of the 3 announced"):
        check_body(GATE.check_head(posted(length="3")), body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"comment=a+b%21&author=%C3%A9&url=",
        b"comment=%F0%9F%98%80%09%0D%0Ab",
        b"a&b&=c&&d=",
        b"word%5B%5D=a&word%5B%5D=b",
        b"&".join(b"k%d=" % number for number in range(200)),
    ],
)
def test_plain_forms_pass(body):
    assert passed(body) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"a=%ff", "UTF-8"),
        (b"a=\xff", "UTF-8 at byte 2"),
        (b"%ff=a", "UTF-8"),
        (b"a=%c0%af", "UTF-8"),
        (b"a=%ed%a0%80", "UTF-8"),
        (b"a=%00", r"U\+0000"),
        (b"a=\x00", r"U\+0000"),
        (b"%00=a", r"U\+0000"),
        (b"a=%1B", r"U\+001B"),
        (b"a=%0B", r"U\+000B"),
        (b"a=%", "percent-encoded"),
        (b"a=%4", "percent-encoded"),
        (b"a=%u0041", "percent-encoded"),
        (b"a=1&a=2", "twice"),
        (b"a=1&%61=2", "twice"),
        (b"&".join(b"k%d=" % number for number in range(201)), "more than 200"),
    ],
)
def test_other_forms_are_refused_with_a_reason(body, why):
    refused = refusal(body, FORM)
    assert refused.status == 400
    with pytest.raises(BadRequestError, match=why):
        raise refused


def nested(levels, opening="[", closing="]"):
    """An object that goes down so many levels, itself the first."""
    return ('{"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}").encode()


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"comment": "a\tb\nc\r\n", "n": 123456789012345678, "f": 1.5e300, "l": [None, True, -1]},
        {"beside each other, not inside": [[], {}] * 20},
        {"a": "[[[{{{" * 20, "b": '"\\"[', "": "😀"},
        json.loads(nested(16)),
    ],
)
def test_plain_objects_are_read_once_and_handed_on(found):
    assert passed(json.dumps(found).encode(), JSON) == found
    assert passed(json.dumps(found, ensure_ascii=False).encode(), JSON) == found


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not valid JSON at character 0"),
        (b"{", "not valid JSON at character 1"),
        (b'{"a": 1,}', "not valid JSON at character 8"),
        (b'{"a": 1} x', "not valid JSON at character 9"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": "\x01"}', r"U\+0001"),
        (b'{"a": "\n"}', "not valid JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"a": NaN}', "NaN is not valid"),
        (b'{"a": -Infinity}', "-Infinity is not valid"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": -1e999}', "too large"),
        (b'{"a": 1234567890123456789}', "too large"),
        (b'{"a": ' + b"9" * 900 + b"}", "too large"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b'{"a": [{"b": 1, "b": 2}]}', "twice"),
        (b'{"a": "\\u0000"}', r"U\+0000"),
        (b'{"a": ["\\ud800"]}', r"U\+D800"),
        (b'{"a\\u001b": 1}', r"U\+001B"),
        (nested(17), "deeper than 16"),
        (nested(400), "deeper than 16"),
        (nested(17, '{"a":', "}"), "deeper than 16"),
        (b"[" * 900, "deeper than 16"),
        (b'{"a": "\\"' + b"[" * 50, "not valid JSON"),
    ],
)
def test_other_objects_are_refused_with_a_reason(body, why):
    refused = refusal(body, JSON)
    assert refused.status == 400
    with pytest.raises(BadRequestError, match=why):
        raise refused


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_a_hundred_thousand_levels_never_reach_the_parser(opening):
    body = opening * 100_000
    passage = Gate(frozenset({HOST}), 10**6).check_head(posted(length=str(len(body)), kind=JSON))
    with pytest.raises(BadRequestError, match="deeper than 16"):
        check_body(passage, body)


AKISMET = "/1.1/comment-check"
KEY = "0f" * 20
WIRE = Gate(frozenset({HOST}), CAP, "akismet.example.com:8443")


@pytest.mark.parametrize(
    ("path", "host", "ours"),
    [
        (AKISMET, "akismet.example.com:8443", True),
        (AKISMET, f"{KEY}.akismet.example.com:8443", True),
        ("/1.2/key-sites", f"{KEY}.AKISMET.example.com:8443", True),
        (AKISMET, HOST, True),
        (AKISMET, f"{KEY}.akismet.example.com", False),
        (AKISMET, f"a.{KEY}.akismet.example.com:8443", False),
        (AKISMET, ".akismet.example.com:8443", False),
        (AKISMET, f"{KEY}.{HOST}", False),
        (AKISMET, f"{'x' * 64}.akismet.example.com:8443", False),
        ("/queue", "akismet.example.com:8443", False),
        ("/1.1/comment-check/x", f"{KEY}.akismet.example.com:8443", False),
    ],
)
def test_akismets_name_and_one_label_under_it_are_ours_at_its_doors_alone(path, host, ours):
    asked = head("GET", path, ("host", host))
    if ours:
        assert WIRE.check_head(asked)
    else:
        with pytest.raises(BadRequestError, match="host name"):
            WIRE.check_head(asked)


def test_without_a_name_for_akismet_no_label_is_ours():
    with pytest.raises(BadRequestError, match="host name"):
        GATE.check_head(head("GET", AKISMET, ("host", f"{KEY}.")))


def wire_passed(body, kind):
    asked = posted(path=AKISMET, length=str(len(body)), kind=kind)
    return check_body(WIRE.check_head(asked), body)


@pytest.mark.parametrize(
    "body", [b"a=%ff&a=1&a=%00", b"a=\xff%", b"&".join(b"k%d=" % n for n in range(200))]
)
def test_a_form_at_akismets_doors_may_be_in_any_charset(body):
    assert wire_passed(body, f"{FORM}; charset=koi8-r") is None


def test_the_rest_is_as_strict_at_akismets_doors():
    asked = posted(path=AKISMET, length=str(2 * CAP))
    assert WIRE.check_head(asked).cap == 2 * CAP
    with pytest.raises(TooLargeError):
        WIRE.check_head(posted(path=AKISMET, length=str(2 * CAP + 1)))
    with pytest.raises(MediaTypeError):
        WIRE.check_head(posted(path=AKISMET, kind=f"{JSON}; charset=koi8-r"))
    with pytest.raises(BadRequestError, match="more than 200"):
        wire_passed(b"&" * 200, FORM)
    with pytest.raises(BadRequestError, match="UTF-8"):
        wire_passed(b'{"a": "\xff"}', JSON)
    assert wire_passed(b'{"a": 1}', JSON) == {"a": 1}

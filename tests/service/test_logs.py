"""Log lines: one event, one line, nothing personal."""

import io
import json
import logging

import pytest

from service.logs import JsonLines


@pytest.fixture
def logged():
    """Log something and return (line, parsed)."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("gatepost.test")
    logger.addHandler(handler)
    logger.propagate = False

    def log(message, *arguments, **options):
        logger.error(message, *arguments, **options)
        line = stream.getvalue()
        stream.truncate(stream.seek(0))
        return line, json.loads(line)

    yield log
    logger.removeHandler(handler)
    logger.propagate = True


def test_fields_that_nobody_named_are_not_logged(logged):
    _line, parsed = logged("stored", extra={"comment": 7, "text": "the words", "email": "a@b.org"})
    assert parsed["comment"] == 7
    assert "words" not in str(parsed)
    assert "email" not in parsed


@pytest.mark.parametrize(
    "typed", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\u2029b", "a\x00b", "a\x85b"]
)
def test_one_event_is_one_line_whatever_is_in_it(logged, typed):
    line, parsed = logged("found %s", typed)
    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert parsed["message"] == f"found {typed}"


@pytest.mark.parametrize(
    "path", ["/coral/moderate/%s?x=1", "/v1alpha1/comments:analyze?key=%s&a=1"]
)
def test_keys_in_addresses_are_masked(logged, path):
    line, _parsed = logged("POST %s", path % "0123abcd")
    assert "0123abcd" not in line


def test_addresses_and_private_links_are_masked(logged):
    line, _parsed = logged(
        "GET %s by %s", "/receipts/abc.1.def?t=secret", "Ana <ana.souza@example.org>"
    )
    for private in ("abc.1.def", "secret", "ana.souza", "example.org"):
        assert private not in line


def test_an_exception_tells_where_and_not_what(logged):
    try:
        try:
            int("Key (email)=(ana@example.org) already exists")
        except ValueError as error:
            raise RuntimeError("the reader's words") from error
    except RuntimeError:
        line, parsed = logged("failed", exc_info=True)
    assert "builtins.RuntimeError" in parsed["exception"][0]
    assert "builtins.ValueError" in parsed["exception"][1]
    assert "test_logs.py" in parsed["exception"][0]
    for private in ("ana@", "words", "already exists"):
        assert private not in line

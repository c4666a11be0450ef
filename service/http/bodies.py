"""The gate's second question: whether a body is whole, plain text, and what its JSON holds."""

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from service.errors import BadRequestError, ServiceError
from service.http.gate import BAD_ESCAPE, FORBIDDEN_TEXT, FORM, JSON, Passage, plain_text

MAX_KEYS = 200
MAX_DEPTH = 16
MAX_DIGITS = 18  # a whole number that fits 64 bits
# A whole string or one bracket; an unclosed string runs to the end and is the parser's to refuse.
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def check_body(passage: Passage, body: bytes) -> dict[str, Any] | None:
    """Judge a body and return the object it holds when it is JSON.

    Raises:
        BadRequestError: cut off, not UTF-8, with forbidden characters, too deep, or not an
            object; the text says where.
    """
    if len(body) != passage.length:
        raise BadRequestError(
            f"The body has {len(body):,} bytes instead of the {passage.length:,} announced."
        )
    if not passage.content_type:
        return None
    if passage.door.loose and passage.content_type == FORM:
        _check_number(body.count(b"&"))
        return None
    text = plain_text(body, "The body")
    if passage.content_type == JSON:
        return _json(text)
    if passage.content_type == FORM:
        _check_form(text)
    return None


def _check_number(signs: int) -> None:
    if signs >= MAX_KEYS:
        raise BadRequestError(f"The form has more than {MAX_KEYS} fields.")


def _check_form(text: str) -> None:
    _check_number(text.count("&"))
    if BAD_ESCAPE.search(text):
        raise BadRequestError("The form is not percent-encoded as it should be.")
    seen: set[str] = set()
    for pair in filter(None, text.split("&")):
        name, _, value = pair.partition("=")
        plain_text(unquote_to_bytes(value.replace("+", " ")), "A field")
        known = plain_text(unquote_to_bytes(name.replace("+", " ")), "A field's name")
        # Which of two values counts is read differently by different programs.
        if known in seen and not known.endswith("[]"):
            raise BadRequestError("A field is named twice; send each one once.")
        seen.add(known)


def _json(text: str) -> dict[str, Any]:
    _check_depth(text)
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_fraction,
            parse_int=_integer,
        )
    except ServiceError:
        raise
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadRequestError(f"The body is not valid JSON{where}.") from None
    if not isinstance(found, dict):
        raise BadRequestError("The body must be a JSON object.")
    _check_strings(found)
    return found


def _check_depth(text: str) -> None:
    """Count brackets outside strings before parsing: a deep body exhausts the parser's stack."""
    depth = 0
    for piece in TOKENS.findall(text):
        if piece in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadRequestError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
        elif piece in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequestError("A key stands twice in one JSON object; send each one once.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadRequestError(f"{name} is not valid JSON.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise BadRequestError("A number in the JSON is too large.")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):  # 1e999 is not called Infinity, and becomes it
        raise BadRequestError("A number in the JSON is too large.")
    return number


def _check_strings(value: Any) -> None:
    # An escape such as \u0000 or a lone \ud800 passed the check of the raw text.
    if isinstance(value, str):
        found = FORBIDDEN_TEXT.search(value)
        if found is not None:
            raise BadRequestError(
                f"A text holds the control character U+{ord(found.group()):04X}; remove it."
            )
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_strings(name)
            _check_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_strings(inner)

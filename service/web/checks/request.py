"""What a client of Akismet's wire sent: its fields in its own charset, its key, its comment."""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Request

from service.akismet.asking import Suspect
from service.akismet.callers import CallRefusedError
from service.comments.search_author import ADDRESS
from service.house import House
from service.http.bodies import MAX_KEYS
from service.http.gate import FORBIDDEN_TEXT
from service.privacy import EmailAddress
from service.web.context import json_body

UTF_8 = "utf-8"
CHARSET = re.compile(r"[A-Za-z0-9_.:+-]{1,40}", re.ASCII)
TEXT_CODECS = re.compile(
    r"utf-8|ascii|iso8859-\d+|iso2022_\w+|cp\d+|koi8-\w|mac-\w+|tis-620|ptcp154|hz|johab"
    r"|shift_jis\w*|euc_\w+|gb2312|gbk|gb18030|big5\w*"
)
"""Python has codecs that are no charset, such as rot13; a form is never in UTF-16."""
LONGEST = 65_525
"""Characters that are read of a comment: WordPress keeps no more."""
LINE = 500  # characters that are read of any other field
YES = frozenset({"1", "true"})
TOPICS = 20
REPLY = "reply"
OLDEST_FORM = 7 * 86_400.0  # seconds; a form that is said to be older says nothing


class Sent:
    """The fields of a call, each decoded when it is asked for: nobody reads most of them.

    Args:
        pairs: names and values, in the order they came.
        charset: of the values; None = as `blog_charset` says, or else `fallback`.
    """

    def __init__(self, pairs: Iterator[tuple[str, bytes]], *, fallback: str, own: bool) -> None:
        self._values: dict[str, list[bytes]] = {}
        for name, value in pairs:
            # PHP's way to write lists: comment_context[] or comment_context[0].
            self._values.setdefault(name.partition("[")[0], []).append(value)
        named = self._values.get("blog_charset", [b""])[-1].decode("ascii", "replace").strip()
        self.charset = _charset(named or fallback) if own else UTF_8

    def text(self, name: str, most: int = LINE) -> str:
        """Return a field, empty where it was not sent; of several the last one, as PHP does.

        Raises:
            CallRefusedError: it is not in the charset that the call names.
        """
        values = self._values.get(name)
        return self._decoded(name, values[-1])[:most] if values else ""

    def texts(self, name: str, most: int) -> list[str]:
        """Return all values of a field, up to so many.

        Raises:
            CallRefusedError: one is not in the charset that the call names.
        """
        return [self._decoded(name, value)[:LINE] for value in self._values.get(name, [])[:most]]

    def says(self, name: str) -> bool:
        """Say whether a switch is on."""
        return self.text(name).strip().lower() in YES

    def has(self, name: str) -> bool:
        """Say whether a field was sent at all."""
        return name in self._values

    def _decoded(self, name: str, value: bytes) -> str:
        try:
            text = value.decode(self.charset, "strict")
        except UnicodeDecodeError as error:
            raise CallRefusedError(
                f"{name} is not in the charset {self.charset} at byte {error.start};"
                " name the right one in blog_charset."
            ) from None
        return FORBIDDEN_TEXT.sub(" ", text).strip()


def _charset(named: str) -> str:
    """Return the codec of a charset's name.

    Raises:
        CallRefusedError: there is none of that name.
    """
    found = ""
    if CHARSET.fullmatch(named):
        try:
            found = codecs.lookup(named).name
        except LookupError:
            found = ""
    if not TEXT_CODECS.fullmatch(found):
        raise CallRefusedError("We do not know the charset that blog_charset names.")
    return found


def sent(asked: Request) -> Sent:
    """Read a call: the body, urlencoded or JSON, or the query of one that only looks.

    Raises:
        CallRefusedError: too many fields, or a charset that nobody knows.
    """
    if asked.method != "POST":
        return Sent(_pairs(asked.query_string), fallback=UTF_8, own=False)
    if asked.mimetype == "application/json":
        found = json_body()
        if len(found) > MAX_KEYS:
            raise CallRefusedError(f"The object has more than {MAX_KEYS} keys.")
        return Sent(_pairs_of_json(found), fallback=UTF_8, own=False)
    said = asked.mimetype_params.get("charset", "") or UTF_8
    return Sent(_pairs(asked.get_data(cache=True)), fallback=said, own=True)


def _pairs(form: bytes) -> Iterator[tuple[str, bytes]]:
    for pair in filter(None, form.split(b"&")):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        yield unquote_to_bytes(name).decode("ascii", "replace"), unquote_to_bytes(value)


def _pairs_of_json(found: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for name, value in found.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool):
                yield name, str(one).lower().encode()
            elif isinstance(one, str | int | float):
                yield name, str(one).encode()


def key_in(asked: Request, call: Sent, akismet_host: str) -> str:
    """Return the key of a call: in the body, or the label before our name for Akismet's doors."""
    typed = call.text("api_key") or call.text("key")
    label, _, rest = asked.host.lower().partition(".")
    return label if not typed and akismet_host and rest == akismet_host.lower() else typed.lower()


def suspect_in(call: Sent, house: House) -> Suspect:
    """Return the comment of a call.

    The reader's network address is not looked at: nothing here depends on it.

    Raises:
        CallRefusedError: a field is not in the charset that the call names.
    """
    address = call.text("comment_author_email")
    return Suspect(
        text=call.text("comment_content", LONGEST),
        name=call.text("comment_author"),
        website=call.text("comment_author_url"),
        email=EmailAddress(address) if ADDRESS.fullmatch(address) else None,
        page=call.text("permalink"),
        topic=" ".join(filter(None, call.texts("comment_context", TOPICS))),
        roles=frozenset(role.strip().lower() for role in call.text("user_role").split(",")),
        signals=_signals(call, house),
        test=call.says("is_test"),
    )


def _signals(call: Sent, house: House) -> dict[str, Any]:
    """Return what a call tells beside the text, where it tells anything."""
    kind = call.text("comment_type") or call.text("content_type")  # Discourse's name for it
    return {
        "honeypot": _trapped(call),
        "ticket_age": _form_age(call, house),
        "reply": kind == REPLY or call.text("comment_parent") not in ("", "0"),
    }


def _trapped(call: Sent) -> bool | None:
    """Say whether a field that people do not see was filled in; None = there was none."""
    named = call.text("honeypot_field_name")
    fields = [name for name in (named, "POST_ak_hp_textarea") if name and call.has(name)]
    return any(call.text(name) for name in fields) if fields else None


def _form_age(call: Sent, house: House) -> float | None:
    """Return for how many seconds WordPress's form was open, by its author's own clock."""
    opened = call.text("POST_ak_js")
    if not (opened.isascii() and opened.isdigit()) or call.text("recheck_reason"):
        return None
    age = house.now().timestamp() - int(opened[:15]) / 1000
    return round(age, 1) if 0 <= age <= OLDEST_FORM else None

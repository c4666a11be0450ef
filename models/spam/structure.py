"""What can be counted about a comment beside its words, each with words for people.

A measure is a number >= 0 (shares 0..1, counts as log(1 + count)). Its contribution to the
score is measured from its `rest`: zero for things that are there or not, the average of the
training comments for things every comment has, such as a length.
"""

import math
import re
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from models.spam.alphabets import (
    ALNUM,
    ALPHA,
    DIGIT,
    PICTURE,
    SCRIPTS,
    UPPER,
    codes_of,
    kinds_of,
)
from models.spam.document import Document
from models.spam.links import LINK, host_of
from models.spam.text import FoldedText, shorten

FREE_HOSTS = (
    "blogspot", "wordpress", "weebly", "wixsite", "tumblr", "livejournal", "webs", "jimdo",
    "yolasite", "strikingly", "angelfire", "tripod", "ucoz", "over-blog", "webnode", "jigsy",
    "puzl", "bravesites", "doodlekit", "edublogs", "soup", "skyrock", "hatenablog", "site123",
)  # fmt: skip
SHORTENERS = (
    "bit.ly", "goo.gl", "tinyurl.com", "t.co", "ow.ly", "is.gd", "buff.ly", "cutt.ly",
    "rebrand.ly", "shorturl.at", "t.ly", "rb.gy", "tiny.cc", "bl.ink", "soo.gd", "s.id", "adf.ly",
    "lnkd.in", "wa.me", "t.me", "clck.ru", "vk.cc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing counted.

    Args:
        name: for programs.
        words: for people, as "…" in "… speaks for spam".
        always: every comment has it, so the average is its rest.
        disguise: more of it may only raise the score.
    """

    name: str
    words: str
    always: bool = False
    disguise: bool = False


MEASURES = (
    Measure("website", "a website is given"),
    Measure("website_free_host", "the website is on a free host"),
    Measure("website_shortened", "a link hides behind a link shortener"),
    Measure("website_depth", "the website is a page deep inside a site"),
    Measure("website_length", "length of the website address"),
    Measure("website_dashes", "dashes in the website's host"),
    Measure("website_digits", "digits in the website's host"),
    Measure("website_capitals", "capitals in the website's host"),
    Measure("website_repeated", "the website is linked in the text too"),
    Measure("links", "links in the text"),
    Measure("hosts", "links to different hosts"),
    Measure("link_share", "share of the text that is links"),
    Measure("link_last", "the text ends in a link"),
    Measure("anchors", "links written in HTML"),
    Measure("bbcode", "links written in BBCode"),
    Measure("markdown_links", "links written in Markdown"),
    Measure("mails", "mail addresses in the text"),
    Measure("phones", "telephone numbers in the text"),
    Measure("disguised_links", "links written in words", disguise=True),
    Measure("name_missing", "no name"),
    Measure("name_length", "length of the name", always=True),
    Measure("name_long", "a name of three or more words"),
    Measure("name_single", "a name of one word"),
    Measure("name_capitals", "a name in capitals"),
    Measure("name_small", "a name in small letters"),
    Measure("name_digits", "digits in the name"),
    Measure("name_address", "the name is a link or holds one"),
    Measure("name_in_host", "the name is found in a link's host"),
    Measure("name_foreign", "a name in another script than Latin"),
    Measure("length", "length of the text", always=True),
    Measure("lines", "number of lines", always=True),
    Measure("word_length", "length of the words", always=True),
    Measure("capitals", "share of capitals", always=True),
    Measure("digits", "share of digits", always=True),
    Measure("punctuation", "share of punctuation", always=True),
    Measure("variety", "share of words used only once", always=True),
    Measure("wrapped", "line breaks inside sentences"),
    Measure("exclamations", "exclamation marks"),
    Measure("questions", "question marks"),
    Measure("foreign", "share of letters outside ASCII"),
    Measure("scripts", "several scripts in one text"),
    Measure("hidden", "invisible characters inside words", disguise=True),
    Measure("styled", "letters in costume", disguise=True),
    Measure("twins", "look-alike letters of another alphabet", disguise=True),
    Measure("spaced", "words spelled letter by letter", disguise=True),
    Measure("leet", "digits in place of letters", disguise=True),
    Measure("marks", "marks piled on letters", disguise=True),
    Measure("entities", "characters written as codes", disguise=True),
    Measure("repeats", "a character repeated many times"),
    Measure("emoji", "emoji"),
    Measure("markup", "HTML tags"),
    Measure("quoted", "the whole text stands in quotation marks"),
)

_WRAPPED = re.compile(
    r"\n(?=[a-z])(?:(?<=[a-z,]\n)|(?<=[a-z,] \n)|(?<=[a-z,]\r\n)|(?<=[a-z,] \r\n))"
)
_QUOTES = frozenset("\"'\u201c\u201d\u201e\u00ab\u00bb")
_IN_ORDER = itemgetter(*(row.name for row in MEASURES))
_LONG_NAME = 3
_SHORT = 40  # characters: the one digit of "+1" is no share of digits to speak of
_PRESENT = 4  # letters of a name that must be found in a host to count
_SCRIPT_SHARE = 0.1
_ASCII = 0x7F
_SCRIPT_NAMES = tuple(dict.fromkeys(name for _, name in SCRIPTS))


def _script_of() -> NDArray[np.uint8]:
    """Return for each code point the row of `_SCRIPT_NAMES` its letters belong to."""
    starts = [start for start, _ in SCRIPTS]
    rows = np.array([_SCRIPT_NAMES.index(name) for _, name in SCRIPTS], np.uint8)
    lengths = np.diff([0, *starts[1:], starts[-1] + 1])
    return np.repeat(rows, lengths)


_SCRIPT_OF = _script_of()


def measure(document: Document, body: FoldedText, name: FoldedText) -> NDArray[np.float32]:
    """Return one number per row of `MEASURES`, float32.

    Args:
        document: as sent.
        body: the folded text.
        name: the folded author.
    """
    values = {
        **_website(document, body),
        **_links(body),
        **_name(document.author, name, body, document.url),
        **_shape(document.text, body),
        **_disguises(body, name),
    }
    return np.array(_IN_ORDER(values), dtype=np.float32)


def _website(document: Document, body: FoldedText) -> dict[str, float]:
    url = document.url.strip()
    host = host_of(url)
    path = url.lower().partition(host)[2] if host else ""
    written = url[: len(url) - len(path)].rpartition("/")[2]
    labels = set(host.split("."))
    return {
        "website": float(bool(url)),
        "website_free_host": float(bool(labels.intersection(FREE_HOSTS))),
        "website_shortened": float(any(name in SHORTENERS for name in (host, *body.links.hosts))),
        "website_depth": math.log1p(path.rstrip("/").count("/")),
        "website_length": math.log1p(len(url)),
        "website_dashes": math.log1p(host.count("-")),
        "website_digits": math.log1p(sum(map(str.isdigit, host))),
        "website_capitals": float(any(map(str.isupper, written))),
        "website_repeated": float(bool(host) and host in body.links.hosts),
    }


def _links(body: FoldedText) -> dict[str, float]:
    links = body.links
    read = len(body.text) + links.characters
    return {
        "links": math.log1p(body.text.count(LINK)),
        "hosts": math.log1p(max(0, len(links.hosts) - 1)),
        "link_share": links.characters / read if read else 0.0,
        "link_last": float(links.last),
        "anchors": math.log1p(links.anchors),
        "bbcode": math.log1p(links.bbcode),
        "markdown_links": math.log1p(links.markdown),
        "mails": math.log1p(links.mails),
        "phones": math.log1p(body.phones),
        "disguised_links": math.log1p(body.disguised_links),
    }


def _name(typed: str, name: FoldedText, body: FoldedText, url: str) -> dict[str, float]:
    words = name.text.split()
    plain = "".join(filter(str.isalnum, name.text))
    hosts = "".join(filter(str.isalnum, " ".join((host_of(url), *body.links.hosts))))
    return {
        "name_missing": float(not words),
        "name_length": math.log1p(len(name.text)),
        "name_long": float(len(words) >= _LONG_NAME),
        "name_single": float(len(words) == 1),
        "name_capitals": float(typed.isupper() and len(plain) >= _PRESENT),
        "name_small": float(typed.islower()),
        "name_digits": math.log1p(sum(map(str.isdigit, typed))),
        "name_address": float(bool(name.links.links or name.links.mails)),
        "name_in_host": float(
            any(len(word) >= _PRESENT and word in hosts for word in (plain, *words))
        ),
        "name_foreign": float(bool(plain) and not plain.isascii()),
    }


def _shape(typed: str, body: FoldedText) -> dict[str, float]:
    text = body.text
    words = text.split(" ") if text else []
    size, spaces = max(1, len(text)), max(0, len(words) - 1)
    typed = shorten(typed).strip()
    read = max(_SHORT, len(typed))
    signs, codes = kinds_of(codes_of(typed)), codes_of(text)
    kinds = kinds_of(codes)
    plain = _count(kinds, ALNUM) + spaces
    foreign, scripts = 0, 0
    if not text.isascii():
        foreign = int(np.count_nonzero(kinds[codes > _ASCII] & ALPHA))
    if foreign:
        counts = np.bincount(_script_rows(codes, kinds))
        scripts = int(np.count_nonzero(counts >= _SCRIPT_SHARE * counts.sum()))
    return {
        "length": math.log1p(len(text)),
        "lines": math.log1p(typed.count("\n")),
        "word_length": math.log1p((len(text) - spaces) / max(1, len(words))),
        "capitals": _count(signs, UPPER) / read,
        "digits": _count(signs, DIGIT) / read,
        "punctuation": (size - plain) / max(_SHORT, size) if text else 0.0,
        "variety": len(set(words)) / max(1, len(words)),
        "wrapped": math.log1p(len(_WRAPPED.findall(typed))) if "\n" in typed else 0.0,
        "exclamations": math.log1p(typed.count("!")),
        "questions": math.log1p(typed.count("?")),
        "foreign": foreign / size,
        "scripts": float(scripts > 1),
        "markup": math.log1p(text.count("</")),
        "quoted": float(len(typed) > 1 and typed[0] in _QUOTES and typed[-1] in _QUOTES),
        "emoji": math.log1p(0 if text.isascii() else _count(kinds, PICTURE)),
    }


def _count(kinds: NDArray[np.uint16], kind: int) -> int:
    """Return how many characters are of a kind."""
    return int(np.count_nonzero(kinds & kind))


def main_script(text: str) -> str:
    """Return the script most letters of a text belong to; empty without letters.

    Of two scripts with as many letters it is the one that comes first.
    """
    if text.isascii():
        return "latin" if text.lower() != text.upper() else ""
    codes = codes_of(text)
    rows = _script_rows(codes, kinds_of(codes))
    if not len(rows):
        return ""
    counts = np.bincount(rows)
    first = (counts[rows] == counts.max()).argmax()
    return _SCRIPT_NAMES[int(rows[first])]


def _script_rows(codes: NDArray[np.uint32], kinds: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the row of `_SCRIPT_NAMES` for each letter."""
    rows: NDArray[np.uint8] = _SCRIPT_OF.take(codes[kinds & ALPHA > 0], mode="clip")
    return rows


def _disguises(body: FoldedText, name: FoldedText) -> dict[str, float]:
    return {
        "hidden": math.log1p(body.hidden + name.hidden),
        "styled": math.log1p(body.styled + name.styled),
        "twins": math.log1p(body.twins + name.twins),
        "spaced": math.log1p(body.spaced + name.spaced),
        "leet": math.log1p(body.leet + name.leet),
        "marks": math.log1p(body.marks + name.marks),
        "entities": math.log1p(body.entities + name.entities),
        "repeats": math.log1p(body.repeats + name.repeats),
    }

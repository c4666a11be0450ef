"""What can be counted about a comment beside its words, each with words for people.

A measure is a number >= 0 (shares 0..1, counts as log(1 + count)). Its contribution to the
score is measured from its `rest`: zero for things that are there or not, the average of the
training comments for things every comment has, such as a length.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.spam.alphabets import EMOJI, SCRIPTS
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

_WRAPPED = re.compile(r"[a-z,] ?\r?\n[a-z]")
_QUOTES = frozenset("\"'\u201c\u201d\u201e\u00ab\u00bb")
_LONG_NAME = 3
_PRESENT = 4  # letters of a name that must be found in a host to count
_SCRIPT_SHARE = 0.1
_SCRIPT_STARTS = [start for start, _ in SCRIPTS]
_SCRIPT_NAMES = [name for _, name in SCRIPTS]


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
    return np.array([values[row.name] for row in MEASURES], dtype=np.float32)


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
    words = body.text.split()
    size, letters = max(1, len(body.text)), Counter(body.text)
    typed = shorten(typed).strip()
    signs = Counter(typed)
    read = max(1, len(typed))
    plain = _many(letters, str.isalnum) + letters[" "]
    return {
        "length": math.log1p(len(body.text)),
        "lines": math.log1p(signs["\n"]),
        "word_length": math.log1p(sum(map(len, words)) / max(1, len(words))),
        "capitals": _many(signs, str.isupper) / read,
        "digits": _many(signs, str.isdigit) / read,
        "punctuation": (size - plain) / size if body.text else 0.0,
        "variety": len(set(words)) / max(1, len(words)),
        "wrapped": math.log1p(len(_WRAPPED.findall(typed))),
        "exclamations": math.log1p(signs["!"]),
        "questions": math.log1p(signs["?"]),
        "foreign": _many(letters, lambda c: c > "\x7f" and c.isalpha()) / size,
        "scripts": float(sum(s >= _SCRIPT_SHARE for s in _shares(letters).values()) > 1),
        "markup": math.log1p(body.text.count("</")),
        "quoted": float(len(typed) > 1 and typed[0] in _QUOTES and typed[-1] in _QUOTES),
        "emoji": math.log1p(len(EMOJI.findall(body.text))),
    }


def _many(signs: Counter[str], fits: Callable[[str], bool]) -> int:
    """Return how many characters fit; asks once per distinct character."""
    return sum(count for sign, count in signs.items() if fits(sign))


def main_script(text: str) -> str:
    """Return the script most letters of a text belong to; empty without letters."""
    return next(iter(_shares(Counter(text))), "")


def _shares(signs: Counter[str]) -> dict[str, float]:
    """Return the share of the letters per script, largest first."""
    found: Counter[str] = Counter()
    for sign, count in signs.items():
        if sign.isalpha():
            found[_SCRIPT_NAMES[bisect_right(_SCRIPT_STARTS, ord(sign)) - 1]] += count
    total = found.total()
    return {script: count / total for script, count in found.most_common()}


def _disguises(body: FoldedText, name: FoldedText) -> dict[str, float]:
    return {
        kind: math.log1p(getattr(body, kind) + getattr(name, kind))
        for kind in ("hidden", "styled", "twins", "spaced", "leet", "marks", "entities", "repeats")
    }

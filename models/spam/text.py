"""Folding: the disguises of a comment are taken off and counted; the original stays as it was.

The order of the steps matters. Each step may only produce what a later step sees, so that
folding twice changes nothing (a property test holds us to it).
"""

import html
import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from models.spam.alphabets import (
    CLOAKED,
    DECIMALS,
    INVISIBLE,
    LEET,
    MARK,
    MARKS,
    SPLIT_WORD,
    STYLE,
    TO_CYRILLIC,
    TWINS,
    UNEVEN,
    codes_of,
    kinds_of,
    plain_letters,
)
from models.spam.links import NONE, Links, substitute_near, take_disguised, take_links

CAP = 4_000
"""Characters of a comment that are read: three quarters from its head, the rest from its tail."""

_CONTROLS = bytes((*range(9), *range(14, 28), 127))  # what of `INVISIBLE` is ASCII
_NEEDS_FOLDING = re.compile(r"[\u0370-\u058f]")
_MIXED = re.compile(r"[a-z](?:(?=[^\x00-\x7f])|(?<=[^\x00-\x7f][a-z]))")
_MANY_BLANKS = re.compile(r"(\s)\s{2,}")
_LONG_REFERENCE = re.compile(r"&#\d{8,}+;?")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_GLUED = re.compile(r"(?<=\w)(?=(?:https?|ftp|hxxps?):/{2})")
_LETTER = "[a-z\u00df-\u024f\u0370-\u052f]"
_SPACED = re.compile(rf"(?<!\w)(?:{_LETTER}[ ._*-]){{3,}}{_LETTER}(?!\w)")
_SPACED_SIGN = re.compile(rf"[ ._*-]{_LETTER}[ ._*-]{_LETTER}[ ._*-]")
_SEPARATORS = str.maketrans("", "", " ._*-")
_WORD = re.compile(r"[^\W\d_]{3,}")
_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
_LEET_SIGN = re.compile(r"[013457@$](?<=[a-z].)")
_LEET_WORD = re.compile(r"(?<![\w@$])[a-z]{1,20}+[013457@$][a-z0-9@$]{1,20}+(?!\w)")
_LEET_INSIDE = re.compile(r"(?<=[a-z])[013457@$]{1,3}(?=[a-z])")
_LEET_LAST = re.compile(r"(?<=[a-z])[013457@$]$")
_REPEATED = re.compile(r"(\S)\1{3,}")
_SCHEME = re.compile(r":/{2,}")
# The next three look back after their first character: a pattern that begins with a character
# is searched for by that character, and a set is looked up faster than `\d`.
_DOT = re.compile(r"\.(?<=\w\.)(?=\w)")
_NUMBER = re.compile(rf"[{DECIMALS}](?<!\w\d)\d*+(?!\w)")
_PHONE = re.compile(rf"[+{DECIMALS}](?<![\w+][+\d])(?:(?<!\+)|(?<=\+)\d)[\d ().-]{{7,18}}\d(?!\w)")
_PHONE_DIGITS = 9
_LEET_LENGTH = 5  # b2b, k8s, i18n and a11y are words


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text without its disguises, and how many there were.

    Args:
        text: lower case, at most `CAP` characters, words parted by single spaces; links and
            mail addresses are one private-use character each (`links.TOKEN_WORDS`).
        links: the links and their hosts.
        hidden: invisible characters inside words, where no honest writer needs them.
        styled: letters in costume.
        twins: look-alike letters of another alphabet inside a word.
        spaced: words spelled letter by letter.
        leet: words with digits for letters.
        marks: stacked marks.
        repeats: runs of more than three equal characters.
        entities: character references such as `&#97;`.
        disguised_links: links written in words.
        phones: telephone numbers.
        shortened: the middle was left out.
    """

    text: str
    links: Links = NONE
    hidden: int = 0
    styled: int = 0
    twins: int = 0
    spaced: int = 0
    leet: int = 0
    marks: int = 0
    repeats: int = 0
    entities: int = 0
    disguised_links: int = 0
    phones: int = 0
    shortened: bool = False


def fold(text: str, *, cap: int = CAP) -> FoldedText:
    """Take the disguises off a text.

    Args:
        text: as typed; any string, also a hostile one.
        cap: characters read.
    """
    clear, hidden, entities, shortened = _reveal(text, cap)
    clear, styled, marks = _plain(clear, cap)
    clear, twins = _untwin(clear)
    clear, links = take_links(clear)
    clear, spaced = _join(clear)
    if spaced:
        clear, more_twins = _untwin(clear)
        twins += more_twins
    phones = sum(
        sum(map(str.isdigit, found)) >= _PHONE_DIGITS or found[0] == "+"
        for found in _PHONE.findall(clear)
    )
    clear, leet = _unleet(clear)
    clear, repeats = _REPEATED.subn(r"\1\1\1", clear) if _repeats(clear) else (clear, 0)
    # What still looks like a link was none at its turn, and must not become one next time.
    clear = _NUMBER.sub("0", _DOT.sub(" ", _SCHEME.sub(":", clear)))
    clear, disguised = take_disguised(clear)
    return FoldedText(
        text=" ".join(clear.split()) if disguised else clear,
        links=links,
        hidden=hidden,
        styled=styled,
        twins=twins,
        spaced=spaced,
        leet=leet,
        marks=marks,
        repeats=repeats,
        entities=entities,
        disguised_links=disguised,
        phones=phones,
        shortened=shortened,
    )


def shorten(text: str, cap: int = CAP) -> str:
    """Return the text, or its head and its tail when it is longer than `cap` characters."""
    if len(text) <= cap:
        return text
    head = cap * 3 // 4
    return f"{text[:head]} {text[head + 1 - cap :]}"


def _reveal(text: str, cap: int) -> tuple[str, int, int, bool]:
    """Drop what shows nothing, cut to length, resolve character references.

    Invisible characters and blank lines go before the cut: they could otherwise push the
    message out of the part that is read.
    """
    text, hidden = _uncloak(text, cap)
    shortened = len(text) > cap
    if shortened:
        text = _cut(text, cap)
    entities = 0
    if "&" in text:
        entities = len(_ENTITY.findall(text))
        # int() refuses decimal numbers of more than 4,300 digits.
        text = html.unescape(html.unescape(_LONG_REFERENCE.sub(" ", text)))
        text, more = _uncloak(text, len(text))
        hidden += more
    return text, hidden, entities, shortened


def _uncloak(text: str, cap: int) -> tuple[str, int]:
    """Remove invisible characters, and say how many of the first `cap` split words."""
    if text.isascii():
        typed = text.encode("ascii")
        shown = typed.translate(None, _CONTROLS)
        return (text if len(shown) == len(typed) else shown.decode("ascii")), 0
    try:
        # Refuses half characters, which `codes_of` takes, but slowly; they are invisible too.
        codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        cloaked = bool(np.bitwise_or.reduce(kinds_of(codes)) & CLOAKED)
    except UnicodeEncodeError:
        cloaked = True
    if not cloaked:
        return text, 0
    # The count is a hint, the removal is not: past what is read nothing needs counting.
    hidden = sum(map(len, SPLIT_WORD.findall(text[:cap])))
    return INVISIBLE.sub("", text), hidden


def _cut(text: str, cap: int) -> str:
    """Return `shorten` of the text without its blank lines; its middle need not be looked at."""
    first, last = text[: 2 * cap], text[-2 * cap :]
    if len(text) > len(first) + len(last):
        first, last = _MANY_BLANKS.sub(r"\1", first), _MANY_BLANKS.sub(r"\1", last)
        # Blanks at the seam may be a piece of more that would have become one.
        if min(len(first), len(last)) >= cap:
            return shorten(first + last, cap)
    return shorten(_MANY_BLANKS.sub(r"\1", text), cap)


def _plain(text: str, cap: int) -> tuple[str, int, int]:
    """Return small letters without costume and marks, and how many costumes and marks."""
    if text.isascii():
        return _apart(text.lower()), 0, 0
    styled = marks = 0
    kinds = kinds_of(codes_of(text))
    if np.bitwise_or.reduce(kinds) & UNEVEN:
        styled = int(np.count_nonzero(kinds & STYLE))
        # One character may become 18 (U+FDFA): the text was cut before, and is cut again.
        text = shorten(unicodedata.normalize("NFKC", text), cap)
        text = plain_letters(unicodedata.normalize("NFKC", text.lower()))
        marks = int(np.count_nonzero(kinds_of(codes_of(text)) & MARK))
        text = shorten(MARKS.sub("", text) if marks else text, cap)
    return _apart(text.lower()), styled, marks


def _apart(text: str) -> str:
    """Part links glued to a word, and leave no ampersand: it would be a reference next time."""
    text = text.replace("&", " ")
    return _GLUED.sub(" ", text) if ":/" in text else text


def _join(text: str) -> tuple[str, int]:
    """Join words spelled letter by letter, first with, then without respect for double blanks.

    Words of what is returned are parted by single spaces.
    """
    even = " ".join(text.split())
    if not _SPACED_SIGN.search(even):
        return even, 0
    text, count = _SPACED.subn(_without_separators, text)
    text, more = _SPACED.subn(_without_separators, " ".join(text.split()))
    return text, count + more


def _without_separators(match: re.Match[str]) -> str:
    return match.group().translate(_SEPARATORS)


def _untwin(text: str) -> tuple[str, int]:
    """Undo look-alike letters inside words that mix alphabets; leave honest words alone."""
    if text.isascii() or not _NEEDS_FOLDING.search(text):
        return text, 0
    count = 0

    def one_alphabet(match: re.Match[str]) -> str:
        nonlocal count
        word = match.group()
        latin = sum(map(str.isascii, word))
        if not latin or latin == len(word):
            return word
        folded = word.translate(TWINS)
        if latin * 2 <= len(word) and _CYRILLIC.fullmatch(cyrillic := word.translate(TO_CYRILLIC)):
            folded = cyrillic
        count += min(latin, len(word) - latin)
        return folded

    return substitute_near(_MIXED, _WORD, one_alphabet, text), count


def _unleet(text: str) -> tuple[str, int]:
    """Put letters back where digits or signs stand inside a Latin word."""
    count = 0

    def spelled(match: re.Match[str]) -> str:
        nonlocal count
        word = match.group()
        if len(word) < _LEET_LENGTH or not _LEET_INSIDE.search(word):
            return word
        count += 1
        inside = _LEET_INSIDE.sub(lambda found: found.group().translate(LEET), word)
        return _LEET_LAST.sub(lambda found: found.group().translate(LEET), inside)

    return substitute_near(_LEET_SIGN, _LEET_WORD, spelled, text), count


def _repeats(text: str) -> bool:
    """Tell whether a character stands four times in a row; asking the pattern is slower."""
    codes = codes_of(text)
    same = codes[1:] == codes[:-1]
    return bool((same[2:] & same[1:-1] & same[:-2]).any())

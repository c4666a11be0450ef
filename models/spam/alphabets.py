"""Tables about characters: which are invisible, which are costumes, which look alike.

Everything is written as escapes, because the point of these characters is that a reader of
this file could not tell them from others.
"""

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad"  # controls, soft hyphen
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, direction
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff"  # half a character: no encoder takes it
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # tags, variation
    "]+"
)
"""Runs of characters that show nothing."""

_ALPHABETIC = "A-Za-z\xc0-\u024f\u0370-\u058f"
SPLIT_WORD = re.compile(
    f"(?<=[{_ALPHABETIC}])[\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\xad"
    f"\U000e0000-\U000e0fff]+(?=[{_ALPHABETIC}])"
)
"""Invisible characters inside a word of an alphabet that never needs them.

Persian, the Indic scripts and emoji need joiners, so those do not count against anybody.
"""

STYLED = re.compile(
    "[\u00aa\u00ba\u1d00-\u1d2b\u1d43-\u1d9a\u0262\u026a\u0274\u0280\u028f\u0299\u029c\u029f"
    "\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c-\u2134\u2145-\u2149\u2460-\u24ff"
    "\ua730\ua731\uff21-\uff3a\uff41-\uff5a"
    "\U0001d400-\U0001d7ff\U0001f110-\U0001f189]"
)
"""Latin letters in costume: mathematical, circled, squared, full width, small capitals."""

MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
"""Marks that sit on the letter before; what NFC can join with its letter is gone by then."""

EMOJI = re.compile("[\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]")

_SMALL_CAPITALS = (
    (
        "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274"
        "\u1d0f\u1d18\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22"
    ),
    "abcdefghijklmnoprstuvwyz",
)
_STROKED = ("\u0131\u0142\xf8\u0111\u0251\u0261\u0269\u0268\u0180\u0167\u0127", "ilodagiibth")


def _plain_letters() -> dict[int, str]:
    """Map accented, small-capital and boxed Latin letters to the bare small letter."""
    table = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table[code] = base.lower()
    for costume, letters in (_SMALL_CAPITALS, _STROKED):
        table.update(zip(map(ord, costume), letters, strict=True))
    for first in (0x1F150, 0x1F170):  # white on black, in circles and in squares
        table.update({first + step: chr(ord("a") + step) for step in range(26)})
    return table


PLAIN = _plain_letters()

_CYRILLIC = (
    "\u0430\u0432\u0435\u0433\u0438\u043a\u043c\u043d\u043e\u043f\u0440\u0441\u0442\u0443\u0445"
    "\u044c\u044f\u0451\u0455\u0456\u0457\u0458\u0475\u0491\u04bb\u0501\u051b\u051d\u04cf"
)
_CYRILLIC_TWINS = "aberukmhonpctyxbreslijvrhdqwl"
_GREEK = (
    "\u03b1\u03b2\u03b3\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c0\u03c1\u03c3\u03c4\u03c5"
    "\u03c7\u03c9\u03f2\u03f3\u03ac\u03ad\u03ae\u03af\u03cc\u03cd\u03ce\u03c2\u03b6"
)
_GREEK_TWINS = "abyenikuvonpotuxwcjaeniouwsz"
_ARMENIAN = "\u0585\u0578\u057d\u0570\u0581\u0572\u0584\u0561\u0563\u056c\u057c\u0562\u0566"
_ARMENIAN_TWINS = "onuhgnpwqlnbq"


def _twins() -> dict[int, str]:
    """Map letters of other alphabets to the Latin letter they are mistaken for."""
    foreign = _CYRILLIC + _GREEK + _ARMENIAN
    latin = _CYRILLIC_TWINS + _GREEK_TWINS + _ARMENIAN_TWINS
    return dict(zip(map(ord, foreign), latin, strict=True))


TWINS = _twins()

TO_CYRILLIC = dict(
    zip(
        map(ord, "abcehikmoptxyjs"),
        "\u0430\u0432\u0441\u0435\u043d\u0456\u043a\u043c\u043e\u0440\u0442\u0445\u0443\u0458\u0455",
        strict=True,
    )
)
"""The other way round, for a Latin letter smuggled into a Cyrillic word."""

LEET = str.maketrans("013457@$", "oieastas")
"""Digits and signs that stand in for a letter."""

SCRIPTS = (
    (0x0041, "latin"),
    (0x0250, "other"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "armenian"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0700, "other"),
    (0x0750, "arabic"),
    (0x0780, "other"),
    (0x0900, "devanagari"),
    (0x0980, "bengali"),
    (0x0A00, "other"),
    (0x0B80, "tamil"),
    (0x0C00, "other"),
    (0x0E00, "thai"),
    (0x0E80, "other"),
    (0x10A0, "georgian"),
    (0x1100, "hangul"),
    (0x1200, "ethiopic"),
    (0x13A0, "other"),
    (0x1C80, "cyrillic"),
    (0x1C90, "georgian"),
    (0x1CC0, "other"),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, "other"),
    (0x2DE0, "cyrillic"),
    (0x2E00, "han"),
    (0x3040, "kana"),
    (0x3100, "other"),
    (0x3130, "hangul"),
    (0x3190, "other"),
    (0x31F0, "kana"),
    (0x3200, "other"),
    (0x3400, "han"),
    (0xA000, "other"),
    (0xAC00, "hangul"),
    (0xD7B0, "other"),
    (0xF900, "han"),
    (0xFB00, "other"),
    (0xFB1D, "hebrew"),
    (0xFB50, "arabic"),
    (0xFE00, "other"),
    (0x20000, "han"),
    (0x32000, "other"),
)
"""First code point of each stretch and the script its letters belong to (Unicode blocks)."""

WORD, ALNUM, ALPHA, UPPER, DIGIT, PICTURE, STYLE, MARK, UNEVEN, CLOAKED = (
    1 << n for n in range(10)
)
"""Kinds of characters, one bit each in `KINDS`.

WORD: part of a word; marks are, or Devanagari and its kin would fall apart. ALNUM, ALPHA, UPPER,
DIGIT: as the string methods say. PICTURE, STYLE, MARK, CLOAKED: in `EMOJI`, `STYLED`, `MARKS`,
`INVISIBLE`. UNEVEN: not ASCII, and more than `str.lower` is needed to make it a plain small letter.
"""

_TABLE, _BEYOND, _PICTURES, _PICTURES_END = 0x20000, 0x10000, 0x1F300, 0x1FB00
_UNIFORM = frozenset((*range(0x3400, 0xA000), *range(0xAC00, 0xF900)))  # Han, Hangul, private


def _kinds() -> NDArray[np.uint16]:
    """Build `KINDS`: exactly below `_BEYOND`; of rare scripts beyond all are taken for letters."""
    everything = "".join(map(chr, range(_TABLE)))
    table = np.zeros(_TABLE, np.uint16)
    asked = ((ALNUM, str.isalnum), (ALPHA, str.isalpha), (UPPER, str.isupper), (DIGIT, str.isdigit))
    common = everything[:_BEYOND]
    for bit, fits in asked:
        table[:_BEYOND] |= np.fromiter(map(fits, common), np.bool_, _BEYOND) * np.uint16(bit)
    marks = np.fromiter((unicodedata.category(sign)[0] == "M" for sign in common), np.bool_)
    table[:_BEYOND][marks] |= WORD | UNEVEN
    table[table & ALNUM > 0] |= WORD
    table[_BEYOND:_PICTURES] = WORD | ALNUM | ALPHA | UNEVEN
    table[_PICTURES:_PICTURES_END] = WORD
    table[_PICTURES_END:] = WORD | UNEVEN
    table[0x1160:0x1200] |= UNEVEN  # Hangul letters that join the one before them
    table[0xE000:0xE004] |= WORD  # what folding puts in the place of links and mail addresses
    for code in range(0x80, _BEYOND):
        if code not in _UNIFORM and _is_uneven(common[code]):
            table[code] |= UNEVEN
    for bit, pattern in ((PICTURE, EMOJI), (MARK, MARKS), (CLOAKED, INVISIBLE)):
        for found in pattern.finditer(everything):
            table[found.start() : found.end()] |= bit
    for found in STYLED.finditer(everything):
        table[found.start()] |= STYLE | UNEVEN
    table[-1] = WORD | ALNUM | ALPHA | UNEVEN | CLOAKED
    return table


def _is_uneven(sign: str) -> bool:
    small = sign.lower()
    return (
        len(small) > 1
        or ord(small) in PLAIN
        or not unicodedata.is_normalized("NFKC", sign)
        or not unicodedata.is_normalized("NFKC", small)
    )


KINDS = _kinds()
"""Kinds of each code point, bits of the constants above; the last row stands for all beyond it."""

DECIMALS = "".join(filter(str.isdecimal, map(chr, (KINDS[:_BEYOND] & DIGIT).nonzero()[0])))
"""What `\\d` means in a pattern, but for rare scripts."""

_PLAIN_CODES = np.arange(_TABLE, dtype="<u4")
_PLAIN_CODES[list(PLAIN)] = [ord(letter) for letter in PLAIN.values()]


def codes_of(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def kinds_of(codes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Return the kinds of each character, bits of the constants above."""
    kinds: NDArray[np.uint16] = KINDS.take(codes, mode="clip")
    return kinds


def plain_letters(text: str) -> str:
    """Return the text with `PLAIN` applied; `str.translate` asks a dictionary per character."""
    codes = codes_of(text)
    plain = np.where(codes < _TABLE, _PLAIN_CODES.take(codes, mode="clip"), codes)
    return plain.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

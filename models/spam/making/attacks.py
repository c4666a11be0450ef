"""Disguises that spammers use, to train and to measure against; folding undoes each."""

import re
from collections.abc import Callable
from random import Random

_TWINS = str.maketrans("aceopxyi", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456")
_LEET = str.maketrans("aeiost", "431057")
_WORD = re.compile(r"(?<![\w./:@?&=-])[A-Za-z]{4,}(?!\w|:/|[.@/-]\w)")
"""Longer Latin words outside links: a link whose letters are disguised leads nowhere."""
_BOLD = {
    **{ord("a") + step: chr(0x1D41A + step) for step in range(26)},
    **{ord("A") + step: chr(0x1D400 + step) for step in range(26)},
}
_HALF = 0.5
_NOTHING = "\u200b\u200c\u2060\u00ad"
_LINK = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+)\.(com|net|org|info|ru)\b\S*")

Change = Callable[[str, Random], str]


def _in_words(change: Change, share: float) -> Change:
    """Return an attack that changes this share of the longer Latin words."""

    def attack(text: str, random: Random) -> str:
        return _WORD.sub(
            lambda found: (
                change(found.group(), random) if random.random() < share else found.group()
            ),
            text,
        )

    return attack


def _split(word: str, random: Random) -> str:
    middle = random.randrange(1, len(word))
    return word[:middle] + random.choice(_NOTHING) + word[middle:]


def _twin(word: str, random: Random) -> str:
    return "".join(c.translate(_TWINS) if random.random() < _HALF else c for c in word)


def _leet(word: str, _random: Random) -> str:
    return word[0] + word[1:-1].translate(_LEET) + word[-1]


def _entities(word: str, random: Random) -> str:
    return "".join(f"&#{ord(c)};" if random.random() < _HALF else c for c in word)


def _link_in_words(text: str, _random: Random) -> str:
    return _LINK.sub(r"\1 dot \2", text)


ATTACKS: dict[str, Change] = {
    "invisible characters": _in_words(_split, 0.7),
    "look-alike letters": _in_words(_twin, 0.7),
    "digits for letters": _in_words(_leet, 0.5),
    "letter by letter": _in_words(lambda word, _random: " ".join(word), 0.3),
    "bold letters": _in_words(lambda word, _random: word.translate(_BOLD), 0.6),
    "character codes": _in_words(_entities, 0.5),
    "links in words": _link_in_words,
}
"""Name of an attack and the attack: a text and a source of chance in, the disguised text out."""

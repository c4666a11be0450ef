"""The words of a comment as the full-text index keeps them, equal on every database."""

import re
import unicodedata

# Scripts that write no spaces between words: each of their letters is a word of its own, and
# what a moderator types is found as a phrase of them.
_UNSPACED = re.compile(
    "(["
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han
    "\U00020000-\U0003ffff"
    "])"
)
_WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 100
"""Characters of a word that are kept: a longer one is no word."""


def search_words(*texts: str) -> list[str]:
    """Return the words of texts in order: folded to lower case, without accents.

    Compatibility forms become plain ones (Unicode NFKD) and marks are dropped, so that "ﬁrst",
    "FIRST" and "fïrst" are one word.
    """
    found: list[str] = []
    for text in texts:
        plain = unicodedata.normalize("NFKD", text).casefold()
        bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
        found += [word[:LONGEST_WORD] for word in _WORD.findall(_UNSPACED.sub(r" \1 ", bare))]
    return found

"""What becomes of typed text before it is measured and stored."""

import unicodedata

# Embeddings, overrides and isolates (UAX #9): in a name they can turn the rest of the page round.
BIDI_CONTROLS = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
)


def normal_text(typed: str) -> str:
    """Return a comment as it is measured and stored: LF line ends, NFC, no blank ends."""
    return unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n")).strip()


def normal_line(typed: str) -> str:
    """Return a name or title: NFC, without direction controls, one space between words."""
    return " ".join(unicodedata.normalize("NFC", typed).translate(BIDI_CONTROLS).split())


def has_forbidden(text: str) -> bool:
    """Say whether the text holds what no database and no page can keep.

    NUL, other C0 and C1 controls except TAB and LF, and lone surrogates.
    """
    return any(
        unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n"
        for character in text
    )

"""What becomes of typed text before it is measured and stored."""

import ipaddress
import unicodedata
from urllib.parse import urlsplit

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


def is_website(url: str) -> bool:
    """Say whether a URL is one we would link: http(s), no user name, a named host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - a bad port is only found by asking
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.username is not None or "@" in parts.netloc:
        return False
    if "." not in host or "\\" in url:
        return False
    return not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # 0x7f.1, 127.1 and full-width digits name an address too; no real domain ends in a number.
        last = host.rstrip(".").rsplit(".", 1)[-1]
        return last.isnumeric() or last.startswith("0x")
    return True

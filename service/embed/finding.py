"""What is found on a page, and what was wanted of it."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from models import Policy
from service.embed.content_policy import ContentPolicy
from service.embed.markup import Markup


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, in words for the site's owner.

    Args:
        title: what was found.
        text: what follows from it and how to mend it.
        line: the line to paste, empty when there is none.
    """

    level: Level
    title: str
    text: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page is to be embedded in.

    Args:
        base_url: how readers reach this service.
        slug: of the site.
        honeypot: name of the field that people do not see.
    """

    base_url: str
    slug: str
    origins: Sequence[str]
    policy: Policy
    honeypot: str

    @property
    def action(self) -> str:
        """Where the form sends to."""
        return f"{self.base_url}/s/{self.slug}/comments"

    @property
    def script(self) -> str:
        """Where the script comes from."""
        return f"{self.base_url}/embed.js"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A page as it was loaded.

    Args:
        url: where it was in the end.
        headers: names in lower case.
        policies: every Content-Security-Policy it is under.
    """

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    whole: bool
    markup: Markup
    policies: Sequence[ContentPolicy]

    def header(self, name: str) -> str:
        """Return the last value of a header, empty when there is none."""
        return next((value for found, value in reversed(self.headers) if found == name), "")

    def absolute(self, address: str) -> str:
        """Return an address of the page as a browser reads it, empty when it is none."""
        try:
            whole = urljoin(urljoin(self.url, self.markup.base), address)
            urlsplit(whole).port  # noqa: B018 - a bad port is only found by asking
        except ValueError:
            return ""
        return whole


def ok(title: str, text: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(Level.OK, title, text)


def warning(title: str, text: str = "", line: str = "") -> Finding:
    """Return a finding that costs something."""
    return Finding(Level.WARNING, title, text, line)


def problem(title: str, text: str = "", line: str = "") -> Finding:
    """Return a finding that keeps comments away."""
    return Finding(Level.PROBLEM, title, text, line)

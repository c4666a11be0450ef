"""A comment as a moderator sees it: everything that helps to decide, and no address."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from models import Comment, Site, Status
from models.spam.features import NAME_CAP
from models.spam.site.signals import SIGNALS, signal_value
from models.spam.telling import folds, shown
from models.spam.text import fold
from service.db import db
from service.queries import comments as queries
from service.queries.campaigns import alike_counts
from service.queries.listing import Found, Heading
from service.records.shelving import BANDS
from service.rules.ruling import spoken_of_all
from service.text.pages import page_url
from service.text.rendering import linkless_html
from service.text.rulebook import Entry
from service.text.words import is_website
from service.web.context import house

TELLING = (
    ("origin", False, "page not named by the browser"),
    ("disposable", True, "throw-away mail domain"),
    ("new_host", True, "links to a host never seen here"),
    ("reply", True, "a reply"),
    ("first_timer", True, "the first from this address"),
)
"""Signals worth a badge: name, what was seen, and how it is told."""
PACE = [row for row in SIGNALS if row.name in ("ticket_age", "network_rate", "thread_rate")]
"""Signals that are numbers, told where they are high."""
ALARMED = {
    "slow": "came while many comments were being sent",
    "work": "came while the site was under attack",
}
"""How the site's alarm at the time is told; calm is not."""
HIGH = 0.5
LEARNED = ("learned", "learned_rest")
"""Names of the reasons that a model of the site's own gives."""
EXCERPT = 200  # characters of the parent


@dataclass(frozen=True, slots=True)
class Website:
    """A typed website as text: its host stands out, and nothing can be clicked by accident."""

    before: str
    host: str
    after: str


@dataclass(frozen=True, slots=True)
class Card:
    """One comment, ready for the template."""

    comment: Comment
    heading: Heading
    site: Site
    page_url: str | None
    html: Markup
    website: Website | None
    badges: Sequence[str]
    parent: str | None
    moves: Sequence[tuple[Status, str]]
    age: str
    """How long ago it came."""
    rules: Sequence[Entry] = ()
    """Live rules that match it, the strongest first."""
    alike: int = 0
    """How many others wait that are like it; counted no further than 100."""

    @property
    def typed(self) -> str:
        """The text as it was typed, with what cannot be seen told by its number."""
        return "".join(sign if sign in "\n\t" else _unmasked(sign) for sign in self.comment.text)

    @property
    def hidden(self) -> bool:
        """Whether the score is not shown: of the blind sample, until somebody has decided."""
        return (
            self.comment.blind and self.comment.status is Status.PENDING and not self.comment.gone
        )

    @property
    def folds(self) -> list[str]:
        """What the model took off the text and the name to read them, in words."""
        name = fold(self.comment.name, cap=NAME_CAP)
        in_name = [f"{words} (in the name)" for words in folds(name)]
        return [*folds(fold(self.comment.text)), *in_name]

    @property
    def as_read(self) -> str:
        """The text as the model read it."""
        return shown(fold(self.comment.text))

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """What the score is made of: signed weight and words.

        The weights are rounded so that what stands there adds up to the total that stands below:
        those that lost or won most by rounding go the other way.
        """
        weights = _weights(self.comment)
        tenths = [round(10 * weight) for weight in weights]
        missing = round(10 * sum(weights)) - sum(tenths)
        if missing:
            _settle(tenths, weights, missing)
        texts = [str(reason["text"]) for reason in self.comment.reasons]
        return [(f"{tenth / 10:+.1f}", text) for tenth, text in zip(tenths, texts, strict=True)]

    @property
    def total(self) -> str:
        """The sum of all reasons: log-odds of spam."""
        return f"{sum(_weights(self.comment)):+.1f}"

    @property
    def judge(self) -> str:
        """Which model spoke."""
        learned = any(reason["name"] in LEARNED for reason in self.comment.reasons)
        own = " with what was learned on this site" if learned else ", the base model alone"
        return f"{self.comment.model}{own}" if self.comment.model else ""

    @property
    def band(self) -> str:
        """The score's band in words."""
        return BANDS.get(self.comment.band or "", "Not scored")

    @property
    def percent(self) -> str:
        """The score in words a glance can take in."""
        probability = self.comment.probability
        if probability is None:
            return ""
        # Never "0 %" or "100 %": the model is never that sure, and nobody should think so.
        shown = min(max(round(100 * probability), 1), 99)
        sign = "<" if probability < 0.005 else ">" if probability > 0.995 else ""  # noqa: PLR2004 - what rounds to 0 and 100
        return f"{sign}{shown} % spam"


# Approve and trash never stand side by side: a slip would cost most there.
MOVES: Mapping[Status, Sequence[tuple[Status, str]]] = {
    Status.PENDING: (
        (Status.APPROVED, "Approve"),
        (Status.SPAM, "Spam"),
        (Status.TRASH, "Trash"),
    ),
    Status.APPROVED: (
        (Status.PENDING, "Back to pending"),
        (Status.SPAM, "Spam"),
        (Status.TRASH, "Trash"),
    ),
    Status.SPAM: (
        (Status.APPROVED, "Approve"),
        (Status.PENDING, "Back to pending"),
        (Status.TRASH, "Trash"),
    ),
    Status.TRASH: (
        (Status.APPROVED, "Approve"),
        (Status.PENDING, "Back to pending"),
        (Status.SPAM, "Spam"),
    ),
}


def cards(
    rows: Sequence[Found],
    sites: Mapping[int, Site],
    *,
    deciding: Collection[int],
) -> list[Card]:
    """Make cards of rows.

    Args:
        sites: theirs, by row.
        deciding: sites on which the moderator may decide; elsewhere he only sees.
    """
    session, now = db.session(), house().now()
    waiting = [row[0].id for row in rows if row[0].status is Status.PENDING]
    like = alike_counts(session, waiting)
    contacts = queries.acquaintances(
        session, [row[0].contact_id for row in rows if row[0].contact_id is not None]
    )
    answered = [row[0].parent_id for row in rows if row[0].parent_id is not None]
    parents = queries.comments_of_rows(session, answered) if answered else {}
    spoken = spoken_of_all(session, house(), {row[0]: sites[row[0].site_id] for row in rows})
    return [
        Card(
            comment=comment,
            heading=heading,
            site=sites[comment.site_id],
            page_url=page_url(heading.page, sites[comment.site_id].origins),
            html=linkless_html(comment.text),
            website=_website(comment.website),
            badges=_badges(comment, contacts.get(comment.contact_id or 0)),
            parent=_excerpt(parents.get(comment.parent_id or 0)),
            moves=MOVES[comment.status] if comment.site_id in deciding and not comment.gone else (),
            age=age(comment.created_at, now),
            rules=spoken[comment].entries,
            alike=like.get(comment.id, 0),
        )
        for comment, heading in rows
    ]


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in the largest unit that fits."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        number = seconds // length
        if number:
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def _website(website: str) -> Website | None:
    if not website:
        return None
    shown = website if website.isascii() else "".join(map(_unmasked, website))
    host = (urlsplit(website).hostname or "") if is_website(website) else ""
    start = shown.lower().find(host) if host else -1
    if start < 0:
        return Website(shown, "", "")
    end = start + len(host)
    return Website(shown[:start], shown[start:end], shown[end:])


def _unmasked(sign: str) -> str:
    """Return a character, or its number where it would show as nothing or turn the text round."""
    hidden = unicodedata.category(sign) in ("Cf", "Cc", "Zl", "Zp")
    return f"%{ord(sign):04X}" if hidden else sign


def _excerpt(parent: Comment | None) -> str | None:
    if parent is None:
        return None
    short = parent.text[:EXCERPT]
    return f"{parent.name}: {short}{'…' if len(parent.text) > EXCERPT else ''}"


def _badges(comment: Comment, contact: queries.Acquaintance | None) -> list[str]:
    found = []
    if contact is None:
        found.append("no address given")
    else:
        seen = f"seen {contact.seen}, approved {contact.approved}, rejected {contact.rejected}"
        found += [seen, f"first seen {_month(contact.first_day)}", "address not confirmed"]
    found += [words for name, seen, words in TELLING if comment.signals.get(name) is seen]
    found += [words for level, words in ALARMED.items() if comment.signals.get("alarm") == level]
    found += [row.words for row in PACE if signal_value(row, comment.signals) >= HIGH]
    if comment.edited_at is not None:
        found.append("edited")
    return found


def _month(day: date) -> str:
    return day.strftime("%B %Y")


def _settle(tenths: list[int], weights: Sequence[float], missing: int) -> None:
    step = 1 if missing > 0 else -1
    lost = [step * (10 * weight - tenth) for weight, tenth in zip(weights, tenths, strict=True)]
    for place in sorted(range(len(lost)), key=lambda one: -lost[one])[: abs(missing)]:
        tenths[place] += step


def _weights(comment: Comment) -> list[float]:
    stored: list[dict[str, Any]] = comment.reasons
    return [reason["weight"] for reason in stored]

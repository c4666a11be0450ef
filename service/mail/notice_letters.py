"""What a mail to a moderator says, in English: plain text and the same as HTML.

Its links only show: who follows one signs in, and buttons act. What readers typed stands as text
that no mail program makes a link of.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from models import (
    Comment,
    Digest,
    Endpoint,
    EndpointKind,
    EventType,
    Fare,
    NoticeKind,
    Thread,
    Watch,
)
from service.comments.moderate import told_span
from service.house import House
from service.mail.hours import zone_of
from service.mail.letters import HTML, Letter
from service.mail.notices import link_to_end
from service.queries.notices import Told
from service.records.shelving import BANDS
from service.text.words import normal_line
from service.webhooks.endpoints import host_of, told_failure

EXCERPT = 200  # characters of a comment
# A dot between two letters, or a letter and a digit, is one of a host name to mail programs.
HOST_DOT = re.compile(
    r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d])|(?<=[^\W\d])[.\u3002\uff0e\uff61](?=\d)"
)
NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
HIDDEN = "Score hidden until you decide"
EVERY = {Digest.HOURLY: "Hourly", Digest.DAILY: "Daily", Digest.WEEKLY: "Weekly"}

FARES = {Fare.HOUR: "an hour", Fare.DAY: "a day", Fare.FOUR_DAYS: "four days"}
RESTS = {
    Fare.PAUSED: "What happens meanwhile waits.",
    Fare.DISABLED: (
        "What waited for it, and what happens meanwhile, is held as long as events are kept: 60"
        " days, unless the operator chose otherwise."
    ),
}
GOES_ON = (
    "Gatepost goes on trying. After five days without a success it disables the address and holds"
    " what waits."
)


@dataclass(frozen=True, slots=True)
class News:
    """What is told at once.

    Args:
        number: comments that wait.
        rows: the oldest of them.
        alarm: very many come just now, so that no further mail does.
    """

    number: int
    rows: Sequence[tuple[Comment, Thread]]
    alarm: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What a digest tells.

    Args:
        since: when the last one was made.
        waiting: number of waiting comments by shelf.
        oldest: since when the one that has waited longest waits.
        looks: acts on readers' addresses; None for who is no owner.
    """

    wanted: Digest
    since: datetime
    waiting: Mapping[str, int]
    verdicts: Mapping[EventType, int]
    oldest: datetime | None
    looks: Mapping[str, int] | None

    @property
    def anything(self) -> bool:
        """Whether there is anything to tell."""
        told = (self.waiting, self.verdicts, self.looks or {})
        return any(any(numbers.values()) for numbers in told)


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph; below it what a reader typed, and the link that belongs to it."""

    plain: str
    html: Markup
    quote: str = ""
    link: str = ""


def news_letter(house: House, told: Told, news: News) -> Letter:
    """Write the mail about comments that wait."""
    name = normal_line(told.site.name)
    parts = [_comment(house, comment, thread) for comment, thread in news.rows]
    more = news.number - len(news.rows)
    queue = "Open the queue and decide:"
    parts.append(_words(f"And {more:,} more. {queue}" if more else queue, _queue(house, told)))
    if news.alarm:
        parts.append(
            _words(
                "Very many comments are coming to this site just now. No further mail like this"
                " one comes until that is over; the next tells what waits then."
            )
        )
    verb = "waits" if news.number == 1 else "wait"
    subject = f"{_counted(news.number, 'comment')} {verb} on {name}"
    return _letter(house, told.watch, NoticeKind.AT_ONCE, subject, parts)


def digest_letter(house: House, told: Told, figures: Figures) -> Letter:
    """Write the mail of figures."""
    name, number = normal_line(told.site.name), sum(figures.waiting.values())
    zone = zone_of(told.moderator.time_zone)
    since = figures.since.astimezone(zone)
    bands = ", ".join(
        f"{figures.waiting[shelf]:,} {words.lower()}"
        for shelf, words in BANDS.items()
        if figures.waiting.get(shelf)
    )
    lines = [f"Waiting now: {number:,} ({bands})." if number else "Nothing waits."]
    if number and figures.oldest is not None:
        lines.append(f"The oldest has waited {_age(house, figures.oldest)}.")
    parts = [_words(" ".join(lines), _queue(house, told))]
    approved = figures.verdicts.get(EventType.APPROVED, 0)
    spam = figures.verdicts.get(EventType.SPAM, 0)
    begins = f"Since {since.strftime('%-d %B %Y, %H:%M')} ({zone.key})"
    parts.append(_words(f"{begins}: {approved:,} approved, {spam:,} called spam."))
    if figures.looks is not None:
        sought = figures.looks.get("author.search", 0)
        shown = figures.looks.get("comment.reveal", 0)
        log = f"{house.settings.base_url}/sites/{told.site.slug}/audit"
        words = f"Readers' addresses: {sought:,} looked up, {shown:,} revealed. Who did stands in:"
        parts.append(_words(words, log))
    waiting = _counted(number, "comment") if number else "nothing"
    verb = "wait" if number > 1 else "waits"
    every = EVERY.get(figures.wanted, "Last")
    subject = f"{every} digest of {name}: {waiting} {verb}"
    return _letter(house, told.watch, NoticeKind.DIGEST, subject, parts)


def test_letter(house: House, told: Told) -> Letter:
    """Write the mail that only shows that mail arrives."""
    name = normal_line(told.site.name)
    parts = [_words(f"You asked for this test: mail about {name} reaches you.")]
    return _letter(house, told.watch, NoticeKind.TEST, f"Test mail from {name}", parts)


def endpoint_letter(house: House, told: Told, endpoint: Endpoint, fare: Fare) -> Letter:
    """Write the mail about an endpoint that fails, or was paused or disabled."""
    name, host = normal_line(told.site.name), host_of(endpoint)
    what = "build hook" if endpoint.kind is EndpointKind.BUILD else "webhook"
    page = f"{house.settings.base_url}/sites/{told.site.slug}/endpoints/{endpoint.public_id}"
    zone = zone_of(told.moderator.time_zone)
    parts = []
    if endpoint.failing_since is not None:
        since = endpoint.failing_since.astimezone(zone)
        parts.append(
            _words(
                f"Nothing that Gatepost sent to the {what} at {host} was taken since"
                f" {since.strftime('%-d %B %Y, %H:%M')} ({zone.key}). The last time"
                f" {told_failure(endpoint)}."
            )
        )
    if fare in RESTS:
        reason = f" {endpoint.state_reason}" if endpoint.state_reason else ""
        parts.append(_words(f"The {what} at {host} was {fare.value}.{reason}"))
        parts.append(_words(f"{RESTS[fare]} You can resume it on this page:", page))
        subject = f"{what.capitalize()} of {name} {fare.value}: {host}"
    else:
        parts.append(_words(f"{GOES_ON} What was sent and answered stands on this page:", page))
        subject = f"{what.capitalize()} of {name} has failed for {FARES[fare]}: {host}"
    return _letter(house, told.watch, NoticeKind.ENDPOINT, subject, parts)


def defused(text: str, limit: int) -> str:
    """Return what a reader typed as one line in which no mail program finds a link."""
    line = normal_line(text)
    short = line if len(line) <= limit else f"{line[:limit].rstrip()} …"
    plain = NUMBERS.sub(lambda found: found.group().replace(".", "[.]"), short)
    return HOST_DOT.sub("[.]", plain).replace("://", "[:]//").replace("@", "[at]")


def _comment(house: House, comment: Comment, thread: Thread) -> Part:
    name = defused(comment.name, EXCERPT) or "Anonymous"
    page = defused(thread.title or thread.page, EXCERPT)
    band = HIDDEN if comment.blind else BANDS.get(comment.band or "", "Not scored")
    facts = f"{_age(house, comment.created_at)} ago, {band.lower()}"
    html = Markup("<strong><bdi>{}</bdi></strong> on <bdi>{}</bdi>, {}")
    return Part(
        plain=f"{name} on {page}, {facts}",
        html=html.format(name, page, facts),
        quote=defused(comment.text, EXCERPT),
        link=f"{house.settings.base_url}/queue/{comment.public_id}",
    )


def _letter(
    house: House, watch: Watch, kind: NoticeKind, subject: str, parts: Sequence[Part]
) -> Letter:
    settings = f"{house.settings.base_url}/notices"
    asked_for = kind in (NoticeKind.AT_ONCE, NoticeKind.DIGEST)
    stop = link_to_end(house, watch, kind) if asked_for else None
    ends = [_words("What mail you get, and when:", settings)]
    if stop is not None:
        ends.append(_words("No more of these mails about this site:", stop))
    plain, html = [], []
    for part in [*parts, *ends]:
        quoted = [f"> {part.quote}"] if part.quote else []
        plain.append("\n".join(filter(None, [part.plain, *quoted, part.link])))
        html.append(_html(part))
    body = Markup("\n").join(html)
    return Letter(subject, "\n\n".join(plain) + "\n", HTML.format("en", "ltr", body), stop)


def _html(part: Part) -> Markup:
    quote = Markup('<blockquote dir="auto">{}</blockquote>\n') if part.quote else Markup("")
    link = Markup('<p><a href="{0}">{0}</a></p>') if part.link else Markup("")
    words = Markup("<p>{}</p>\n").format(part.html)
    return words + quote.format(part.quote) + link.format(part.link)


def _words(text: str, link: str = "") -> Part:
    return Part(text, Markup("{}").format(text), link=link)


def _queue(house: House, told: Told) -> str:
    return f"{house.settings.base_url}/queue?site={told.site.slug}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _age(house: House, since: datetime) -> str:
    return told_span(max(0, round((house.now() - since).total_seconds())))

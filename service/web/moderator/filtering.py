"""The address of a list and what it asks for: read, checked, written again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from flask import request, url_for

from models import Site, Status
from service.db import db
from service.errors import BadRequestError, InvalidError
from service.queries import comments as comment_queries
from service.queries import people
from service.queries import sites as site_queries
from service.queries.campaigns import marks_on
from service.queries.filters import BADGES, ORDERS, RULE, Filter
from service.queries.listing import Cursor
from service.text.pages import PageError, key_on_site
from service.web.moderator.guarding import own_site, person

SHELVES = ("fine", "unsure", "spam")
REASONS = (
    ("campaign", "Like a rejected comment"),
    ("host_rejected", "Links to a rejected host"),
    ("word", "Its words"),
    ("website", "Its website"),
    ("link", "Its links"),
    ("name", "Its name"),
    ("hidden", "Hidden characters"),
    ("leet", "Disguised letters"),
    ("learned", "What was learned here"),
    ("note", "A remark of a check or rule"),
)
NAMES = (
    "status", "band", "site", "order", "q", "page", "author", "like", "badge", "since", "until",
    "language", "link", "reason", "by",
)  # fmt: skip
NARROWING = NAMES[4:]
"""What the form of filters asks, beyond list, site and order."""
LONGEST = 300  # characters of any one of them


@dataclass(frozen=True, slots=True)
class Asked:
    """A list that is asked for.

    Args:
        chosen: what it holds.
        sites: those it covers.
        values: what stood in the address, empty ones left out.
    """

    chosen: Filter
    sites: list[Site]
    values: Mapping[str, str]

    @property
    def site_ids(self) -> list[int]:
        """Rows of the sites."""
        return [site.id for site in self.sites]

    @property
    def back(self) -> str:
        """The address of this list."""
        return self.url()

    @property
    def narrowed(self) -> dict[str, str]:
        """What narrows the list."""
        return {name: value for name, value in self.values.items() if name in NARROWING}

    def url(self, endpoint: str = "queue.show", **changes: str | None) -> str:
        """Return the address of this list with some of it changed; None takes it out."""
        values = {**self.values, **changes}
        return f"{url_for(endpoint)}?{urlencode({k: v for k, v in values.items() if v})}"


def asked(values: Mapping[str, str] | None = None) -> Asked:
    """Return the list that the request's address asks for.

    Args:
        values: in place of the address, where a form carries them.

    Raises:
        BadRequestError: a value nobody offers.
        InvalidError: a page or day that cannot be read; the message says how to write it.
        NotFoundError: a site or comment that is none of the moderator's.
    """
    given = request.args if values is None else values
    said = {name: given.get(name, "").strip()[:LONGEST] for name in NAMES}
    said = {name: value for name, value in said.items() if value}
    said.setdefault("status", Status.PENDING.value)
    sites = [own_site(said["site"])] if "site" in said else person().with_role()
    chosen = Filter(
        status=None if said["status"] == "all" else _status(said["status"]),
        shelf=_one_of(said, "band", SHELVES),
        order=_one_of(said, "order", ORDERS) or ORDERS[0],
        words=said.get("q", ""),
        thread_id=_page(said, sites),
        contact_id=_author(said, sites),
        marks=_campaign(said, sites),
        badge=_one_of(said, "badge", BADGES),
        since=_day(said, "since"),
        until=_day(said, "until"),
        language=said.get("language", ""),
        link={"": None, "yes": True, "no": False}[_one_of(said, "link", ("yes", "no"))],
        reason=_one_of(said, "reason", [name for name, _ in REASONS]),
        decided_by=_decider(said),
    )
    return Asked(chosen, sites, said)


def cursor() -> Cursor | None:
    """Return where the page before this one ended; what makes no sense is the beginning."""
    key, _, number = request.args.get("before", "").partition("~")
    if not (number.isascii() and number.isdigit()):
        return None
    row = int(number[:18])
    if not key:
        return Cursor(None, row)
    try:
        if "T" not in key:
            return Cursor(float(key), row)
        moment = datetime.fromisoformat(key)
        return None if moment.tzinfo is None else Cursor(moment.astimezone(UTC), row)
    except (ValueError, OverflowError):
        return None


def written(beyond: Cursor | None) -> str | None:
    """Return a place in a list as an address holds it."""
    if beyond is None:
        return None
    key = beyond.key
    told = key.isoformat() if isinstance(key, datetime) else "" if key is None else repr(key)
    return f"{told}~{beyond.row}"


def _status(word: str) -> Status:
    try:
        return Status(word)
    except ValueError:
        raise BadRequestError("The status is pending, approved, spam, trash or all.") from None


def _one_of(said: Mapping[str, str], name: str, known: tuple[str, ...] | list[str]) -> str:
    value = said.get(name, "")
    if value and value not in known:
        raise BadRequestError(f"For {name}, choose one of: {', '.join(known)}.")
    return value


def _day(said: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(said[name]) if name in said else None
    except ValueError:
        raise InvalidError({name: ["Enter a day like 2026-11-23."]}) from None


def _page(said: Mapping[str, str], sites: list[Site]) -> int | None:
    if "page" not in said:
        return None
    for site in sites:
        try:
            key = key_on_site(site, said["page"])
        except PageError:
            continue
        thread = site_queries.thread_of_page(db.session(), site.id, key)
        if thread is not None:
            return thread.id
    raise InvalidError({"page": ["No page of that address has comments here."]})


def _author(said: Mapping[str, str], sites: list[Site]) -> int | None:
    if "author" not in said:
        return None
    ids = [site.id for site in sites]
    comment = comment_queries.comment_of_sites(db.session(), ids, said["author"])
    if comment is None or comment.contact_id is None:
        raise InvalidError({"author": ["The author of this comment gave no address."]})
    return comment.contact_id


def _campaign(said: Mapping[str, str], sites: list[Site]) -> tuple[int, ...] | None:
    if "like" not in said:
        return None
    ids = [site.id for site in sites]
    comment = comment_queries.comment_of_sites(db.session(), ids, said["like"])
    return () if comment is None else marks_on(db.session(), comment.id)


def _decider(said: Mapping[str, str]) -> int | None:
    """Return the number of a moderator of one of the asking one's sites, `RULE` for a rule."""
    name = said.get("by", "")
    if not name:
        return None
    if name == "rule":
        return RULE
    known = set(map(str, people.colleagues(db.session(), person().id)))
    if name not in known:
        raise BadRequestError("For by, choose one of the moderators of your sites, or rule.")
    return int(name)

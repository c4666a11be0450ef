"""What pages say of a site's rules: after one was saved, and what one can be made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from models import Comment, Role, Rule, RuleKind, Site, Status
from service.db import db
from service.queries import rules as queries
from service.queries.filters import Filter
from service.queries.listing import count_matching
from service.rules.ruling import said_by
from service.text.rulebook import hosts_in
from service.web.moderator.guarding import person

MOST_WAITING = 1000  # counting those that wait stops here
HOSTS_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Saved:
    """What was just saved.

    Args:
        number: of rules.
        rule: the only one; None where there were several, or none.
        waiting: the list of waiting comments it is about.
        many: how many those are; no further than `MOST_WAITING`.
    """

    number: int
    rule: Rule | None = None
    waiting: str | None = None
    many: int = 0


@dataclass(frozen=True, slots=True)
class Offered:
    """What a rule can be made of on the page of a comment.

    Args:
        author: the comment came with an address, so a rule would know its author again.
        hosts: hosts it links to.
    """

    author: bool
    hosts: Sequence[str]


def offered(comment: Comment, site: Site) -> Offered | None:
    """Return what the asking moderator can make a rule of; None where he owns nothing here."""
    if site not in person().with_role(Role.OWNER) or comment.erased_at is not None:
        return None
    hosts = sorted(hosts_in(said_by(comment)))[:HOSTS_OFFERED]
    return Offered(comment.contact_id is not None, hosts)


def saved(site: Site) -> Saved | None:
    """Return what the address says was just saved; None when nothing was."""
    number = whole(request.args.get("added", ""))
    if number is None:
        return None
    row = whole(request.args.get("rule", ""))
    rule = None if row is None else queries.rule_of_site(db.session(), site.id, row)
    if rule is None:
        return Saved(number)
    contacts = [] if rule.contact_id is None else [rule.contact_id]
    author = queries.newest_by_authors(db.session(), contacts).get(rule.contact_id or 0)
    chosen = Filter(
        status=Status.PENDING,
        words="" if rule.kind is RuleKind.AUTHOR else _asked_words(rule),
        contact_id=rule.contact_id,
    )
    many = count_matching(db.session(), [site.id], chosen, most=MOST_WAITING)
    return Saved(number, rule, waiting_for(site, rule, author), many)


def waiting_for(site: Site, rule: Rule, author: Comment | None) -> str | None:
    """Return the address of the waiting comments that a rule is about.

    Args:
        author: the newest comment of the author it is about.
    """
    asked: dict[str, Any] = {"status": Status.PENDING.value, "site": site.slug}
    if rule.kind is not RuleKind.AUTHOR:
        return url_for("queue.show", **asked, q=_asked_words(rule))
    return None if author is None else url_for("queue.show", **asked, author=author.public_id)


def _asked_words(rule: Rule) -> str:
    """Return a host or words as one phrase of the search, which takes the last as a beginning."""
    return '"' + rule.typed.rstrip("*").replace('"', " ") + '"'


def whole(typed: str) -> int | None:
    """Return a number in an address; None for anything else."""
    return int(typed[:18]) if typed.isascii() and typed.isdigit() else None

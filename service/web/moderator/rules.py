"""Doors to a site's rules on authors, hosts and words: rehearsed, saved, ended."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Comment, Moderator, Role, Rule, RuleKind, Site
from service.db import db
from service.errors import InvalidError
from service.queries import rules as queries
from service.rules import changes
from service.rules.rehearsal import rehearse_rules
from service.rules.ruling import RULES
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person
from service.web.moderator.queue import card_of, page_of
from service.web.moderator.rehearsing import rules_rehearsed
from service.web.moderator.ruling import saved, waiting_for, whole

bp = Blueprint("rules", __name__)
guard(bp)

SHOWN = 50  # rules of a kind on one page
ENDED = 20  # rules that were ended last
COUNTED = 1000  # newest comments among which it is counted how often a rule spoke
KINDS = (
    (RuleKind.AUTHOR, "Authors"),
    (RuleKind.HOST, "Hosts"),
    (RuleKind.WORD, "Words"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as the page lists it.

    Args:
        by: who made it, or who ended it.
        at: when.
        spoke: of how many of the newest comments it spoke.
        waiting: the list of waiting comments it is about; None where none can be asked for.
        author: the newest comment of the author it is about.
    """

    rule: Rule
    by: str
    at: datetime
    spoke: int
    waiting: str | None
    author: Comment | None


@bp.get("/sites/<slug>/rules")
def show(slug: str) -> ResponseReturnValue:
    """List a site's rules; an owner can add some."""
    return _page(own_site(slug, Role.OWNER, Role.MODERATOR), {}, {})


@bp.post("/sites/<slug>/rules")
def add(slug: str) -> ResponseReturnValue:
    """Rehearse rules, and save them once their rehearsal was shown."""
    site = own_site(slug, Role.OWNER)
    comment = request.form.get("comment", "")
    if "back" in request.form:  # from the rehearsal
        return _again(site, comment, {})
    try:
        wanted = _wanted(comment)
        if request.form.get("rehearsed") != _mark():
            rehearsal = rehearse_rules(site, wanted.entries)
            return rules_rehearsed(site, wanted.entries, rehearsal, _mark(), _home(site, comment))
        made = changes.add_rules(house(), site.id, person().id, wanted)
    except InvalidError as error:
        return _again(site, comment, error.errors), error.status
    said = {"added": len(made), "rule": made[0].id if len(made) == 1 else None}
    asked = urlencode({name: value for name, value in said.items() if value is not None})
    return redirect(f"{_home(site, comment)}?{asked}", code=303)


@bp.post("/sites/<slug>/rules/<int:number>")
def end(slug: str, number: int) -> ResponseReturnValue:
    """End a rule."""
    site = own_site(slug, Role.OWNER)
    changes.end_rule(house(), site.id, person().id, number)
    return redirect(url_for("rules.show", slug=slug, ended=number), code=303)


def _wanted(public_id: str) -> changes.Wanted:
    """Read the rules from the form.

    Raises:
        BadRequestError: a kind of rule that nobody offers.
        InvalidError: what was typed makes no rule.
        NotFoundError: it is about the author of a comment that is none of the moderator's.
    """
    form = request.form
    kind, _, host = form.get("target", "").partition(" ")
    if not kind:
        raise InvalidError({"target": ["Choose what the rule is about."]})
    kind_of_rule, verdict = changes.kind_of(kind), changes.verdict_of(form.get("verdict", ""))
    if kind_of_rule is RuleKind.AUTHOR:
        contact = card_of(public_id).comment.contact_id
        return changes.wanted_author(contact, verdict, form.get("note", ""))
    typed = host or form.get("patterns", "")
    return changes.wanted(kind_of_rule, verdict, typed, form.get("note", ""))


def _mark() -> str:
    """Return a short name of what was typed, to know that it is what was rehearsed."""
    names = ("comment", "target", "verdict", "patterns")
    typed = "\0".join(" ".join(request.form.get(name, "").split()) for name in names)
    return hashlib.sha256(typed.encode()).hexdigest()[:16]


def _home(site: Site, comment: str) -> str:
    """Return the page that the form stands on."""
    if comment:
        return url_for("queue.show_one", public_id=comment)
    return url_for("rules.show", slug=site.slug)


def _again(site: Site, comment: str, errors: dict[str, list[str]]) -> str:
    """Show the form again with everything typed."""
    if comment:
        return page_of(comment, ruling=request.form.to_dict(), ruling_errors=errors)
    return _page(site, request.form.to_dict(), errors)


def _page(site: Site, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    session = db.session()
    spoke = _spoke(site)
    numbers = queries.live_numbers(session, site.id)
    kind, before = request.args.get("kind", ""), whole(request.args.get("before", ""))
    lists = []
    for one, label in KINDS:
        beyond = before if one == kind else None
        found = queries.live_page(session, site.id, one, before=beyond, limit=SHOWN + 1)
        older = found[SHOWN - 1][0].id if len(found) > SHOWN else None
        lists.append(
            (one.value, label, numbers.get(one, 0), _rows(site, found[:SHOWN], spoke), older)
        )
    return render_template(
        "moderator/rules.html",
        site=site,
        policy=site.policy,
        lists=lists,
        ended=_rows(site, queries.ended_page(session, site.id, ENDED), spoke),
        counted=COUNTED,
        owner=site in person().with_role(Role.OWNER),
        typed=typed,
        errors=errors,
        saved=saved(site),
        just_ended="ended" in request.args,
        person=person(),
    )


def _rows(site: Site, found: Sequence[tuple[Rule, Moderator]], spoke: Counter[int]) -> list[Row]:
    contacts = [rule.contact_id for rule, _ in found if rule.contact_id is not None]
    newest = queries.newest_by_authors(db.session(), contacts)
    rows = []
    for rule, moderator in found:
        author = newest.get(rule.contact_id or 0)
        at = rule.made_at if rule.ended_at is None else rule.ended_at
        waiting = waiting_for(site, rule, author)
        rows.append(Row(rule, moderator.name, at, spoke[rule.id], waiting, author))
    return rows


def _spoke(site: Site) -> Counter[int]:
    """Return of how many of the newest comments each rule spoke when they came."""
    signals = queries.recent_signals(db.session(), site.id, COUNTED)
    return Counter(number for seen in signals for number in seen.get(RULES, ()))

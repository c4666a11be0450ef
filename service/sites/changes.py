"""The deeds of an owner: sites and their rules."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from models import Membership, Policy, Role, Site, Thread
from models.site import PAGE_TEXT_LENGTH, SLUG_LENGTH, TITLE_LENGTH
from service.db import transaction
from service.errors import InvalidError, StaleError
from service.house import House
from service.queries import sites as queries
from service.queries.site_models import site_for_change
from service.records.announce import Change, page_event
from service.records.audit import note
from service.sites.threads import held_thread
from service.text.language import languages
from service.text.pages import PageError, key_on_site, origin_of

DEEPEST = 8  # levels of replies; more leave no room for words
LINKS_MOST = 100
CHOICES: Mapping[str, Collection[str]] = {
    "trailing_slash": ("keep", "add", "drop"),
    "page_query": ("keep", "drop"),
    "language": languages(),
}
TAKEN = "There is a site of this short name already."
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
NO_SLUG = re.compile(r"[^a-z0-9]+")


def found_site(
    house: House,
    *,
    slug: str,
    name: str,
    origins: Sequence[str],
    owner_id: int,
    language: str = "en",
) -> Site:
    """Make a site and give it its owner.

    Args:
        slug: its short name; empty = one that is free, from the first origin.
        language: tag of the language of its readers.

    Raises:
        InvalidError: a bad or taken slug, an empty name, an origin that is no web address, a
            language nobody translated to.
    """
    errors: dict[str, list[str]] = {}
    if not name.strip() or len(name) > TITLE_LENGTH:
        errors["name"] = ["Enter the site's name."]
    own = _origins(origins, errors)
    if slug and (not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH):
        errors["slug"] = [f"Use 1 to {SLUG_LENGTH} of the letters a-z, digits and hyphens."]
    if language not in CHOICES["language"]:
        errors["language"] = ["Choose one of the list."]
    with transaction() as session:
        if queries.site_by_slug(session, slug) is not None:
            errors["slug"] = [TAKEN]
        if errors:
            raise InvalidError(errors)
        site = queries.site_made(
            session,
            slug=slug or _free_slug(session, own[0]),
            name=name.strip(),
            origins=own,
            stored_policy=Policy(language=language).to_json(),
            created_at=house.now(),
        )
        if site is None:  # somebody else's form was a moment faster
            raise InvalidError({"slug": [TAKEN]})
        session.add(Membership(moderator_id=owner_id, site_id=site.id, role=Role.OWNER))
        note(session, house, "site.create", site.id)
    return site


def _free_slug(session: Session, origin: str) -> str:
    """Return a short name from an origin's host, without `www` and the last label: blog-example."""
    host = (urlsplit(origin).hostname or "").removeprefix("www.")
    labels = host.split(".")
    named = host if labels[-1].isdigit() or len(labels) == 1 else ".".join(labels[:-1])
    plain = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()
    short = NO_SLUG.sub("-", plain).strip("-")[: SLUG_LENGTH - 5].strip("-") or "site"
    name, number = short, 1
    while queries.site_by_slug(session, name) is not None:
        number += 1
        name = f"{short}-{number}"
    return name


def change_site(
    house: House, site_id: int, *, name: str, origins: Sequence[str], policy: Policy
) -> Site:
    """Store a site's name, origins and rules.

    Raises:
        InvalidError: see `check_site`.
    """
    own = check_site(name=name, origins=origins, policy=policy)
    with transaction() as session:
        site = session.get_one(Site, site_id)
        site.name, site.origins, site.stored_policy = name.strip(), own, policy.to_json()
        note(session, house, "site.change", site_id)
    return site


def amend_site(
    house: House,
    site_id: int,
    *,
    name: str | None = None,
    origins: Sequence[str] | None = None,
    rules: Mapping[str, Any],
) -> Site:
    """Change some of a site's settings and leave the others as they stand.

    Args:
        rules: fields of its policy.

    Raises:
        InvalidError: see `check_site`.
    """
    with transaction() as session:
        site = site_for_change(session, site_id)
        name = site.name if name is None else name
        policy = replace(site.policy, **rules)
        own = check_site(
            name=name, origins=site.origins if origins is None else origins, policy=policy
        )
        site.name, site.origins, site.stored_policy = name.strip(), own, policy.to_json()
        note(session, house, "site.change", site_id)
    return site


def check_site(*, name: str, origins: Sequence[str], policy: Policy) -> list[str]:
    """Check a site's name, origins and rules before they are stored; return its origins.

    Raises:
        InvalidError: an empty name, an origin that is no web address, a rule out of range.
    """
    errors: dict[str, list[str]] = {}
    if not name.strip() or len(name) > TITLE_LENGTH:
        errors["name"] = ["Enter the site's name."]
    own = _origins(origins, errors)
    _check_policy(policy, errors)
    if errors:
        raise InvalidError(errors)
    return own


def _check_policy(policy: Policy, errors: dict[str, list[str]]) -> None:
    if policy.spam_tray_at is not None and not 0 <= policy.spam_tray_at <= 1:
        errors["spam_tray_at"] = ["Enter a probability between 0 and 1."]
    if policy.links_most is not None and policy.links_most > LINKS_MOST:
        errors["links_most"] = [f"Enter a number of links from 0 to {LINKS_MOST}, or nothing."]
    if policy.close_after_days is not None and policy.close_after_days < 1:
        errors["close_after_days"] = ["Enter 1 or more days, or leave it empty."]
    for rule, allowed in CHOICES.items():
        if getattr(policy, rule) not in allowed:
            errors[rule] = ["Choose one of the list."]
    if not 1 <= policy.depth <= DEEPEST:
        errors["depth"] = [f"Enter a number of levels from 1 to {DEEPEST}."]


def describe_page(house: House, site: Site, page: str, *, title: str, text: str) -> Thread:
    """Register a page with the title and the text its owner gives it.

    Both are the topic of its comments: words that stand there are no evidence of spam.

    Args:
        page: a page key, or an address on one of the site's origins.
        text: plain text, at most `PAGE_TEXT_LENGTH` characters.

    Raises:
        InvalidError: an address that is not the site's, a title or text that is too long.
    """
    errors: dict[str, list[str]] = {}
    key = ""
    try:
        key = key_on_site(site, page)
    except PageError as error:
        errors["page"] = [str(error)]
    _check_topic(title, text, errors)
    with transaction() as session:
        thread = queries.thread_made(session, site.id, key, title="", now=house.now())
        _describe(session, house, thread, title=title, text=text)
    house.wake()
    return thread


def amend_page(
    house: House,
    site_id: int,
    thread_id: int,
    *,
    title: str | None = None,
    text: str | None = None,
    seen: int | None = None,
) -> Thread:
    """Change the title or the text of a page and leave the other as it stands.

    Args:
        seen: the version that the caller saw; None = any.

    Raises:
        NotFoundError: no such page on this site.
        StaleError: it was changed since.
        InvalidError: a title or text that is too long.
    """
    with transaction() as session:
        thread = held_thread(session, site_id, thread_id)
        if seen is not None and seen != thread.version:
            raise StaleError("This page was changed since.")
        title = thread.title if title is None else title
        text = thread.page_text if text is None else text
        _check_topic(title, text, {})
        _describe(session, house, thread, title=title, text=text)
    house.wake()
    return thread


def _describe(session: Session, house: House, thread: Thread, *, title: str, text: str) -> None:
    before = thread.title, thread.page_text, thread.registered
    thread.title, thread.page_text, thread.registered = title.strip(), text.strip(), True
    thread.version += 1
    note(session, house, "page.describe", thread.site_id, page=thread.id)
    if (thread.title, thread.page_text, thread.registered) != before:
        page_event(session, house, thread, Change.DESCRIBED)


def _check_topic(title: str, text: str, errors: dict[str, list[str]]) -> None:
    if len(title) > TITLE_LENGTH:
        errors["title"] = [f"Use at most {TITLE_LENGTH} characters."]
    if len(text) > PAGE_TEXT_LENGTH:
        errors["text"] = [f"Use at most {PAGE_TEXT_LENGTH:,} characters; the first ones do."]
    if errors:
        raise InvalidError(errors)


def _origins(origins: Sequence[str], errors: dict[str, list[str]]) -> list[str]:
    own: list[str] = []
    for typed in origins:
        try:
            own.append(origin_of(typed))
        except PageError as error:
            errors.setdefault("origins", []).append(f"{typed}: {error}")
    if not own and "origins" not in errors:
        errors["origins"] = ["Enter the address of the site, like https://blog.example.org."]
    return list(dict.fromkeys(own))

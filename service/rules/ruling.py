"""What a site's live rules say of a comment: asked in the transaction that stores it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from models import Comment, Site
from models.spam import Document
from service.house import House
from service.queries import rules as queries
from service.text.rulebook import SILENT, Rulebook, Spoken, entry_of

RULES = "rules"
"""In a comment's signals: the numbers of the rules that spoke when it came."""


def rulebook_of(
    session: Session, house: House, site_id: int, version: int | None = None
) -> Rulebook:
    """Return a site's live rules on hosts and words.

    Kept in this process until one is added or ended; what that costs is one look at the version.

    Args:
        version: the site's `rules_version`, where it was read just now.
    """
    now = queries.rules_version(session, site_id) if version is None else version
    known = house.rulebooks.get(site_id)
    if known is not None and known[0] == now:
        return known[1]
    book = Rulebook(map(entry_of, queries.live_rules(session, site_id)))
    house.rulebooks[site_id] = (now, book)
    return book


def spoken_of(
    session: Session, house: House, site_id: int, document: Document, contact_id: int | None
) -> Spoken:
    """Say what a site's rules find in a comment by this author."""
    of_author = None
    if contact_id is not None:
        # Never kept: a row that erasure frees may come to be somebody else's.
        of_author = queries.rules_on_authors(session, [contact_id]).get(contact_id)
    book = rulebook_of(session, house, site_id)
    return book.spoken(document, None if of_author is None else entry_of(of_author))


def spoken_of_all(
    session: Session, house: House, rows: Mapping[Comment, Site]
) -> dict[Comment, Spoken]:
    """Say what the rules find in each of these comments, as they stand now."""
    found = dict.fromkeys(rows, SILENT)
    ruled = {one: site for one, site in rows.items() if site.rules_version}  # 0 = never any
    contacts = {one.contact_id for one in ruled if one.contact_id is not None}
    of_authors = queries.rules_on_authors(session, contacts) if contacts else {}
    for comment, site in ruled.items():
        rule = of_authors.get(comment.contact_id or 0)
        book = rulebook_of(session, house, site.id, site.rules_version)
        found[comment] = book.spoken(
            said_by(comment), None if rule is None or rule.site_id != site.id else entry_of(rule)
        )
    return found


def heard(signals: Mapping[str, Any], spoken: Spoken) -> dict[str, Any]:
    """Return the signals to store with a comment: which rules spoke is among them."""
    kept = {name: seen for name, seen in signals.items() if name != RULES}
    numbers = [entry.id for entry in spoken.entries]
    return {**kept, RULES: numbers} if numbers else kept


def said_by(comment: Comment) -> Document:
    """Return what a comment says, as rules read it."""
    return Document(text=comment.text, author=comment.name, url=comment.website)

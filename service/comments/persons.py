"""The deeds of an owner for a person who asks what is kept of him, or wants it gone.

A person is who wrote from one address. The address comes in, finds its contact and goes no
further: it is not stored, not logged and not answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from models import Comment, Contact
from service.comments.receipts import erase_comment, exported
from service.comments.sealed import address_kept
from service.comments.search_author import whole_address
from service.db import db, forget_freed_pages, transaction
from service.errors import InvalidError, NotFoundError
from service.house import House
from service.intake.signals import contact_of_address
from service.queries import comments as queries
from service.records.audit import note

BATCH = 100
NO_COMMENT = "There is no such comment."
ONE_OF_BOTH = "Name a comment or an address, and not both."


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about.

    Args:
        contact: None where he wrote without an address, or is not known any more.
        comment: the one he was named by; None where it was his address.
    """

    contact: Contact | None
    comment: Comment | None


@dataclass(frozen=True, slots=True)
class Export:
    """A part of what is kept of a person.

    Args:
        address_kept: whether his address is; it is in no export but his own.
        comments: as his own export has them, without his address.
        beyond: row to go on after; None = this was the last part.
    """

    address_kept: bool
    comments: Sequence[dict[str, Any]]
    beyond: int | None


def person_of(house: House, site_id: int, *, comment: str, address: str) -> Person:
    """Return who wrote a comment, or who writes from an address; one of both is given.

    Raises:
        InvalidError: both are given or none, or it is no address.
        NotFoundError: no such comment on this site.
    """
    if bool(comment) is bool(address):
        raise InvalidError({"comment": [ONE_OF_BOTH]})
    session = db.session()
    if comment:
        row = queries.comment_of_site(session, site_id, comment)
        if row is None:
            raise NotFoundError(NO_COMMENT)
        return Person(queries.contact_of(session, row.contact_id), row)
    return Person(contact_of_address(session, house, site_id, whole_address(address)), None)


def export_person(
    house: House, site_id: int, person: Person, *, after: int = 0, limit: int
) -> Export:
    """Return what is kept of a person, so many comments from a row on; the audit log tells of it.

    What was erased is not there any more.
    """
    with transaction() as session:
        found = _written(session, person, after, limit + 1)
        part = [exported(house, comment) for comment in found[:limit]]
        kept = address_kept(session, house, person.contact)
        note(session, house, "person.export", site_id, comments=len(part))
    return Export(kept, part, found[limit - 1].id if len(found) > limit else None)


def erase_person(house: House, site_id: int, person: Person, *, with_text: bool) -> int:
    """Erase a person: address, names and websites, on request the texts; return how many comments.

    Each comment is a transaction of its own, so that no other writer waits for all of them, and
    the contact goes last: what was broken off is ended by doing it again. Done twice is done.
    """
    with transaction() as session:
        note(session, house, "person.erase", site_id, with_text=with_text)
    gone, rows = 0, _next(person)
    while rows:
        for row in rows:
            gone += _erase(house, row, with_text=with_text)
        rows = _next(person) if person.contact else []
    if person.contact is not None:
        with transaction() as session:
            contact = session.get(Contact, person.contact.id, populate_existing=True)
            if contact is not None:
                session.delete(contact)
    forget_freed_pages()
    house.wake()
    return gone


def _next(person: Person) -> list[str]:
    found = _written(db.session(), person, 0, BATCH)
    return [one.public_id for one in found if one.erased_at is None]


def _written(session: Session, person: Person, after: int, limit: int) -> Sequence[Comment]:
    if person.contact is not None:
        return queries.of_contact(session, person.contact.id, after=after, limit=limit)
    alone = person.comment
    return [] if alone is None or alone.id <= after else [alone]


def _erase(house: House, public_id: str, *, with_text: bool) -> int:
    with transaction() as session:
        comment = queries.comment_for_change(session, public_id, None)
        if comment is None or comment.erased_at is not None:
            return 0
        erase_comment(session, house, comment, with_text=with_text)
    return 1

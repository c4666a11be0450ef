"""The deed of looking at an author's address: for a reason, counted, and written down before."""

import enum
import logging
from collections.abc import Sequence

from sqlalchemy.orm import Session

from models import Comment, Contact
from service import privacy
from service.comments.sealed import address_kept, open_address
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError, TooManyError, UnavailableError
from service.house import House
from service.pace import Pace, turn_in
from service.privacy import EmailAddress, SealError
from service.queries import comments
from service.records.audit import by_moderator, record

log = logging.getLogger("gatepost.reveal")

REVEAL_PACE = Pace(burst=10, per_minute=10 / 60)
"""So that no hour sees more than 20 looks, wherever it begins."""
NONE_KEPT = "No address is kept for this comment: none was given, or it was erased."
NEVER_KEPT = "This service keeps no addresses (email_retention_days is 0)."
NO_LONGER = "The address is kept no longer: it went {days} days after the author's last comment."
NO_KEY = (
    "The address is there but does not open: its key is not in the key ring. Restore the key ring"
    " from its backup."
)


class Reason(enum.StrEnum):
    """Why an owner looks: words of ours, so that the audit log holds nothing anybody typed."""

    LEGAL = "legal"
    AUTHOR = "author"
    ANSWER = "answer"
    ABUSE = "abuse"

    @property
    def words(self) -> str:
        """The reason as a person reads it."""
        return {
            Reason.LEGAL: "A court, an authority or a law asks for it",
            Reason.AUTHOR: "The author asked something about his own data",
            Reason.ANSWER: "To answer the author by mail",
            Reason.ABUSE: "Abuse: a threat, a theft of somebody's name",
        }[self]


def not_kept(house: House, comment: Comment) -> str:
    """Return why there is no address to open, in words; empty where one is kept."""
    contact = comments.contact_of(db.session(), comment.contact_id)
    if contact is None:
        return NONE_KEPT
    if address_kept(db.session(), house, contact):
        return ""
    days = house.settings.email_retention_days
    return NO_LONGER.format(days=days) if days else NEVER_KEPT


def reveal(
    house: House, moderator_id: int, site_ids: Sequence[int], public_id: str, reason: str
) -> EmailAddress:
    """Open the address of a comment's author for an owner.

    Who looked, at which comment and why is committed before anything is opened; a look at what
    then does not open stands in the log too.

    Args:
        site_ids: sites on which he is an owner.
        reason: the value of a `Reason`.

    Raises:
        InvalidError: no reason of the list.
        NotFoundError: no such comment there, or no address is kept; the text says why.
        TooManyError: he looked at as many as anybody may for now.
        UnavailableError: the key ring cannot open it.
    """
    if reason not in list(Reason):
        raise InvalidError({"reason": ["Choose a reason. It stands in the audit log."]})
    with transaction() as session:
        comment = comments.comment_of_sites(session, site_ids, public_id)
        if comment is None:
            raise NotFoundError("There is no such comment.")
        missing = not_kept(house, comment)
        if missing:
            raise NotFoundError(missing)
        _take_turn(session, house, moderator_id)
        record(
            session,
            house,
            by_moderator(moderator_id),
            "comment.reveal",
            site_id=comment.site_id,
            subject={"comment": comment.public_id, "reason": reason},
        )
        contact = comments.contact_of(session, comment.contact_id)
    return _opened(house, contact)


def _take_turn(session: Session, house: House, moderator_id: int) -> None:
    """Take one of his looks.

    Raises:
        TooManyError: says in how many minutes there is one again.
    """
    key = privacy.fingerprint(b"reveal|%d" % moderator_id, house.ring)[:16]
    seconds = turn_in(session, key, REVEAL_PACE, house.now())
    if seconds:
        minutes = -(-seconds // 60)
        message = (
            f"You looked at {REVEAL_PACE.burst} addresses in a short time, which is as many as"
            f" anybody may. The next look is possible in {minutes} min."
        )
        raise TooManyError(message, retry_after=seconds)


def _opened(house: House, contact: Contact | None) -> EmailAddress:
    try:
        address = open_address(db.session(), house, contact)
    except SealError:
        kid = None if contact is None else contact.email_kid
        log.warning("a sealed address does not open", extra={"kid": kid})
        raise UnavailableError(NO_KEY) from None
    if address is None:
        raise NotFoundError(NONE_KEPT)
    return address

"""Sealed addresses: whether one is kept, and the only place that opens one.

Retention takes what is past its time out of the database; where it is late, or does not run, what
is still there is kept no longer all the same.
"""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from models import Contact
from service import privacy
from service.house import House
from service.privacy import EmailAddress
from service.queries.mails import wants_mail


def kept_since(house: House) -> date:
    """Return the day since which an author must have written for his address to be kept."""
    return (house.now() - timedelta(days=house.settings.email_retention_days)).date()


def address_kept(session: Session, house: House, contact: Contact | None) -> bool:
    """Say whether an author's address is kept: it is there, and its time is not over.

    As retention has it: `email_retention_days` after his last comment, unless he has confirmed
    that he wants mail.
    """
    if contact is None or contact.email_sealed is None:
        return False
    if house.settings.email_retention_days and contact.last_day >= kept_since(house):
        return True
    return wants_mail(session, contact.id)


def open_address(session: Session, house: House, contact: Contact | None) -> EmailAddress | None:
    """Open an author's address; None when none is kept.

    Raises:
        SealError: damaged, of another row, or sealed by a key that is not in the ring.
    """
    if contact is None or contact.email_sealed is None or not address_kept(session, house, contact):
        return None
    return privacy.open_sealed(
        contact.email_sealed, site_id=contact.site_id, uid=contact.uid, ring=house.ring
    )

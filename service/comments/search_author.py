"""The deed of looking for an author by his address: exact, and written down."""

import re
from collections.abc import Sequence

from models import Comment
from service.db import transaction
from service.errors import InvalidError
from service.house import House
from service.intake.signals import contact_of_address
from service.privacy import EmailAddress
from service.queries import comments
from service.records.audit import by_moderator, record

ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")


def comment_by_address(
    house: House, moderator_id: int, site_ids: Sequence[int], typed: str
) -> Comment:
    """Return the newest comment that somebody of exactly this address wrote on these sites.

    The search itself is recorded on each of the sites, without the address.

    Raises:
        InvalidError: it is no address, or nobody of that address wrote there.
    """
    email = whole_address(typed)
    with transaction() as session:
        for site_id in site_ids:
            record(session, house, by_moderator(moderator_id), "author.search", site_id=site_id)
        contacts = [contact_of_address(session, house, site_id, email) for site_id in site_ids]
        rows = [contact.id for contact in contacts if contact is not None]
        found = comments.newest_of_contacts(session, rows)
    if found is None:
        raise InvalidError({"address": ["Nobody of this address has comments here."]})
    return found


def whole_address(typed: str) -> EmailAddress:
    """Return the address that somebody typed to have it looked for.

    Raises:
        InvalidError: it is no address.
    """
    email = EmailAddress(typed.strip())
    if not ADDRESS.fullmatch(email.reveal()):
        raise InvalidError({"address": ["Enter a whole email address."]})
    return email

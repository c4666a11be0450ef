"""The deed of looking for an author by his address: exact, and written down."""

import re
from collections.abc import Sequence

from models import Comment
from service import privacy
from service.audit import by_moderator, record
from service.db import transaction
from service.errors import InvalidError
from service.house import House
from service.privacy import EmailAddress
from service.queries import comments

ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")


def comment_by_address(
    house: House, moderator_id: int, site_ids: Sequence[int], typed: str
) -> Comment:
    """Return the newest comment that somebody of exactly this address wrote on these sites.

    The search itself is recorded, without the address.

    Raises:
        InvalidError: it is no address, or nobody of that address wrote there.
    """
    email = EmailAddress(typed.strip())
    if not ADDRESS.fullmatch(email.reveal()):
        raise InvalidError({"address": ["Enter a whole email address."]})
    with transaction() as session:
        for site_id in site_ids:  # each site's owners read it in their own log
            record(session, house, by_moderator(moderator_id), "author.search", site_id=site_id)
        contacts = [
            comments.contact_of_index(
                session, site_id, privacy.blind_index(email, site_id=site_id, ring=house.ring)
            )
            for site_id in site_ids
        ]
        rows = [contact.id for contact in contacts if contact is not None]
        found = comments.newest_of_contacts(session, rows)
    if found is None:
        raise InvalidError({"address": ["Nobody of this address has comments here."]})
    return found

"""Where a reader's page stands: the site, and the way back to it."""

from dataclasses import dataclass

from models import Policy, Site
from service.text.pages import PageError, key_on_site, page_url


@dataclass(frozen=True, slots=True)
class Place:
    """What our pages say of the site; read before a deed, whose refusal forgets the rows.

    Args:
        home: main origin of the site.
        page: address of the page for people, None when its key is no address.
        policy: the rules as they stood.
    """

    slug: str
    name: str
    home: str
    page: str | None
    policy: Policy


def place_of(site: Site, page: str) -> Place:
    """Return the place of a page, named by its key or as a caller typed it."""
    try:
        address = page_url(key_on_site(site, page), site.origins)
    except PageError:
        address = None
    return Place(site.slug, site.name, site.origins[0], address, site.policy)

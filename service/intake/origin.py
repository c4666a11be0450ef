"""Which page a form was sent from: the site's own, ours, or one that is not named."""

from collections.abc import Sequence

from service.errors import ForbiddenError
from service.text.language import said
from service.text.pages import PageError, origin_of

FOREIGN_ORIGIN = said(
    "This form stands on a page that the site does not know. The site's owner can add the page's"
    " address in the site's settings."
)


def origin_trusted(origin: str | None, own: Sequence[str]) -> bool:
    """Say whether the browser named an origin that is the site's or ours.

    A missing or `null` origin is no refusal, only less trust: old browsers, privacy
    extensions and no-referrer pages send none.

    Args:
        origin: the Origin header.
        own: the site's origins and our own.

    Raises:
        ForbiddenError: somebody else's origin.
    """
    if origin is None or origin.strip().lower() == "null":
        return False
    try:
        named = origin_of(origin)
    except PageError:
        named = ""
    if named not in own:
        raise ForbiddenError(FOREIGN_ORIGIN)
    return True

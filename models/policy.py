"""A site's rules as one frozen value; stored as JSON in its site's row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Policy:
    """What a site asks of its readers and what it lets the machine do.

    The default lets the machine do nothing: everything waits for a person.

    Args:
        require_name: a comment needs a name.
        require_email: a comment needs an e-mail address.
        spam_tray_at: probability (0..1) at or above which a new comment is filed to the
            spam tray instead of the queue; None = never.
        links_most: links a comment may hold, its website among them, before it waits for a
            person whatever else speaks for it; None = any number.
        publish_proven: publish at once what an author sends who proves himself by the receipt
            of a comment that was approved here.
        learn: moderators' decisions teach a model of the site's own.
        registered_pages_only: a bare page key must be known already.
        close_after_days: days after which a page takes no more comments; None = never.
        trailing_slash: what becomes of a slash at the end of a page's address: `keep`, `add`
            (not after a file name with a dot) or `drop`.
        page_query: whether a page's address keeps its query: `keep` or `drop`.
        depth: levels to which replies are nested, 1 to 8; deeper ones say whom they answer.
        language: tag of the language of the site's readers, for pages that do not say theirs.
        under_attack: the owner's switch: comments are slowed down and asked for proof of work.
        return_to_page: after sending without JavaScript, go back to the page itself instead
            of our thank-you page; needs the page's `form-action` to allow its own origin.
    """

    require_name: bool = True
    require_email: bool = True
    spam_tray_at: float | None = None
    links_most: int | None = None
    publish_proven: bool = False
    learn: bool = True
    registered_pages_only: bool = False
    close_after_days: int | None = None
    trailing_slash: str = "keep"
    page_query: str = "keep"
    depth: int = 5
    language: str = "en"
    under_attack: bool = False
    return_to_page: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored policy; what it does not name has its default."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        """Return the policy as it is stored."""
        return asdict(self)

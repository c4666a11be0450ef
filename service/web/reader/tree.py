"""A flat thread as the tree that readers see."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import Markup

from models import Comment
from service.records.announce import iso
from service.text.language import said
from service.text.rendering import comment_html
from service.text.words import is_website
from service.web.reading import Reading
from service.web.speech import say, spoken

NAMELESS = said("Anonymous")


@dataclass(slots=True)
class Entry:
    """One comment in its place.

    Args:
        depth: 1 for a comment on the page itself.
        answers: the comment it answers, where its place does not show that.
    """

    comment: Comment
    depth: int
    answers: Comment | None
    replies: list["Entry"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The author's name as it is shown."""
        return shown_name(self.comment)

    @property
    def answered_name(self) -> str:
        """The name of the author whom this comment answers."""
        return "" if self.answers is None else shown_name(self.answers)

    @property
    def website(self) -> str:
        """The website, if it may still be linked: rules grow stricter, stored rows do not."""
        return self.comment.website if is_website(self.comment.website) else ""

    @property
    def html(self) -> Markup:
        """The text, rendered and cleaned."""
        return comment_html(self.comment.text)

    @property
    def machine_time(self) -> str:
        """The time of writing for `datetime`."""
        return iso(self.comment.created_at)

    @property
    def time(self) -> str:
        """The time of writing for people."""
        return spoken().date_and_time(self.comment.created_at)


def shown_name(comment: Comment) -> str:
    """Return the name under which a comment appears."""
    return comment.name or say(NAMELESS)


def grow(reading: Reading, deepest: int) -> list[Entry]:
    """Nest replies under what they answer, oldest reply first.

    What would stand deeper than `deepest` levels follows on the deepest level instead, and what
    answers a comment on another page of the thread stands by itself; both say whom they answer.
    """
    roots: list[Entry] = []
    places: dict[int, tuple[Entry, list[Entry]]] = {}
    # By row: a parent is always older than its replies, so it has its place already.
    for comment in sorted(reading.comments, key=lambda one: one.id):
        parent = reading.parent_of(comment)
        above = None if parent is None else places.get(parent.id)
        if above is None:
            entry, siblings = Entry(comment, 1, parent), roots
        elif above[0].depth < deepest:
            entry, siblings = Entry(comment, above[0].depth + 1, None), above[0].replies
        else:
            entry, siblings = Entry(comment, deepest, parent), above[1]
        siblings.append(entry)
        places[comment.id] = (entry, siblings)
    return roots[::-1] if reading.newest else roots


def form_address(base_url: str, slug: str, **query: str) -> str:
    """Return the address of the hosted form, with what is known of page and parent."""
    return f"{base_url}/s/{slug}/form?{urlencode({k: v for k, v in query.items() if v})}"

"""The helper that keeps lists, counts, search and campaigns in step with a comment."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from models import Comment, Status
from models.spam.links import take_links
from models.spam.site.memory import Recall, Trace
from service.queries.campaigns import drop_marks, put_marks
from service.queries.search import drop_words, put_words
from service.queries.tallies import Place, shift

UNSURE = "unsure"
BANDS = {
    "fine": "Likely fine",
    UNSURE: "Unsure",
    "spam": "Likely spam",
}
"""The bands of the score, and the shelves of the queue, in words."""
MIDDLE = 0.5  # where a comment stands whose score is not told
SHINGLE_MARKS = 4
"""Word triples kept as marks: of two comments half alike, 15 in 16 share one of the four with
the smallest hashes (Broder 1997)."""


def marks_of(trace: Trace, recall: Recall) -> tuple[int, ...]:
    """Return by what a comment's campaign is known: its rarest word triples and its hosts.

    Hosts of comments that were approved here say nothing.
    """
    hosts = () if recall.approved_hosts else trace.hosts
    return (*(trace.shingles[:SHINGLE_MARKS] or (trace.family,)), *hosts)


def place_of(comment: Comment) -> Place | None:
    """Return the list a comment stands in; None once its author took it back."""
    if comment.gone:
        return None
    waiting = comment.status is Status.PENDING
    return Place(comment.site_id, comment.status, comment.shelf if waiting else "")


def grade(comment: Comment) -> None:
    """Set where lists put a comment, from its score; a hidden score must not show by that."""
    hidden = comment.blind or comment.probability is None
    comment.shelf = UNSURE if hidden else (comment.band or UNSURE)
    comment.listed_score = (
        MIDDLE if comment.blind or comment.probability is None else comment.probability
    )


def links_in(text: str, website: str) -> int:
    """Return how many links a comment holds, its website among them."""
    return len(take_links(text.casefold())[1].links) + bool(website)


def shelve(
    session: Session,
    comment: Comment,
    before: Place | None,
    *,
    marks: Collection[int] | None = None,
) -> None:
    """Bring counts and campaigns in line after a move; the comment has its row.

    Args:
        before: where it stood, as `place_of` said; None = it is new.
        marks: its campaign marks, where it is new in the queue or its text is.
    """
    after = place_of(comment)
    shift(session, before, after)
    waits = after is not None and after.status is Status.PENDING
    if before is not None and before.status is Status.PENDING and (marks is not None or not waits):
        drop_marks(session, comment.id)
    if waits and marks is not None:
        put_marks(session, comment.site_id, comment.id, marks)


def index_words(session: Session, comment: Comment) -> None:
    """Bring the full-text index in line with what a comment says."""
    if comment.gone:
        drop_words(session, comment.id)
    else:
        put_words(session, comment.id, comment.name, comment.website, comment.text)

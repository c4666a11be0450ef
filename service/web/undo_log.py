"""What a moderator did of late and can take back, newest first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import Batch, Comment, Decision, Revision, Status
from service.db import db
from service.queries import batches, comments, revisions
from service.web.context import house

MOST = 50
WORDS = {
    Status.APPROVED: "Approved",
    Status.SPAM: "Marked as spam",
    Status.TRASH: "Moved to trash",
    Status.PENDING: "Put back to pending",
}


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the log.

    Args:
        kind: what the form that undoes it names: `decision`, `edit` or `batch`.
        key: its value.
        words: what was done.
        comment: the comment it was done to; None for many.
    """

    kind: str
    key: str
    at: datetime
    words: str
    comment: Comment | None


def log_of(moderator_id: int) -> list[Act]:
    """Return a moderator's newest acts that he can take back."""
    session = db.session()
    since = house().now() - timedelta(days=house().settings.undo_days)
    decided = comments.recent_decisions(session, moderator_id, since=since, limit=MOST)
    edited = revisions.recent_revisions(session, moderator_id, since=since, limit=MOST)
    many = batches.recent_batches(session, moderator_id, since=since, limit=MOST)
    acts = [
        *(_decided(*row) for row in decided),
        *(_edited(*row) for row in edited),
        *map(_many, many),
    ]
    return sorted(acts, key=lambda act: act.at, reverse=True)[:MOST]


def _decided(decision: Decision, comment: Comment) -> Act:
    words = WORDS[decision.after]
    return Act("decision", str(decision.id), decision.made_at, words, comment)


def _edited(revision: Revision, comment: Comment) -> Act:
    return Act("edit", str(revision.id), revision.made_at, "Edited", comment)


def _many(batch: Batch) -> Act:
    words = WORDS[batch.new] if batch.new else ""
    comments_word = "comment" if batch.changed == 1 else "comments"
    return Act(
        "batch", batch.public_id, batch.made_at, f"{words}: {batch.changed} {comments_word}", None
    )

"""What a moderator did of late and can take back, in words, newest first."""

from dataclasses import dataclass
from datetime import timedelta

from models import Status
from service.db import db
from service.queries.undo_log import Act, recent_acts
from service.web.context import house

MOST = 20
WORDS = {
    Status.APPROVED: "Approved",
    Status.SPAM: "Marked as spam",
    Status.TRASH: "Moved to trash",
    Status.PENDING: "Put back to pending",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log.

    Args:
        act: what was done; its kind is what the form that undoes it names.
        words: the same in words.
        who: the comment's author; None for many comments.
    """

    act: Act
    words: str
    who: str | None


def log_of(moderator_id: int) -> list[Line]:
    """Return a moderator's newest acts that he can take back."""
    since = house().now() - timedelta(days=house().settings.undo_days)
    acts = recent_acts(db.session(), moderator_id, since=since, limit=MOST)
    return [Line(act, _words(act), _who(act)) for act in acts]


def _words(act: Act) -> str:
    done = WORDS[act.status] if act.status else "Edited"
    if act.public_id is not None:
        return done
    return f"{done}: {act.changed} comment{'' if act.changed == 1 else 's'}"


def _who(act: Act) -> str | None:
    return None if act.public_id is None else act.name or "Anonymous"

"""A comment as a program sees it: what a moderator sees, and never an address."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models import ApiKey, Comment, Decision, Moderator, Site, Status
from service.db import db
from service.queries import comments as queries
from service.queries.sites import thread
from service.text.pages import page_url
from service.text.rendering import comment_html
from service.text.scoring import Scored
from service.web.api.declaring import Schema
from service.web.api.schemas import (
    MOMENT,
    NUMBER,
    TEXT,
    WHOLE,
    YES_OR_NO,
    many,
    maybe,
    more,
    named,
    one_of,
    thing,
)

STATUS = named("CommentStatus", one_of(Status))
BANDS = ("fine", "unsure", "spam")
SCORE: Schema = named(
    "Score",
    thing(
        probability={**NUMBER, "minimum": 0, "maximum": 1},
        band=one_of(BANDS),
        reasons=many(named("Reason", thing(text=TEXT, weight=NUMBER))),
        model=TEXT,
    ),
)
LISTED: Schema = named(
    "ListedComment",
    thing(
        id=TEXT,
        page={**TEXT, "description": "The page's key."},
        page_url=maybe(TEXT),
        parent=maybe(TEXT),
        status=STATUS,
        version={**WHOLE, "description": "Goes up with every change; a decision names it."},
        name=TEXT,
        website=TEXT,
        text={**TEXT, "description": "As typed, in the Markdown subset."},
        html={**TEXT, "description": "As readers see it, clean."},
        language=TEXT,
        by_owner=YES_OR_NO,
        created_at=MOMENT,
        edited_at=maybe(MOMENT),
        withdrawn_at=maybe(MOMENT),
        erased_at=maybe(MOMENT),
        note={**TEXT, "description": "Why a check or a rule held it."},
        score={
            **maybe(SCORE),
            "description": "Null where the check failed, and for one of the random sample until"
            " somebody has decided.",
        },
    ),
)
ENTRY: Schema = named(
    "HistoryEntry",
    thing(
        decision={**WHOLE, "description": "Takes the decision back, see `undoDecision`."},
        before=STATUS,
        after=STATUS,
        by={**TEXT, "description": "Name of the moderator or key; empty for a rule."},
        kind=one_of(("moderator", "key", "rule")),
        why=TEXT,
        undoes=maybe(WHOLE),
        made_at=MOMENT,
    ),
)
COMMENT: Schema = named("Comment", more(LISTED, history=many(ENTRY)))


def whole_comment(site: Site, comment: Comment) -> dict[str, Any]:
    """Return a comment with its history."""
    session = db.session()
    page, parent = thread(session, comment.thread_id).page, queries.parent_id_of(session, comment)
    history = [told_decision(*row) for row in queries.history(session, comment.id)]
    return {**listed_comment(site, comment, page, parent), "history": history}


def listed_comments(site: Site, found: Sequence[tuple[Comment, str]]) -> list[dict[str, Any]]:
    """Return comments as a list shows them, each given with the key of its page."""
    answered = {one.parent_id for one, _ in found if one.parent_id is not None}
    parents: Mapping[int, Comment] = {}
    if answered:
        parents = queries.comments_of_rows(db.session(), list(answered))
    return [
        listed_comment(site, one, page, parents[one.parent_id].public_id if one.parent_id else None)
        for one, page in found
    ]


def listed_comment(site: Site, comment: Comment, page: str, parent: str | None) -> dict[str, Any]:
    """Return a comment without its history; one that its author took back says nothing any more."""
    text = "" if comment.gone else comment.text
    return {
        "id": comment.public_id,
        "page": page,
        "page_url": page_url(page, site.origins),
        "parent": parent,
        "status": comment.status.value,
        "version": comment.version,
        "name": "" if comment.gone else comment.name,
        "website": "" if comment.gone else comment.website,
        "text": text,
        "html": str(comment_html(text)),
        "language": comment.language,
        "by_owner": comment.by_owner,
        "created_at": told(comment.created_at),
        "edited_at": told(comment.edited_at),
        "withdrawn_at": told(comment.withdrawn_at),
        "erased_at": told(comment.erased_at),
        "note": "" if comment.gone else comment.note,
        "score": None if _hidden(comment) else told_score(comment),
    }


def told_score(scored: Comment | Scored) -> dict[str, Any] | None:
    """Return a score with its reasons; None where the check failed."""
    if scored.probability is None or scored.band is None:
        return None
    return {
        "probability": scored.probability,
        "band": scored.band,
        "reasons": [{"text": str(one["text"]), "weight": one["weight"]} for one in scored.reasons],
        "model": scored.model,
    }


def told_decision(decision: Decision, who: Moderator | ApiKey | None) -> dict[str, Any]:
    """Return an entry of a comment's history."""
    kind = "rule" if who is None else "key" if isinstance(who, ApiKey) else "moderator"
    return {
        "decision": decision.id,
        "before": decision.before.value,
        "after": decision.after.value,
        "by": "" if who is None else who.name,
        "kind": kind,
        "why": decision.why,
        "undoes": decision.undoes_id,
        "made_at": told(decision.made_at),
    }


def told(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 writes it."""
    return None if moment is None else moment.isoformat()


def _hidden(comment: Comment) -> bool:
    """Whether the score is not shown: its author took it back, or it is of the blind sample."""
    return comment.gone or (comment.blind and comment.status is Status.PENDING)

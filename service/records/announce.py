"""Writing events: in the transaction of their cause, so that neither stands without the other."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Comment, Endpoint, Event, EventType, Site, Status, Thread
from service.house import House
from service.queries.comments import parent_id_of
from service.queries.endpoints import lock_endpoints
from service.queries.events import events_for_change, stop_deliveries
from service.text.rendering import comment_html

BY_STATUS: Mapping[Status, EventType] = {
    Status.APPROVED: EventType.APPROVED,
    Status.SPAM: EventType.SPAM,
    Status.TRASH: EventType.TRASHED,
    Status.PENDING: EventType.HELD,
}
"""Which event a move to a status writes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The comment an event is about, and where it stands.

    Args:
        parent: public id of the comment it answers.
        previous: status before, None on arrival.
    """

    comment: Comment
    thread: Thread
    site: Site
    parent: str | None
    previous: Status | None


def subject_of(session: Session, comment: Comment, previous: Status | None) -> Subject:
    """Gather what an event says about a comment."""
    return Subject(
        comment,
        session.get_one(Thread, comment.thread_id),
        session.get_one(Site, comment.site_id),
        parent_id_of(session, comment),
        previous,
    )


def iso(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def public_comment(comment: Comment, parent: str | None) -> dict[str, Any]:
    """Return what the public may know of a comment: these keys and no others, ever."""
    return {
        "id": comment.public_id,
        "parent": parent,
        "name": comment.name,
        "website": comment.website or None,
        "html": str(comment_html(comment.text)),
        "created_at": iso(comment.created_at),
        "edited_at": None if comment.edited_at is None else iso(comment.edited_at),
        "by_owner": comment.by_owner,
    }


def comment_event(
    session: Session,
    house: House,
    kind: EventType,
    subject: Subject,
    *,
    hold: float = 0.0,
    decision_id: int | None = None,
) -> None:
    """Write an event about a comment.

    Args:
        hold: seconds it stays in the house, so that an undo can cancel it.
        decision_id: the decision that caused it, if one did.
    """
    comment = subject.comment
    data: dict[str, Any] = {
        "site": subject.site.slug,
        "id": comment.public_id,
        "page": subject.thread.page,
        "parent": subject.parent,
        "version": comment.version,
        "status": comment.status.value,
        "previous_status": None if subject.previous is None else subject.previous.value,
    }
    if comment.is_public:
        data |= public_comment(comment, subject.parent)
    event = _event(house, kind, comment.site_id, data)
    event.comment_id, event.decision_id = comment.id, decision_id
    event.release_at += timedelta(seconds=hold)
    session.add(event)


class Change(enum.StrEnum):
    """What an owner or a moderator did to a page, on the wire."""

    DESCRIBED = "described"
    CLOSED = "closed"
    OPENED = "opened"
    NAMED = "named"
    UNNAMED = "unnamed"
    MERGED = "merged"


def page_event(
    session: Session, house: House, thread: Thread, change: Change, *, name: str | None = None
) -> None:
    """Write that a page changed: its keys and its public title, never a title a reader sent.

    Args:
        name: the other name that came, went, or belonged to the page that was merged into it.
    """
    data = {
        "site": session.get_one(Site, thread.site_id).slug,
        "page": thread.page,
        "title": thread.title or None,
        "version": thread.version,
        "closed": thread.closed_at is not None,
        "change": change.value,
        "name": name,
    }
    session.add(_event(house, EventType.PAGE, thread.site_id, data))


def ping(session: Session, house: House, endpoint: Endpoint, site: Site) -> None:
    """Write a test event for one endpoint."""
    event = _event(house, EventType.PING, site.id, {"site": site.slug})
    event.endpoint_id = endpoint.id
    session.add(event)


def _event(house: House, kind: EventType, site_id: int, data: Mapping[str, Any]) -> Event:
    """Return an event of this moment that may leave at once."""
    now = house.now()
    return Event(
        public_id=f"evt_{house.token(26)}",
        site_id=site_id,
        type=kind,
        body=_bytes({"type": kind.value, "timestamp": iso(now), "data": data}),
        occurred_at=now,
        release_at=now,
    )


def purge(session: Session, comment: Comment, now: datetime) -> None:
    """Take a comment's words out of every event, and stop deliveries that still carry them."""
    # Whichever may get one: a release could make deliveries until the events are locked.
    lock_endpoints(session, comment.site_id)
    events = events_for_change(session, comment.id)
    for event in events:
        body = json.loads(event.body)
        for name in ("name", "website", "html"):
            body["data"].pop(name, None)
        event.body = _bytes(body)
        if event.position is None and event.cancelled_at is None:
            event.cancelled_at = now
    stop_deliveries(session, [event.id for event in events])


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

"""What a moderator may ask of a list, and what that is in SQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Contact, Decision, Status
from service.queries.comments import PRESENT

ORDERS = ("newest", "oldest", "spam", "fine")
BADGES = ("first", "approved", "rejected", "none")
RULE = 0
"""In `decided_by`: a rule, not a person."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which comments, in which order; everything left out means any.

    Args:
        shelf: band by which it waits: `fine`, `unsure` or `spam`.
        order: one of `ORDERS`; by words, author or campaign only the first two make sense.
        words: what the name, website and text hold.
        thread_id, contact_id: rows of the page and of the author's address.
        marks: marks of the campaign that is meant; none left = nothing matches.
        badge: one of `BADGES`: an author's first comment, one approved or rejected before, or
            one who gave no address.
        since, until: days of arrival, UTC, both included.
        language: tag of the language the author was spoken to in.
        link: whether it holds a link.
        reason: name of a reason that speaks for spam; `note` = held with a remark.
        decided_by: number of the moderator who decided about it at any time; `RULE` = a rule.
    """

    status: Status | None = None
    shelf: str = ""
    order: str = "newest"
    words: str = ""
    thread_id: int | None = None
    contact_id: int | None = None
    marks: tuple[int, ...] | None = None
    badge: str = ""
    since: date | None = None
    until: date | None = None
    language: str = ""
    link: bool | None = None
    reason: str = ""
    decided_by: int | None = None

    @property
    def loose(self) -> bool:
        """Whether something is asked that no index in the list's order knows."""
        return (
            bool(self.badge or self.language or self.reason or self.link is not None)
            or self.decided_by is not None
        )

    @property
    def narrow(self) -> bool:
        """Whether anything but the list itself is asked."""
        chosen = (self.thread_id, self.contact_id, self.marks, self.since, self.until)
        return self.loose or bool(self.words) or any(one is not None for one in chosen)

    @property
    def by_row(self) -> bool:
        """Whether the list comes in the order of rows, as its source knows no other."""
        return self._looked_up or self._of_thread

    @property
    def indexed(self) -> bool:
        """Whether an index in the list's order answers all that is asked."""
        return not (self.loose or self._looked_up) and (self.thread_id is None or self._of_thread)

    @property
    def _looked_up(self) -> bool:
        return bool(self.words) or self.contact_id is not None or self.marks is not None

    @property
    def _of_thread(self) -> bool:
        """Whether it is a page's own list, in the order in which readers see it, of any age."""
        return self.thread_id is not None and self.since is None and self.until is None

    @property
    def by_score(self) -> bool:
        """Whether the list comes by score."""
        return self.order in ("spam", "fine") and not self.by_row and self.thread_id is None

    @property
    def rising(self) -> bool:
        """Whether small keys come first."""
        return self.order in ("oldest", "fine") if self.by_score else self.order == "oldest"

    def to_json(self) -> dict[str, Any]:
        """Return it as a batch stores it."""
        stored = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in stored.items()
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read a stored filter."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        for name in ("since", "until"):
            if name in values:
                values[name] = date.fromisoformat(values[name])
        if "marks" in values:
            values["marks"] = tuple(values["marks"])
        if "status" in values:
            values["status"] = Status(values["status"])
        return cls(**values)


def days(chosen: Filter) -> list[sa.ColumnElement[bool]]:
    """Return the days that are asked for, as conditions on the age."""
    found = []
    if chosen.since is not None:
        found.append(Comment.created_at >= datetime.combine(chosen.since, time(), UTC))
    if chosen.until is not None and chosen.until < date.max:  # no day comes after the last one
        after = datetime.combine(chosen.until, time(), UTC) + timedelta(days=1)
        found.append(Comment.created_at < after)
    return found


def conditions(
    session: Session, site_ids: Sequence[int], chosen: Filter
) -> list[sa.ColumnElement[bool]]:
    """Return everything that is asked, but words and campaign; a hidden score answers nothing."""
    equal = (
        (Comment.status, chosen.status),
        (Comment.shelf, chosen.shelf or None),
        (Comment.thread_id, chosen.thread_id),
        (Comment.contact_id, chosen.contact_id),
        (Comment.language, chosen.language or None),
    )
    found = [Comment.site_id.in_(site_ids), PRESENT, *days(chosen)]
    found += [column == value for column, value in equal if value is not None]
    if chosen.link is not None:
        found.append(Comment.links > 0 if chosen.link else Comment.links == 0)
    if chosen.badge:
        found.append(_badge(chosen.badge))
    if chosen.reason:
        found.append(_reason(session, chosen.reason))
    if chosen.decided_by is not None:
        found.append(_decided_by(chosen.decided_by))
    return found


def _badge(badge: str) -> sa.ColumnElement[bool]:
    if badge == "none":
        return Comment.contact_id.is_(None)
    wanted = {
        "first": Contact.seen <= 1,
        "approved": Contact.approved > 0,
        "rejected": Contact.rejected > 0,
    }[badge]
    return sa.exists().where(Contact.id == Comment.contact_id, wanted)


_REASON = {
    "sqlite": "EXISTS (SELECT 1 FROM json_each(comment.reasons) AS reason"
    " WHERE json_extract(reason.value, '$.name') = :reason"
    " AND json_extract(reason.value, '$.weight') > 0)",
    "postgresql": "EXISTS (SELECT 1 FROM json_array_elements(comment.reasons) AS reason"
    " WHERE reason ->> 'name' = :reason AND (reason ->> 'weight')::float > 0)",
}


def _reason(session: Session, reason: str) -> sa.ColumnElement[bool]:
    if reason == "note":
        return Comment.note != ""
    told = sa.or_(~Comment.blind, Comment.status != Status.PENDING)
    spoken = sa.text(_REASON[session.get_bind().dialect.name]).bindparams(reason=reason)
    return sa.and_(told, spoken)


def _decided_by(moderator_id: int) -> sa.ColumnElement[bool]:
    who = (
        sa.and_(Decision.moderator_id.is_(None), Decision.key_id.is_(None))
        if moderator_id == RULE
        else Decision.moderator_id == moderator_id
    )
    return sa.exists().where(Decision.comment_id == Comment.id, who)

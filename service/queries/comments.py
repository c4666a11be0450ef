"""Questions about comments; whatever serves one site filters by it in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import ApiKey, Comment, Contact, Decision, Moderator, Status, SubmissionKey
from service.queries.sites import insert_or_leave

Maker = Moderator | ApiKey
"""Who made a decision, where no rule did: both have a name."""

PRESENT = sa.and_(Comment.withdrawn_at.is_(None), Comment.erased_at.is_(None))


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What a site knows of an author: comments seen, approved, rejected, and since when."""

    seen: int
    approved: int
    rejected: int
    first_day: date


def comment_of_site(session: Session, site_id: int, public_id: str) -> Comment | None:
    """Return a site's comment."""
    return session.scalar(
        sa.select(Comment).where(Comment.site_id == site_id, Comment.public_id == public_id)
    )


def comment_of_sites(session: Session, site_ids: Sequence[int], public_id: str) -> Comment | None:
    """Return a comment of one of these sites, gone or not."""
    return session.scalar(
        sa.select(Comment).where(Comment.site_id.in_(site_ids), Comment.public_id == public_id)
    )


def comments_of_rows(session: Session, ids: Sequence[int]) -> dict[int, Comment]:
    """Return comments by row id."""
    return {row.id: row for row in session.scalars(sa.select(Comment).where(Comment.id.in_(ids)))}


def comment_for_change(
    session: Session, public_id: str, site_ids: Sequence[int] | None
) -> Comment | None:
    """Return a comment as it stands in the database now, locked until the transaction ends.

    Args:
        site_ids: sites it may belong to; None = any (the author's receipt names it).
    """
    query = sa.select(Comment).where(Comment.public_id == public_id)
    if site_ids is not None:
        query = query.where(Comment.site_id.in_(site_ids))
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def comment_by_public_id(session: Session, public_id: str) -> Comment | None:
    """Return the comment of that id on any site."""
    return session.scalar(sa.select(Comment).where(Comment.public_id == public_id))


def comments_by_public_ids(session: Session, public_ids: Sequence[str]) -> dict[str, Comment]:
    """Return the comments of those ids on any site."""
    rows = session.scalars(sa.select(Comment).where(Comment.public_id.in_(public_ids)))
    return {row.public_id: row for row in rows}


def public_comments(
    session: Session,
    thread_id: int,
    *,
    newest: bool = False,
    after: int | None = None,
    limit: int = 200,
) -> list[Comment]:
    """Return up to `limit` public comments of a thread by age, beyond the row id `after`.

    No count, no offset: a late page costs as much as the first.
    """
    query = sa.select(Comment).where(
        Comment.thread_id == thread_id, Comment.status == Status.APPROVED, PRESENT
    )
    if after is not None:
        query = query.where(Comment.id < after if newest else Comment.id > after)
    order = Comment.id.desc() if newest else Comment.id
    return list(session.scalars(query.order_by(order).limit(limit)))


def twin_stands(session: Session, thread_id: int, likeness: bytes) -> bool:
    """Say whether the thread holds the same name and text already, trash aside."""
    query = sa.select(Comment.id).where(
        Comment.thread_id == thread_id,
        Comment.likeness == likeness,
        Comment.status != Status.TRASH,
        PRESENT,
    )
    return session.scalar(query.limit(1)) is not None


def newest_noted(session: Session, site_id: int, note: str) -> Comment | None:
    """Return a site's newest comment with exactly this note; looks through all it has."""
    query = sa.select(Comment).where(Comment.site_id == site_id, Comment.note == note)
    return session.scalar(query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(1))


def other_note_stands(session: Session, site_id: int, note: str) -> bool:
    """Say whether a site has a comment without this note: at once, where most have none."""
    query = sa.select(Comment.id).where(Comment.site_id == site_id, Comment.note != note)
    return session.scalar(query.limit(1)) is not None


def around(session: Session, comment: Comment, *, limit: int = 3) -> Sequence[Comment]:
    """Return what stands before a comment in its thread and below it, oldest first.

    The comments it answers, one after the other, and the newest answers to it.
    """
    above: list[Comment] = []
    parent_id = comment.parent_id
    while parent_id is not None and len(above) < limit:
        parent = session.get_one(Comment, parent_id)
        above.insert(0, parent)
        parent_id = parent.parent_id
    query = sa.select(Comment).where(Comment.parent_id == comment.id, PRESENT)
    below = session.scalars(query.order_by(Comment.id.desc()).limit(limit)).all()
    return [*above, *below[::-1]]


def history(session: Session, comment_id: int) -> list[tuple[Decision, Maker | None]]:
    """Return the decisions on a comment, oldest first, with who made them."""
    query = _with_makers(sa.select(Decision, Moderator, ApiKey))
    query = query.where(Decision.comment_id == comment_id).order_by(Decision.id)
    return [(decision, person or key) for decision, person, key in session.execute(query)]


def last_decision(session: Session, comment_id: int) -> tuple[Decision, Maker | None] | None:
    """Return the newest decision on a comment and who made it."""
    query = _with_makers(sa.select(Decision, Moderator, ApiKey))
    query = query.where(Decision.comment_id == comment_id).order_by(Decision.id.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1] or row[2])


def decisions_since(
    session: Session, site_ids: Sequence[int], since: datetime, limit: int
) -> list[tuple[Decision, Comment, Maker | None]]:
    """Return what was decided on the sites since then, newest first."""
    query = (
        _with_makers(sa.select(Decision, Moderator, ApiKey, Comment))
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Decision.site_id.in_(site_ids), Decision.made_at >= since)
        .order_by(Decision.made_at.desc(), Decision.id.desc())
        .limit(limit)
    )
    return [(one, comment, who or key) for one, who, key, comment in session.execute(query)]


def _with_makers(query: Any) -> Any:
    return query.outerjoin(Moderator, Moderator.id == Decision.moderator_id).outerjoin(
        ApiKey, ApiKey.id == Decision.key_id
    )


def decision_of_sites(
    session: Session, decision_id: int, site_ids: Sequence[int]
) -> Decision | None:
    """Return a decision made on one of these sites."""
    return session.scalar(
        sa.select(Decision).where(Decision.id == decision_id, Decision.site_id.in_(site_ids))
    )


def decisions_of_sites(
    session: Session, decision_ids: Sequence[int], site_ids: Sequence[int]
) -> dict[int, Decision]:
    """Return decisions made on one of these sites, by number."""
    query = sa.select(Decision).where(Decision.id.in_(decision_ids), Decision.site_id.in_(site_ids))
    return {one.id: one for one in session.scalars(query)}


def undoings_of(session: Session, decision_ids: Sequence[int]) -> dict[int, Decision]:
    """Return the decisions that took these back, by the number of what they took back."""
    query = sa.select(Decision).where(Decision.undoes_id.in_(decision_ids))
    return {one.undoes_id: one for one in session.scalars(query) if one.undoes_id is not None}


def contact_made(
    session: Session, site_id: int, *, index: tuple[int, bytes], uid: bytes, today: date
) -> Contact:
    """Return the contact of a blind index, making it when it is new; races end in one row."""
    kid, digest = index
    insert_or_leave(
        session,
        Contact,
        {
            "uid": uid,
            "site_id": site_id,
            "index_kid": kid,
            "email_index": digest,
            "first_day": today,
            "last_day": today,
            "seen": 0,
            "approved": 0,
            "rejected": 0,
        },
    )
    query = sa.select(Contact).where(
        Contact.site_id == site_id, Contact.index_kid == kid, Contact.email_index == digest
    )
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def contact_of_index(session: Session, site_id: int, index: tuple[int, bytes]) -> Contact | None:
    """Return the contact of a blind index, None when it is new."""
    kid, digest = index
    query = sa.select(Contact).where(
        Contact.site_id == site_id, Contact.index_kid == kid, Contact.email_index == digest
    )
    return session.scalar(query)


def contact_of(session: Session, contact_id: int | None) -> Contact | None:
    """Return a contact by its row."""
    return None if contact_id is None else session.get(Contact, contact_id)


def of_contact(
    session: Session, contact_id: int, *, after: int = 0, limit: int
) -> Sequence[Comment]:
    """Return an author's comments beyond a row, oldest first, those taken back included."""
    query = sa.select(Comment).where(Comment.contact_id == contact_id, Comment.id > after)
    return session.scalars(query.order_by(Comment.id).limit(limit)).all()


def newest_of_contacts(session: Session, ids: Sequence[int]) -> Comment | None:
    """Return the newest comment by any of these contacts."""
    query = sa.select(Comment).where(Comment.contact_id.in_(ids), PRESENT)
    return session.scalar(query.order_by(Comment.id.desc()).limit(1))


def acquaintances(session: Session, ids: Sequence[int]) -> dict[int, Acquaintance]:
    """Return what is known of authors by the rows of their contacts; no sealed address is read."""
    query = sa.select(
        Contact.id, Contact.seen, Contact.approved, Contact.rejected, Contact.first_day
    ).where(Contact.id.in_(ids))
    return {row.id: Acquaintance(*row[1:]) for row in session.execute(query)}


def earlier_submission(
    session: Session, site_id: int, *, kind: str, key: bytes, since: datetime
) -> list[SubmissionKey]:
    """Return what was sent under that key since then; at most one per body."""
    query = sa.select(SubmissionKey).where(
        SubmissionKey.site_id == site_id,
        SubmissionKey.kind == kind,
        SubmissionKey.key == key,
        SubmissionKey.created_at >= since,
    )
    return list(session.scalars(query))


def public_id_of(session: Session, comment_id: int) -> str:
    """Return the public id of a comment's row."""
    return session.scalars(sa.select(Comment.public_id).where(Comment.id == comment_id)).one()


def forget_submissions(session: Session, comment_id: int) -> None:
    """Delete the submission keys that led to a comment."""
    session.execute(sa.delete(SubmissionKey).where(SubmissionKey.comment_id == comment_id))


def parent_id_of(session: Session, comment: Comment) -> str | None:
    """Return the public id of the comment that this one answers."""
    if comment.parent_id is None:
        return None
    return session.scalar(sa.select(Comment.public_id).where(Comment.id == comment.parent_id))

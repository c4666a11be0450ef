"""Questions about mail to moderators: whom to tell, of what, and who has which mail now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import (
    AtOnce,
    AuditEntry,
    AuditSeal,
    Comment,
    Decision,
    Endpoint,
    Event,
    EventCursor,
    EventType,
    Membership,
    Moderator,
    Notice,
    NoticeKind,
    Role,
    Site,
    Status,
    Thread,
    Watch,
)
from service.queries.comments import PRESENT
from service.queries.sites import insert_or_leave

FINE = "fine"  # a shelf
LOOKS = ("author.search", "comment.reveal")
# Written into the statement, not bound: SQLite uses the partial index only where it can read it.
IS_LOOK = AuditEntry.act.in_(sa.bindparam("looks", LOOKS, expanding=True, literal_execute=True))


@dataclass(frozen=True, slots=True)
class Told:
    """Whose mail it is and about which site.

    Args:
        role: his role there now.
    """

    watch: Watch
    moderator: Moderator
    site: Site
    role: Role


def cursors(session: Session) -> tuple[int, int]:
    """Return the last position given to an event, and the last seal of the audit log.

    Both are given out under a lock: whatever is committed later comes after them.
    """
    position = session.scalar(sa.select(EventCursor.position).where(EventCursor.id == 1)) or 0
    return position, session.scalar(sa.select(sa.func.max(AuditSeal.id))) or 0


def watches_of(session: Session, moderator_id: int) -> dict[int, Watch]:
    """Return what a moderator wants to hear, by site."""
    query = sa.select(Watch).where(Watch.moderator_id == moderator_id)
    return {watch.site_id: watch for watch in session.scalars(query)}


def owners(session: Session, site_id: int) -> Sequence[Moderator]:
    """Return the owners of a site, those whose account is shut left out."""
    query = (
        sa.select(Moderator)
        .join(Membership, Membership.moderator_id == Moderator.id)
        .where(Membership.site_id == site_id, Membership.role == Role.OWNER, Moderator.active)
    )
    return session.scalars(query.order_by(Moderator.id)).all()


def endpoint_told(session: Session, notice: Notice) -> Endpoint | None:
    """Return the endpoint that a mail tells of; None when it was removed meanwhile."""
    query = sa.select(Endpoint).where(
        Endpoint.public_id == notice.endpoint, Endpoint.removed_at.is_(None)
    )
    return session.scalar(query.execution_options(populate_existing=True))


def watch_made(session: Session, values: Mapping[str, Any]) -> Watch:
    """Return a moderator's watch of a site, locked; made of these values where there is none."""
    query = sa.select(Watch).where(
        Watch.moderator_id == values["moderator_id"], Watch.site_id == values["site_id"]
    )
    query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        insert_or_leave(session, Watch, dict(values))
        found = session.scalars(query).one()
    return found


def watches_for_change(session: Session, moderator_id: int) -> Sequence[Watch]:
    """Return all watches of a moderator, locked in one order."""
    query = sa.select(Watch).where(Watch.moderator_id == moderator_id).order_by(Watch.site_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()


def watch_by_public_id(session: Session, public_id: str, *, lock: bool = False) -> Watch | None:
    """Return the watch that a mailed link names."""
    query = sa.select(Watch).where(Watch.public_id == public_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def stir(session: Session, site_ids: Collection[int], first: datetime) -> None:
    """Let those who hear of these sites at once be told soon, if they are not to be already.

    Also a watch that is due already is written, and so locked: whoever is just taking it up must
    come before these events or after them, or its next mail would be forgotten.

    Args:
        first: when, unless it rests until later.
    """
    soon = sa.case((Watch.rest_until > first, Watch.rest_until), else_=first)
    query = (
        sa.update(Watch)
        .where(Watch.site_id.in_(site_ids), Watch.at_once != AtOnce.OFF)
        .values(due_at=sa.func.coalesce(Watch.due_at, soon))
    )
    session.execute(query, execution_options={"synchronize_session": False})


def watch_due(session: Session, now: datetime) -> bool:
    """Say whether somebody is to be told something: two looks that cost no lock."""
    return any(
        session.scalar(sa.select(Watch.site_id).where(due <= now).limit(1)) is not None
        for due in (Watch.due_at, Watch.digest_due_at)
    )


def watches_due(session: Session, now: datetime, limit: int) -> list[Told]:
    """Return watches that are due, locked; what a rival holds is left out."""
    query = (
        sa.select(Watch, Moderator, Site, Membership.role)
        .join(Moderator, Moderator.id == Watch.moderator_id)
        .join(Site, Site.id == Watch.site_id)
        .join(
            Membership,
            sa.and_(
                Membership.moderator_id == Watch.moderator_id,
                Membership.site_id == Watch.site_id,
            ),
        )
        .where(sa.or_(Watch.due_at <= now, Watch.digest_due_at <= now))
        .limit(limit)
        .with_for_update(of=Watch, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [Told(*row) for row in session.execute(query)]


def under_way(session: Session, watch: Watch, kind: NoticeKind) -> bool:
    """Say whether a mail of that kind still waits to be sent."""
    query = sa.select(Notice.id).where(
        Notice.moderator_id == watch.moderator_id,
        Notice.site_id == watch.site_id,
        Notice.kind == kind,
        Notice.due_at.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None


def last_notices(session: Session, moderator_id: int) -> dict[int, Notice]:
    """Return the newest mail to a moderator about each of his sites."""
    newest = (
        sa.select(sa.func.max(Notice.id))
        .where(Notice.moderator_id == moderator_id)
        .group_by(Notice.site_id)
    )
    rows = session.scalars(sa.select(Notice).where(Notice.id.in_(newest)))
    return {notice.site_id: notice for notice in rows}


def _to_tell(site_id: int, at_once: AtOnce, after: int, upto: int) -> list[sa.ColumnElement[bool]]:
    """Return what makes a comment one to tell of: it came, or its author's edit put it back."""
    put_back = sa.exists().where(
        Decision.comment_id == Event.comment_id,
        Decision.moderator_id.is_(None),
        Decision.after == Status.PENDING,
    )
    came = sa.select(Event.comment_id).where(
        Event.site_id == site_id,
        Event.position > after,
        Event.position <= upto,
        sa.or_(
            Event.type == EventType.CREATED,
            sa.and_(Event.type == EventType.EDITED, put_back),
        ),
    )
    # The site is asked of the events alone: asked of comments too, it leads SQLite to walk through
    # the whole queue for the few that came.
    found = [Comment.id.in_(came), Comment.status == Status.PENDING, PRESENT]
    return [*found, Comment.shelf == FINE] if at_once is AtOnce.FINE else found


def something_to_tell(session: Session, watch: Watch, upto: int) -> bool:
    """Say whether a comment waits that came since the last mail at once."""
    wanted = _to_tell(watch.site_id, watch.at_once, watch.position, upto)
    return session.scalar(sa.select(Comment.id).where(*wanted).limit(1)) is not None


def comments_to_tell(
    session: Session, notice: Notice, at_once: AtOnce, limit: int
) -> tuple[int, list[tuple[Comment, Thread]]]:
    """Return how many comments a mail tells of and still wait, and the oldest of them."""
    wanted = _to_tell(notice.site_id, at_once, notice.after, notice.upto)
    number = session.scalar(sa.select(sa.func.count()).select_from(Comment).where(*wanted)) or 0
    query = (
        sa.select(Comment, Thread)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(*wanted)
        .order_by(Comment.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return number, [(comment, thread) for comment, thread in session.execute(query)]


def verdicts_told(session: Session, notice: Notice) -> dict[EventType, int]:
    """Return how many comments were approved and called spam between a digest's cursors."""
    query = (
        sa.select(Event.type, sa.func.count(Event.comment_id.distinct()))
        .where(
            Event.site_id == notice.site_id,
            Event.position > notice.after,
            Event.position <= notice.upto,
            Event.type.in_((EventType.APPROVED, EventType.SPAM)),
        )
        .group_by(Event.type)
    )
    return dict(session.execute(query).all())


def looks_told(session: Session, notice: Notice) -> dict[str, int]:
    """Return how often readers' addresses were looked for and revealed between its seals."""
    query = (
        sa.select(AuditEntry.act, sa.func.count())
        .where(
            AuditEntry.site_id == notice.site_id,
            AuditEntry.seal_id > notice.seal_after,
            AuditEntry.seal_id <= notice.seal_upto,
            IS_LOOK,
        )
        .group_by(AuditEntry.act)
    )
    return dict(session.execute(query).all())


def notice_due(session: Session, now: datetime) -> bool:
    """Say whether a mail to a moderator is due: a look that costs no lock."""
    return session.scalar(sa.select(Notice.id).where(Notice.due_at <= now).limit(1)) is not None


def notice_with_all(session: Session, notice_id: int) -> tuple[Notice, Told] | None:
    """Return a mail with whose it is and about which site; None when his role ended meanwhile."""
    query = (
        sa.select(Notice, Watch, Moderator, Site, Membership.role)
        .join(
            Watch,
            sa.and_(Watch.moderator_id == Notice.moderator_id, Watch.site_id == Notice.site_id),
        )
        .join(Moderator, Moderator.id == Notice.moderator_id)
        .join(Site, Site.id == Notice.site_id)
        .join(
            Membership,
            sa.and_(
                Membership.moderator_id == Notice.moderator_id,
                Membership.site_id == Notice.site_id,
            ),
        )
        .where(Notice.id == notice_id)
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], Told(*row[1:]))


def watch_of_notice(session: Session, notice_id: int) -> Watch | None:
    """Return whose wish a mail answers, locked; None when his role ended meanwhile.

    Whoever changes both locks it before the mail, as the end of a role does.
    """
    named = sa.select(Notice.moderator_id, Notice.site_id).where(Notice.id == notice_id)
    query = sa.select(Watch).where(sa.tuple_(Watch.moderator_id, Watch.site_id).in_(named))
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def mark_notice(session: Session, notice_id: int, token: str, values: Mapping[str, Any]) -> bool:
    """Change a mail that we still hold; False when the lease was lost meanwhile."""
    query = (
        sa.update(Notice)
        .where(Notice.id == notice_id, Notice.token == token, Notice.due_at.is_not(None))
        .values(**values)
        .returning(Notice.id)
    )
    return session.execute(query).first() is not None


def drop_notice(session: Session, notice_id: int, token: str) -> None:
    """Delete a mail that has nothing left to say."""
    session.execute(sa.delete(Notice).where(Notice.id == notice_id, Notice.token == token))

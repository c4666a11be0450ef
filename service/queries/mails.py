"""Questions about mails: who wants them, which are due, who has them now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Contact, Mail, MailKind, Notice, Site, Subscription, Thread
from service.queries.housekeeping import SUBSCRIBED
from service.queries.sites import insert_or_leave


@dataclass(frozen=True, slots=True)
class Leased:
    """A mail that is ours now: all that is known of it before anything else of it is read.

    Args:
        row: of its table.
        attempt: which one this is, from 1.
    """

    row: int
    public_id: str
    attempt: int


def subscription_of(
    session: Session, comment_id: int, *, for_change: bool = False
) -> Subscription | None:
    """Return the subscription to mail about a comment."""
    query = sa.select(Subscription).where(Subscription.comment_id == comment_id)
    if for_change:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def active_subscriptions(
    session: Session, comment_ids: Collection[int]
) -> dict[int, tuple[Subscription, Comment]]:
    """Return the confirmed subscriptions of comments that still stand, by comment."""
    query = (
        sa.select(Subscription, Comment)
        .join(Comment, Comment.id == Subscription.comment_id)
        .where(
            Subscription.comment_id.in_(comment_ids),
            Subscription.confirmed_at.is_not(None),
            Subscription.ended_at.is_(None),
            Comment.withdrawn_at.is_(None),
            Comment.erased_at.is_(None),
        )
    )
    return {own.id: (subscription, own) for subscription, own in session.execute(query)}


def wants_mail(session: Session, contact_id: int) -> bool:
    """Say whether an author has confirmed that he wants mail, and has not ended it."""
    query = sa.select(Contact.id).where(Contact.id == contact_id, SUBSCRIBED)
    return session.scalar(query) is not None


def add_mail(session: Session, values: Mapping[str, Any]) -> None:
    """Put a mail into the box unless it lies there already."""
    insert_or_leave(session, Mail, {"token": "", "attempts": 0, "error": "", **values})


def lease(
    session: Session,
    box: type[Mail | Notice],
    *,
    now: datetime,
    until: datetime,
    token: str,
    limit: int,
) -> list[Leased]:
    """Lease mails of a box that are due, leaving out what a rival was faster to take."""
    free = (
        sa.select(box.id)
        .where(box.due_at <= now)
        .order_by(box.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        sa.update(box)
        .where(box.id.in_(free.scalar_subquery()))
        .values(due_at=until, token=token, attempts=box.attempts + 1)
        .returning(box.id, box.public_id, box.attempts)
    )
    return [Leased(*row) for row in sorted(session.execute(taken), key=lambda row: row.id)]


def mail_due(session: Session, now: datetime) -> bool:
    """Say whether a mail is due: a look that costs no lock."""
    return session.scalar(sa.select(Mail.id).where(Mail.due_at <= now).limit(1)) is not None


def mail_with_all(
    session: Session, mail_id: int
) -> tuple[Mail, Subscription, Contact, Site] | None:
    """Return a mail with whom it goes to and for which site; None when that is gone."""
    query = (
        sa.select(Mail, Subscription, Contact, Site)
        .join(Subscription, Subscription.id == Mail.subscription_id)
        .join(Contact, Contact.id == Subscription.contact_id)
        .join(Site, Site.id == Subscription.site_id)
        .where(Mail.id == mail_id)
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def comment_and_thread(session: Session, comment_id: int) -> tuple[Comment, Thread]:
    """Return a comment as it stands now, and where."""
    query = (
        sa.select(Comment, Thread)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.id == comment_id)
        .execution_options(populate_existing=True)
    )
    comment, thread = session.execute(query).one()
    return comment, thread


def mark_mail(session: Session, mail_id: int, token: str, values: Mapping[str, Any]) -> bool:
    """Change a mail that we still hold; False when the lease was lost meanwhile."""
    query = (
        sa.update(Mail)
        .where(Mail.id == mail_id, Mail.token == token, Mail.due_at.is_not(None))
        .values(**values)
        .returning(Mail.id)
    )
    return session.execute(query).first() is not None


def drop_mail(session: Session, mail_id: int, token: str) -> None:
    """Delete a mail that has nothing left to say."""
    session.execute(sa.delete(Mail).where(Mail.id == mail_id, Mail.token == token))


def drop_mails_about(session: Session, comment_id: int) -> None:
    """Delete every mail that tells of a comment, and the wish for mail about it."""
    session.execute(sa.delete(Mail).where(Mail.comment_id == comment_id))
    session.execute(sa.delete(Subscription).where(Subscription.comment_id == comment_id))


def stop_mails(session: Session, subscription_id: int, *kinds: MailKind) -> None:
    """Delete what was not sent yet for a subscription."""
    unsent = sa.delete(Mail).where(
        Mail.subscription_id == subscription_id, Mail.sent_at.is_(None), Mail.kind.in_(kinds)
    )
    session.execute(unsent)

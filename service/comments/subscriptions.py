"""The deeds round an author's wish for mail: asked for, confirmed from the mailbox, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from models import (
    Comment,
    Contact,
    Event,
    EventType,
    MailKind,
    Site,
    Status,
    Subscription,
    Thread,
)
from service import privacy
from service.comments.sealed import address_kept
from service.db import db, transaction
from service.errors import NotFoundError, TooManyError
from service.house import House
from service.pace import Pace, take_turn
from service.queries import comments, mails
from service.queries.outbox import lease_clock
from service.queries.readers import public_by_rows
from service.text.language import said

UNKNOWN = said(
    "This link belongs to no comment, or it was cut off. Copy the whole link and try again."
)
TOO_LATE = said("This link is too old. Comment again and ask for mail there.")
CONFIRM_WITHIN = timedelta(days=7)
QUESTIONS = Pace(burst=3, per_minute=3 / (24 * 60))
"""How often one address is asked whether it wants mail: three times a day. Nobody shall be
flooded with our questions because somebody else types his address."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription as its link shows it."""

    subscription: Subscription
    comment: Comment
    thread: Thread
    site: Site


def subscribe(session: Session, house: House, comment: Comment, contact: Contact | None) -> None:
    """Ask an author, by mail, whether he wants mail about a comment; in submit's transaction.

    Not for what a rule filed away or a honeypot caught: a machine's comment must send nobody
    mail. An address asked too often lately is left in peace; the comment is taken all the same.
    """
    if not house.settings.sends_mail or contact is None:
        return
    if not address_kept(session, house, contact):
        return
    if comment.status is not Status.PENDING or comment.signals.get("honeypot"):
        return
    key = privacy.fingerprint(b"mail|" + contact.uid, house.ring)[:16]
    try:
        take_turn(session, key, QUESTIONS, house.now())
    except TooManyError:
        return
    subscription = Subscription(
        site_id=comment.site_id,
        comment_id=comment.id,
        contact_id=contact.id,
        made_at=house.now(),
    )
    session.add(subscription)
    session.flush()
    _post(session, house, subscription, MailKind.CONFIRM, comment.id)


def mails_for(session: Session, house: House, events: Sequence[Event]) -> None:
    """Write the mails that released events lead to, in the transaction that releases them."""
    if not house.settings.sends_mail:
        return
    approved = [one.comment_id for one in events if one.type is EventType.APPROVED]
    public = public_by_rows(session, [row for row in approved if row is not None])
    if not public:
        return
    parents = {one.parent_id for one in public.values() if one.parent_id is not None}
    wishes = mails.active_subscriptions(session, public.keys() | parents)
    for comment in public.values():
        own = wishes.get(comment.id)
        if own is not None:
            _post(session, house, own[0], MailKind.PUBLISHED, comment.id)
        above = wishes.get(comment.parent_id or 0)
        if above is not None and above[0].contact_id != comment.contact_id:
            _post(session, house, above[0], MailKind.REPLY, comment.id)


def look(house: House, token: str) -> Wish:
    """Return the subscription of a mailed link; changes nothing.

    Raises:
        NotFoundError: the link is not one of ours, or the comment was erased.
    """
    return _wish(db.session(), house, token)


def confirm(house: House, token: str) -> Wish:
    """Let mail go out from now on. Done twice is done.

    Raises:
        NotFoundError: the link is not one of ours, or too old.
    """
    with transaction() as session:
        wish = _wish(session, house, token)
        subscription, comment = wish.subscription, wish.comment
        if subscription.confirmed_at is None:
            if house.now() - subscription.made_at > CONFIRM_WITHIN:
                raise NotFoundError(TOO_LATE)
            subscription.confirmed_at, subscription.ended_at = house.now(), None
            if comment.is_public:
                # The moderator may still take it back, as with every decision.
                hold = timedelta(seconds=house.settings.undo_hold)
                _post(session, house, subscription, MailKind.PUBLISHED, comment.id, hold=hold)
    house.wake()
    return wish


def unsubscribe(house: House, token: str) -> Wish:
    """Let no more mail go out about a comment. Done twice is done.

    Raises:
        NotFoundError: the link is not one of ours, or the comment was erased.
    """
    with transaction() as session:
        wish = _wish(session, house, token)
        end(session, house, wish.comment)
    return wish


def end(session: Session, house: House, comment: Comment) -> None:
    """End a comment's subscription inside the caller's transaction, if there is one."""
    subscription = mails.subscription_of(session, comment.id, for_change=True)
    if subscription is not None and subscription.ended_at is None:
        subscription.ended_at = house.now()
        mails.stop_mails(session, subscription.id, *MailKind)


def _wish(session: Session, house: House, token: str) -> Wish:
    public_id = privacy.read_mail_token(token, house.ring)
    comment = None
    if public_id is not None:
        comment = comments.comment_by_public_id(session, public_id)
    subscription = None if comment is None else mails.subscription_of(session, comment.id)
    if comment is None or subscription is None:
        raise NotFoundError(UNKNOWN)
    return Wish(
        subscription,
        comment,
        session.get_one(Thread, comment.thread_id),
        session.get_one(Site, comment.site_id),
    )


def _post(
    session: Session,
    house: House,
    subscription: Subscription,
    kind: MailKind,
    comment_id: int,
    *,
    hold: timedelta = timedelta(),
) -> None:
    mails.add_mail(
        session,
        {
            "public_id": f"mail_{house.token(26)}",
            "subscription_id": subscription.id,
            "kind": kind,
            "comment_id": comment_id,
            "made_at": house.now(),
            "due_at": lease_clock(session, house.now()) + hold,
        },
    )

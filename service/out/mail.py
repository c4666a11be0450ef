"""Mail to authors: claimed by lease, written, sent, marked."""

from dataclasses import replace

from sqlalchemy.orm import Session

from models import Comment, Contact, Mail, MailKind, Subscription
from service.comments.sealed import open_address
from service.db import db, transaction
from service.house import House
from service.mail.letters import Occasion, letter_of
from service.out.smtp import Envelope, MailError, claimed, outcome, post_one
from service.privacy import EmailAddress, SealError
from service.queries import mails as queries
from service.queries.outbox import lease_clock


def due(house: House, session: Session) -> bool:
    """Say whether a mail is due."""
    return queries.mail_due(session, lease_clock(session, house.now()))


def claim(house: House) -> list[Envelope]:
    """Lease the mails that are due and write each as things stand now; none when there are none."""
    if not due(house, db.session()):
        return []
    return claimed(house, Mail, _write)


def _write(house: House, session: Session, blank: Envelope) -> Envelope:
    """Fill in an envelope; without a letter where he may or will not hear of it any more."""
    row = queries.mail_with_all(session, blank.row)
    if row is None:
        return blank
    mail, subscription, contact, site = row
    own, thread = queries.comment_and_thread(session, subscription.comment_id)
    told, _ = queries.comment_and_thread(session, mail.comment_id)
    if not _wanted(mail, subscription, own, told):
        return blank
    letter = letter_of(house, Occasion(mail.kind, site, thread, own, told))
    return replace(blank, sender=site.name, to=_opened(session, house, contact), letter=letter)


def _wanted(mail: Mail, subscription: Subscription, own: Comment, told: Comment) -> bool:
    if mail.kind is MailKind.CONFIRM:
        return not own.gone and subscription.confirmed_at is None
    return told.is_public and not own.gone and subscription.active


def _opened(session: Session, house: House, contact: Contact) -> EmailAddress | None:
    try:
        return open_address(session, house, contact)
    except SealError:
        return None


def post(house: House, envelope: Envelope) -> None:
    """Send one claimed mail and write down what came of it."""
    post_one(house, envelope, queries.drop_mail, _marked)


def _marked(house: House, envelope: Envelope, error: MailError | None) -> bool:
    with transaction() as session:
        values = outcome(envelope, error, lease_clock(session, house.now()))
        return queries.mark_mail(session, envelope.row, envelope.token, values)

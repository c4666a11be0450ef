"""Mail to authors: claimed by lease, written, sent, marked."""

from datetime import timedelta

from sqlalchemy.orm import Session

from models import Contact, Mail, MailKind, Site, Subscription
from service import privacy
from service.db import db, transaction
from service.house import House
from service.letters import Occasion, letter_of
from service.out.smtp import Envelope, MailError, batch, outcome, post_one
from service.privacy import EmailAddress, SealError
from service.queries import mails as queries
from service.queries.outbox import lease_clock


def due(house: House, session: Session) -> bool:
    """Say whether a mail is due."""
    return queries.mail_due(session, lease_clock(session, house.now()))


def claim(house: House) -> list[Envelope]:
    """Lease the mails that are due and write them; none when there are none."""
    if not due(house, db.session()):
        return []
    token = house.token(32)
    with transaction() as session:
        now = lease_clock(session, house.now())
        until = now + timedelta(seconds=house.settings.mail_lease)
        ids = queries.lease_mails(
            session, now=now, until=until, token=token, limit=batch(house.settings)
        )
        rows = queries.mails_with_all(session, ids)
        return [_envelope(house, token, *row) for row in rows]


def _envelope(
    house: House, token: str, mail: Mail, subscription: Subscription, contact: Contact, site: Site
) -> Envelope:
    session = db.session()
    own, thread = queries.comment_and_thread(session, subscription.comment_id)
    told, _ = queries.comment_and_thread(session, mail.comment_id)
    if mail.kind is MailKind.CONFIRM:
        wanted = not own.gone and subscription.confirmed_at is None
    else:
        wanted = told.is_public and not own.gone and subscription.active
    occasion = Occasion(mail.kind, site, thread, own, told)
    return Envelope(
        row=mail.id,
        token=token,
        public_id=mail.public_id,
        attempt=mail.attempts,
        sender=site.name,
        to=_opened(house, contact),
        letter=letter_of(house, occasion) if wanted else None,
    )


def _opened(house: House, contact: Contact) -> EmailAddress | None:
    if contact.email_sealed is None:
        return None
    try:
        return privacy.open_sealed(
            contact.email_sealed, site_id=contact.site_id, uid=contact.uid, ring=house.ring
        )
    except SealError:
        return None


def post(house: House, envelope: Envelope) -> None:
    """Send one claimed mail and write down what came of it."""
    post_one(house, envelope, queries.drop_mail, _marked)


def _marked(house: House, envelope: Envelope, error: MailError | None) -> bool:
    with transaction() as session:
        values = outcome(envelope, error, lease_clock(session, house.now()))
        return queries.mark_mail(session, envelope.row, envelope.token, values)

"""Mail to authors: claimed by lease, written, sent through the operator's server, marked."""

import logging
import random
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from config import Settings
from models import Contact, Mail, MailKind, Site, Subscription
from service import privacy
from service.db import db, transaction
from service.errors import UnavailableError
from service.house import House
from service.letters import Letter, Occasion, letter_of
from service.privacy import EmailAddress, SealError
from service.queries import mails as queries
from service.queries.outbox import lease_clock

log = logging.getLogger("gatepost.out")

BATCH = 20
SCHEDULE = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
JITTER = 0.1
PERMANENT = 500  # SMTP replies from here on are final (RFC 5321)

Context = Callable[[], AbstractContextManager[Any]]


class MailError(Exception):
    """A mail did not go out; the text names no address.

    Args:
        final: another try would end the same way.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that is ours until the lease ends; all it needs to be sent.

    Args:
        to: None when the address is kept no longer.
        letter: None when there is nothing left to say: the comment is gone meanwhile.
    """

    mail_id: int
    token: str
    public_id: str
    attempt: int
    sender: str
    to: EmailAddress | None
    letter: Letter | None


def claim(house: House) -> list[Envelope]:
    """Lease the mails that are due and write them; none when there are none."""
    reading = db.session()
    if not queries.mail_due(reading, lease_clock(reading, house.now())):
        return []
    token = house.token(32)
    with transaction() as session:
        now = lease_clock(session, house.now())
        until = now + timedelta(seconds=house.settings.mail_lease)
        ids = queries.lease_mails(session, now=now, until=until, token=token, limit=BATCH)
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
        mail_id=mail.id,
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


def message_of(settings: Settings, envelope: Envelope, letter: Letter, now: Any) -> EmailMessage:
    """Return the mail as it goes over the wire."""
    message = EmailMessage(policy=SMTP)
    host = settings.mail_from.rpartition("@")[2]
    message["From"] = Address(_line(envelope.sender), addr_spec=settings.mail_from)
    message["To"] = envelope.to.reveal() if envelope.to is not None else ""
    message["Subject"] = _line(letter.subject)
    message["Date"] = format_datetime(now)
    # The same on every attempt, so that a mailbox that got it twice shows it once.
    message["Message-ID"] = f"<{envelope.public_id}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.stop is not None:
        message["List-Unsubscribe"] = f"<{letter.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.plain)
    message.add_alternative(letter.html, subtype="html")
    return message


def _line(text: str) -> str:
    return " ".join(text.split())


def send(settings: Settings, message: EmailMessage) -> None:
    """Hand a mail to the operator's server, within `smtp_deadline` seconds in all.

    Raises:
        MailError: the server could not be reached, or did not take it.
    """
    try:
        with _connected(settings) as server:
            # A server that answers a byte at a time must not hold us past the deadline.
            watch = threading.Timer(settings.smtp_deadline, server.close)
            watch.start()
            try:
                _deliver(settings, server, message)
            finally:
                watch.cancel()
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise MailError(f"refused with {max(codes)}", final=min(codes) >= PERMANENT) from None
    except smtplib.SMTPNotSupportedError:
        raise MailError("the server cannot do what this mail needs", final=True) from None
    except smtplib.SMTPDataError as error:
        final = error.smtp_code >= PERMANENT
        raise MailError(f"refused with {error.smtp_code}", final=final) from None
    except smtplib.SMTPResponseException as error:
        # Greeting, sign-in, sender: the operator's to mend, so the mail waits.
        raise MailError(f"the server answered {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(type(error).__name__) from None


def _connected(settings: Settings) -> smtplib.SMTP:
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(
            settings.smtp_host,
            settings.smtp_port,
            timeout=settings.smtp_deadline,
            context=ssl.create_default_context(),
        )
    return smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_deadline)


def _deliver(settings: Settings, server: smtplib.SMTP, message: EmailMessage) -> None:
    if settings.smtp_security == "starttls":
        server.starttls(context=ssl.create_default_context())
    if settings.smtp_user:
        server.login(settings.smtp_user, settings.smtp_password)
    server.send_message(message)


def post(house: House, envelope: Envelope) -> None:
    """Send one claimed mail and write down what came of it."""
    if envelope.letter is None:
        with transaction() as session:
            queries.drop_mail(session, envelope.mail_id, envelope.token)
        return
    error: MailError | None = None
    if envelope.to is None:
        error = MailError("the address is kept no longer", final=True)
    else:
        message = message_of(house.settings, envelope, envelope.letter, house.now())
        try:
            send(house.settings, message)
        except MailError as failed:
            error = failed
    _mark(house, envelope, error)


def _mark(house: House, envelope: Envelope, error: MailError | None) -> None:
    with transaction() as session:
        now = lease_clock(session, house.now())
        values: dict[str, Any] = {"due_at": None, "sent_at": now, "error": ""}
        if error is not None:
            values = {"due_at": None, "error": str(error)[:200]}
            if not error.final and envelope.attempt <= len(SCHEDULE):
                wait = SCHEDULE[envelope.attempt - 1]
                values["due_at"] = now + wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
        held = queries.mark_mail(session, envelope.mail_id, envelope.token, values)
    state = "sent" if error is None else str(error)
    log.info(
        "mail attempted",
        extra={
            "event": envelope.public_id,
            "attempt": envelope.attempt,
            "state": state,
            "held": held,
        },
    )


class Postman:
    """Sends mail in a thread of its own, so that a slow server keeps no webhook waiting.

    Args:
        context: makes the application context that a database session needs.
        house: clock, keys, settings.
    """

    def __init__(self, context: Context, house: House) -> None:
        self.context = context
        self.house = house
        self._thread: threading.Thread | None = None
        self._stopping = False

    def round(self, _house: House) -> int:
        """Begin a round unless one is under way; return 0, as there is no more to do."""
        if not self.house.settings.sends_mail or self._stopping or self._busy():
            return 0
        reading = db.session()
        if queries.mail_due(reading, lease_clock(reading, self.house.now())):
            self._thread = threading.Thread(target=self._run, name="mail", daemon=True)
            self._thread.start()
        return 0

    def stop(self) -> None:
        """Begin nothing more; what is being sent is waited for, the rest falls due again."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(self.house.settings.smtp_deadline)

    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self.context():
                for envelope in claim(self.house):
                    if self._stopping:
                        return
                    post(self.house, envelope)
        except UnavailableError:
            log.warning("mail could not be marked")
        except Exception:
            # Nobody asks the thread how it went.
            log.exception("a round of mail failed")

"""The operator's mail server: one mail handed to it, and what follows from its answer."""

import logging
import random
import smtplib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from config import Settings
from models import Mail, Notice
from service.db import transaction
from service.errors import UnavailableError
from service.house import House
from service.mail.letters import Letter
from service.privacy import EmailAddress
from service.queries.mails import Leased, lease
from service.queries.outbox import lease_clock

log = logging.getLogger("gatepost.out")

BATCH = 20
SCHEDULE = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
JITTER = 0.1
PERMANENT = 500  # SMTP replies from here on are final (RFC 5321)
INTERNAL = "internal fault of Gatepost, told in its log"


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
        row: of its table.
        sender: the name it comes from.
        to: None when the address is kept no longer.
        letter: None when there is nothing left to say, as what it tells of is gone meanwhile.
        unwritten: our own fault kept it from being written.
    """

    row: int
    token: str
    public_id: str
    attempt: int
    sender: str = ""
    to: EmailAddress | None = None
    letter: Letter | None = None
    unwritten: bool = False


def _batch(settings: Settings) -> int:
    """Return how many mails one lease is long enough for, however slow the server is."""
    return min(BATCH, max(1, int(settings.mail_lease // settings.smtp_deadline)))


def claimed(
    house: House, box: type[Mail | Notice], write: Callable[[House, Session, Envelope], Envelope]
) -> list[Envelope]:
    """Lease the mails of a box that are due and write each as things stand now.

    The leases are committed before: what cannot be written uses up its own attempts, and the
    others go out meanwhile.

    Args:
        write: fills in an envelope, in a transaction of its own.
    """
    token, settings = house.token(32), house.settings
    with transaction() as session:
        now = lease_clock(session, house.now())
        until = now + timedelta(seconds=settings.mail_lease)
        leased = lease(session, box, now=now, until=until, token=token, limit=_batch(settings))
    return [_written(token, one, partial(write, house)) for one in leased]


def _written(
    token: str, leased: Leased, write: Callable[[Session, Envelope], Envelope]
) -> Envelope:
    blank = Envelope(leased.row, token, leased.public_id, leased.attempt)
    if _one_too_many(blank):  # perhaps it is the writing that takes its process down each time
        return replace(blank, unwritten=True)
    try:
        with transaction() as session:
            return write(session, blank)
    except UnavailableError:
        raise
    except Exception:
        # Our own fault: it counts as an attempt, or this mail would be the first for ever.
        log.exception("a mail could not be written", extra=names(blank))
        return replace(blank, unwritten=True)


def message_of(
    settings: Settings, envelope: Envelope, letter: Letter, now: datetime
) -> EmailMessage:
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


def _one_too_many(envelope: Envelope) -> bool:
    return envelope.attempt > len(SCHEDULE) + 1


def tried(house: House, envelope: Envelope) -> MailError | None:
    """Send a mail; return why it did not go out, None when it did."""
    if _one_too_many(envelope):
        return MailError("no attempt came to an end")
    if envelope.letter is None:
        return MailError(INTERNAL)
    if envelope.to is None:
        return MailError("the address is kept no longer", final=True)
    try:
        message = message_of(house.settings, envelope, envelope.letter, house.now())
        send(house.settings, message)
    except MailError as failed:
        return failed
    except Exception:
        # Our own fault, and it still counts as an attempt: else it repeats for ever.
        log.exception("a mail could not be sent", extra=names(envelope))
        return MailError(INTERNAL)
    return None


def outcome(envelope: Envelope, error: MailError | None, now: datetime) -> dict[str, Any]:
    """Return what is written down of an attempt: sent, to be tried again, or given up."""
    if error is None:
        return {"due_at": None, "sent_at": now, "error": ""}
    due = None
    if not error.final and envelope.attempt <= len(SCHEDULE):
        wait = SCHEDULE[envelope.attempt - 1]
        due = now + wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    return {"due_at": due, "error": str(error)[:200]}


def _outcome(envelope: Envelope, error: MailError | None) -> str:
    if error is None:
        return "sent"
    return "given_up" if error.final or envelope.attempt > len(SCHEDULE) else "again"


def names(envelope: Envelope) -> dict[str, object]:
    """Return what a line of the log says of a mail; never an address."""
    return {"event": envelope.public_id, "attempt": envelope.attempt}


def _log_attempt(envelope: Envelope, error: MailError | None, *, held: bool) -> None:
    state = "sent" if error is None else str(error)
    log.info("mail attempted", extra={**names(envelope), "state": state, "held": held})


def post_one(
    house: House,
    envelope: Envelope,
    drop: Callable[[Session, int, str], None],
    mark: Callable[[House, Envelope, MailError | None], bool],
) -> None:
    """Send one claimed mail and write down what came of it, whoever it goes to.

    Args:
        drop: forgets the row of one that has nothing left to say.
        mark: writes an attempt down; False when the lease was lost.
    """
    if envelope.letter is None and not envelope.unwritten:
        with transaction() as session:
            drop(session, envelope.row, envelope.token)
        return
    error = tried(house, envelope)
    held = mark(house, envelope, error)
    house.meter.mailed(_outcome(envelope, error))
    _log_attempt(envelope, error, held=held)

"""The thread that sends all mail, so that a slow server keeps no webhook waiting."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from service.db import db
from service.errors import UnavailableError
from service.house import House
from service.out import mail, notices
from service.out.smtp import Envelope, names

log = logging.getLogger("gatepost.out")

Context = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Box:
    """One kind of mail: whether some is due, how it is claimed, and how it is posted."""

    due: Callable[[House, Session], bool]
    claim: Callable[[House], list[Envelope]]
    post: Callable[[House, Envelope], None]


BOXES = (
    Box(mail.due, mail.claim, mail.post),
    Box(notices.due, notices.claim, notices.post),
)
"""To authors, and to moderators."""


class Postman:
    """Sends mail in a thread of its own.

    Args:
        context: makes the application context that a database session needs.
        house: clock, keys, settings.
    """

    def __init__(self, context: Context, house: House) -> None:
        self.context = context
        self.house = house
        self._thread: threading.Thread | None = None
        self._busy = False
        self._stopping = False

    def round(self, _house: House) -> int:
        """Begin a round unless one is under way; return 0, as there is no more to do."""
        if not self.house.settings.sends_mail or self._stopping or self._busy:
            return 0
        if any(box.due(self.house, db.session()) for box in BOXES):
            self._busy = True
            self._thread = threading.Thread(target=self._run, name="mail", daemon=True)
            self._thread.start()
        return 0

    def stop(self) -> None:
        """Begin nothing more; what is being sent is waited for, the rest falls due again."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(self.house.settings.smtp_deadline)

    def _run(self) -> None:
        try:
            # In turn, so that none waits until the other is empty.
            while sum(self._some_sent(box) for box in BOXES):
                pass
        except UnavailableError:
            log.warning("mail could not be marked")
        finally:
            self._busy = False
            if not self._stopping:
                self.house.wake()  # what came at the very end found this round under way

    def _some_sent(self, box: Box) -> bool:
        """Send what one lease is long enough for; say whether there was any."""
        with self.context():
            envelopes = _claimed(self.house, box)
            for envelope in envelopes:
                if self._stopping:
                    return False
                _post(self.house, box, envelope)
        return bool(envelopes) and not self._stopping


def _claimed(house: House, box: Box) -> list[Envelope]:
    try:
        return box.claim(house)
    except UnavailableError:
        raise
    except Exception:
        # Nobody asks the thread how it went, and the other box shall be emptied all the same.
        log.exception("mail could not be claimed")
        return []


def _post(house: House, box: Box, envelope: Envelope) -> None:
    try:
        box.post(house, envelope)
    except UnavailableError:
        raise
    except Exception:
        # It falls due again when its lease ends; the others of the lease need not wait for that.
        log.exception("a mail could not be marked", extra=names(envelope))

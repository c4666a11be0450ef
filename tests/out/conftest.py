"""What the tests of the doors out may ask for."""

import logging
import queue

import pytest

from tests.databases import bare_app
from tests.out.mailbox import Mailbox
from tests.out.post_office import PostOffice
from tests.out.receiver import PATIENCE, Receiver


@pytest.fixture
def receiver():
    """A receiver on loopback."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def office(database_url, clock):
    """A house with an outbox, once on each kind of database."""
    with bare_app(database_url) as app:
        yield PostOffice(app, database_url, clock)


class Journal(logging.Handler):
    """The lines of `gatepost.out`, to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[logging.LogRecord] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.put(record)

    def wait_for(self, message: str, number: int = 1) -> list[logging.LogRecord]:
        """The next `number` lines with this message; others are passed over."""
        found: list[logging.LogRecord] = []
        while len(found) < number:
            line = self.lines.get(timeout=PATIENCE)
            if line.getMessage() == message:
                found.append(line)
        return found

    def all(self) -> list[logging.LogRecord]:
        """The lines so far."""
        found: list[logging.LogRecord] = []
        while not self.lines.empty():
            found.append(self.lines.get())
        return found


@pytest.fixture
def journal():
    """What the doors out log from now on."""
    kept = Journal()
    logger = logging.getLogger("gatepost.out")
    before = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(before)


@pytest.fixture
def mailbox():
    """A mail server on loopback."""
    with Mailbox() as box:
        yield box


@pytest.fixture
def make_house(make_app, mailbox):
    """Makes an application that sends its mail to the mailbox."""

    def make(url, **settings):
        values = {
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "mail_from": "comments@service.example",
            **settings,
        }
        return make_app(url, **values)

    return make

"""A real SMTP server on loopback that keeps what it is sent, and can be told to refuse."""

import email
import email.policy
import queue

from aiosmtpd.controller import Controller

from tests.serving import free_port

PATIENCE = 20  # seconds


class Mailbox:
    """Where mails arrive."""

    def __init__(self):
        self.mails = queue.Queue()
        self.answers = []
        """Replies for the next mails instead of taking them."""
        self.recipients = []
        """Replies for the next recipients instead of taking them."""
        self.port = free_port()
        self._controller = None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.recipients:
            return self.recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.put((envelope.rcpt_tos, message))
        return "250 OK"

    def open(self):
        """Begin to listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self):
        """Stop to listen."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_error):
        self.close()

    def next(self):
        """The next mail, waited for: its message."""
        return self.mails.get(timeout=PATIENCE)[1]

    @property
    def empty(self):
        """Whether nothing came."""
        return self.mails.empty()


def plain(message):
    """A mail's words as plain text."""
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def links(message):
    """The addresses in a mail's plain text, in order."""
    return [line for line in plain(message).splitlines() if line.startswith("http")]

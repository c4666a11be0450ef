"""An outbox whose site has owners with a mailbox, and time that goes by in it."""

from datetime import timedelta

from models import Endpoint, Role
from service.out import health, outbox
from service.web.context import HOUSE
from service.webhooks import endpoints
from tests.building import join, make_moderator
from tests.out.post_office import PostOffice
from tests.out.wishes import run as send_mail


class Owned(PostOffice):
    """A post office with two owners, Ana and Ines, and Eve, who only moderates.

    `tried` has (moment, event, attempt, result) of every attempt, by the house's clock.
    """

    def __init__(self, app, url, clock, mailbox) -> None:
        super().__init__(
            app,
            url,
            clock,
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="none",
            mail_from="comments@service.example",
        )
        self.mailbox = mailbox
        self.tried = []
        app.extensions[HOUSE] = self.house
        for name, role in (("Ana", Role.OWNER), ("Ines", Role.OWNER), ("Eve", Role.MODERATOR)):
            join(app, make_moderator(app, name), self.site, role)

    def look(self, house=None) -> int:
        """Look after the endpoints once."""
        with self.app.app_context():
            return health.look_after(house or self.house)

    def work(self, result=None) -> None:
        """Do all that is due now, with this result or by really sending."""
        self.release()
        while claimed := self.claim():
            for one in claimed:
                came = result or self.send(one)
                self.tried.append((self.clock(), one.event_id, one.attempt, came))
                self.mark(one, came)
        self.look()

    def live(self, hours: float, result=None) -> None:
        """Let time go by, doing whatever falls due when it does."""
        end = self.clock() + timedelta(hours=hours)
        while True:
            self.work(result)
            left = (end - self.clock()).total_seconds()
            wait = min([left, *self._coming()])
            if wait >= left:
                self.elapse(left)
                return
            self.elapse(wait + 0.01)

    def _coming(self):
        with self.app.app_context():
            seconds = outbox.seconds_to_next(self.house)
        checks = [one.check_at for one in self.rows(Endpoint) if one.check_at is not None]
        marks = [(check - self.now()).total_seconds() for check in checks]
        return [max(0.0, one) for one in ([] if seconds is None else [seconds]) + marks]

    def told(self) -> list[str]:
        """The subjects of the mails that went out since one asked last, and to how many each."""
        send_mail(self.app)
        found = []
        while not self.mailbox.empty:
            found.append(self.mailbox.next()["Subject"])
        return found

    def deed(self, name, *arguments, **more):
        """Do an owner's deed to the only endpoint."""
        with self.app.app_context():
            public_id = self.the(Endpoint).public_id
            return getattr(endpoints, name)(self.house, self.site, public_id, *arguments, **more)

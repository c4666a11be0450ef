"""Who comes in at once and who waits his turn: what holds up bots and refuses no person for good.

Waiting is always enough: a ticket frees from it sooner, and a proof of work at once.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from models import Site
from service import privacy
from service.errors import TooManyError
from service.house import House
from service.intake.alarm import Alarm, alarm_of
from service.intake.tickets import Ticket, check, issue, spend, spent
from service.intake.work import challenge, solved
from service.pace import Pace, take_turn, turn_in
from service.text.language import said

NETWORKS = 4
"""Into how many parts the slow lane falls: one network that floods it gets no more than one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a submission has to show.

    Args:
        alarm: the site's level when it came.
        ticket: its ticket; None = none that counts.
        proved: a proof of work was solved for that ticket.
        quick: it came sooner after the ticket than people type, and proved nothing.
    """

    alarm: Alarm
    ticket: Ticket | None
    proved: bool
    quick: bool

    @property
    def waits(self) -> bool:
        """Whether it has to take a turn in the site's slow lane."""
        if self.alarm is Alarm.CALM or self.proved:
            return False
        return self.alarm is Alarm.WORK or self.ticket is None or self.quick

    def signals(self) -> dict[str, Any]:
        """Return what is recorded of it: `ticket_age` in seconds, `quick`, `alarm`."""
        return {
            "ticket_age": self._age(),
            "quick": self.quick,
            "alarm": self.alarm.value,
        }

    def _age(self) -> float | None:
        # A ticket that came with a challenge may be younger than the form: of that it says nothing.
        if self.ticket is None or self.proved:
            return None
        return round(self.ticket.age, 1)


def standing_of(
    session: Session, house: House, site: Site, page: str, text: str, proof: str
) -> Standing:
    """Judge what a submission has to show; changes nothing.

    Whether its ticket was used before turns out when it is let in.

    Args:
        page: canonical page key it is for.
        text: its form's ticket, as sent.
        proof: a solved challenge, as sent.
    """
    ticket = check(house, site.id, page, text)
    proved = ticket is not None and solved(house, text, proof)
    hurried = ticket is not None and ticket.age < house.settings.quick_seconds
    return Standing(alarm_of(session, house, site), ticket, proved, hurried and not proved)


def admit(
    session: Session, house: House, site_id: int, standing: Standing, network: bytes
) -> Standing:
    """Let a submission in and use its ticket up; return what it really had to show.

    Args:
        network: keyed digest of the sender's network and day; empty = not known: only the slow
            lane holds it up.

    Raises:
        TooManyError: its network sent too many, or it waits in the slow lane and must come again;
            the ticket is then not used up.
    """
    settings = house.settings
    pace = Pace(settings.submissions_burst, settings.submissions_per_minute)
    if network:
        take_turn(session, network, pace, house.now())
    if standing.ticket is not None and not spend(session, standing.ticket):
        standing = replace(standing, ticket=None, proved=False, quick=False)
    if standing.waits:
        _take_slow_turn(session, house, site_id, network)
    return standing


def _take_slow_turn(session: Session, house: House, site_id: int, network: bytes) -> None:
    slow, now = house.settings.slow_per_minute, house.now()
    lane = f"slow|{site_id}".encode()
    own = _key(house, lane + b"|" + network)
    seconds = max(
        turn_in(session, own, Pace(1, slow / NETWORKS), now),
        turn_in(session, _key(house, lane), Pace(slow, slow), now),
    )
    if seconds:
        seconds = max(seconds, 2)  # "in 1 seconds" is no sentence
        raise TooManyError(
            said(
                "Many comments are being sent just now. Yours is not lost: send it again in"
                " %(seconds)s seconds.",
                seconds=seconds,
            ),
            retry_after=seconds,
        )


def _key(house: House, name: bytes) -> bytes:
    return privacy.fingerprint(name, house.ring)[:16]


def ticket_for(session: Session, house: House, site_id: int, page: str, held: str = "") -> str:
    """Return a ticket for a form of this page.

    Args:
        held: the one it has already; kept while it is good, so that the form keeps its age.
    """
    ticket = check(house, site_id, page, held)
    if ticket is not None and not spent(session, ticket):
        return held
    return issue(house, site_id, page)


def challenge_for(session: Session, house: House, site: Site, ticket: str) -> dict[str, Any] | None:
    """Return a challenge for this ticket while the site asks for work, else None."""
    if alarm_of(session, house, site) is not Alarm.WORK:
        return None
    return challenge(house, ticket)

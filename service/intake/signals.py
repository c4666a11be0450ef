"""What is seen outside a comment's text: pace, acquaintance, campaigns; recorded as features."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Contact, Site, Thread
from models.spam import Document
from models.spam.site.memory import trace_of
from service import privacy
from service.house import House
from service.intake.throwaway import is_throwaway
from service.learning.learned import active_residual, recall_of, remembered
from service.pace import Pace, tokens_used
from service.privacy import EmailAddress
from service.queries import comments, lessons
from service.records.shelving import marks_of
from service.text.scoring import Surroundings

CROWD_WINDOW = timedelta(minutes=10)
CROWD_MOST = 50
MEMORY = "memory"
"""What the campaign memory said."""
OF_OTHERS = frozenset({MEMORY, "new_host", "thread_rate", "network_rate", "alarm", "rules"})
"""Signals that tell of other people's comments or of the site's rules: never exported."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a comment, as far as it shows.

    Args:
        email: as typed; only whether it is known here and throw-away is kept.
        network: keyed digest of the network and day.
        reply: the comment answers another.
    """

    email: EmailAddress | None
    network: bytes
    reply: bool


def surroundings(
    session: Session,
    house: House,
    place: tuple[Site, Thread | None],
    document: Document,
    sender: Sender,
    seen: Mapping[str, Any],
) -> Surroundings:
    """Gather what scoring uses beside the text; all of it is stored with the comment.

    Args:
        place: the site and the thread, None when nobody wrote there before.
        seen: what was seen before: origin, honeypot, form age, alarm.
    """
    site, thread = place
    since = house.now() - CROWD_WINDOW
    crowd = 0
    if thread is not None:
        crowd = lessons.comments_on_page(session, thread.id, since, CROWD_MOST)
    signals: dict[str, Any] = {
        **seen,
        "network_rate": _network_rate(session, house, sender),
        "thread_rate": crowd,
        "reply": sender.reply,
        **acquaintance(sender.email, contact_of_address(session, house, site.id, sender.email)),
    }
    return with_memory(session, house, site, document, signals)


def with_memory(
    session: Session, house: House, site: Site, document: Document, signals: Mapping[str, Any]
) -> Surroundings:
    """Ask the site's memory and model about a comment whose other signals are known."""
    trace = trace_of(document)
    recall = recall_of(session, house, site.id, trace)
    met = recall.rejected_hosts + recall.approved_hosts
    kept = {
        **signals,
        "new_host": len(trace.hosts) > met if trace.hosts else None,
        MEMORY: remembered(recall),
    }
    residual = active_residual(session, house, site)
    return Surroundings(kept, residual, recall, marks_of(trace, recall))


def _network_rate(session: Session, house: House, sender: Sender) -> float:
    if not sender.network:
        return 0.0
    pace = Pace(house.settings.submissions_burst, house.settings.submissions_per_minute)
    return round(tokens_used(session, sender.network, pace, house.now()), 1)


def contact_of_address(
    session: Session, house: House, site_id: int, email: EmailAddress | None
) -> Contact | None:
    """Return who writes from an address on a site; None for nobody, or where there is none."""
    if email is None:
        return None
    index = privacy.blind_index(email, site_id=site_id, ring=house.ring)
    return comments.contact_of_index(session, site_id, index)


def acquaintance(email: EmailAddress | None, contact: Contact | None) -> dict[str, bool | None]:
    """Say whether the address is new here, was approved before, is a throw-away one.

    Args:
        contact: who writes from it, None for nobody yet.
    """
    if email is None:
        return {"first_timer": None, "approved_before": None, "disposable": None}
    return {
        "first_timer": contact is None or not contact.seen,
        "approved_before": contact is not None and contact.approved > contact.rejected,
        "disposable": is_throwaway(email),
    }

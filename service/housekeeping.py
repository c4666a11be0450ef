"""The deed that time asks for: letting go of what we promised not to keep."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from service.db import transaction
from service.house import House
from service.learned import MEMORY_LIFE
from service.queries import housekeeping as queries
from service.queries.endpoints import forget_held
from service.queries.lessons import forget_old_traces
from service.queries.repeats import forget_answers
from service.queries.reports import forget_old_reports
from service.subscriptions import CONFIRM_WITHIN

BUCKET_LIFE = timedelta(hours=48)
MAIL_LIFE = timedelta(days=30)  # that a mail went out, and what became of it
SESSION_LIFE = timedelta(days=2)  # of a moderator's session, which is over after 12 hours
ENROLMENT_LIFE = timedelta(days=1)  # of an authenticator app that no code has confirmed
REPORT_LIFE = timedelta(days=365)  # of what programs reported as spam or ham
CONTACT_LIFE = timedelta(days=365)  # blind index and counters, after the last comment


def tidy(house: House) -> int:
    """Delete what is past its time and return how many rows that were.

    Each batch commits for itself; what is left over goes with the next call.
    """
    now, settings = house.now(), house.settings
    keys = now - timedelta(hours=settings.idempotency_hours)
    addresses = (now - timedelta(days=settings.email_retention_days)).date()
    contacts = (now - CONTACT_LIFE).date()
    attempts = now - timedelta(days=settings.attempt_days)
    events = now - timedelta(days=settings.event_days)
    chores: tuple[Callable[[Session], int], ...] = (
        lambda session: queries.forget_submission_keys(session, keys),
        lambda session: forget_answers(session, keys, queries.BATCH),
        lambda session: queries.forget_buckets(session, now - BUCKET_LIFE),
        lambda session: queries.forget_subscriptions(session, now - CONFIRM_WITHIN),
        lambda session: queries.forget_mails(session, now - MAIL_LIFE),
        lambda session: queries.forget_notices(session, now - MAIL_LIFE),
        # A disabled endpoint must not keep everything for ever.
        lambda session: forget_held(session, events, queries.BATCH),
        # In this order: what a row stands on goes after it.
        lambda session: queries.forget_attempts(session, attempts),
        lambda session: queries.forget_deliveries(session, events),
        lambda session: queries.forget_events(session, events),
        lambda session: queries.forget_addresses(session, addresses),
        lambda session: queries.forget_contacts(session, contacts),
        lambda session: queries.forget_sessions(session, now - SESSION_LIFE),
        lambda session: queries.forget_enrolments(session, now - ENROLMENT_LIFE),
        lambda session: queries.forget_resets(session, now),
        lambda session: forget_old_traces(session, now - MEMORY_LIFE, queries.BATCH),
        lambda session: forget_old_reports(session, now - REPORT_LIFE, queries.BATCH),
    )
    gone = 0
    for chore in chores:
        with transaction() as session:
            gone += chore(session)
    return gone

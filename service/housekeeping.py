"""The deed that time asks for: letting go of what we promised not to keep."""

from datetime import timedelta

from service.comments.sealed import kept_since
from service.comments.subscriptions import CONFIRM_WITHIN
from service.db import db, transaction
from service.house import House
from service.learning.learned import MEMORY_LIFE
from service.queries import housekeeping as queries
from service.queries.housekeeping import BATCH, Past

BUCKET_LIFE = timedelta(hours=48)
MAIL_LIFE = timedelta(days=30)  # that a mail went out, and what became of it
SESSION_LIFE = timedelta(days=2)  # of a moderator's session, which is over after 12 hours
ENROLMENT_LIFE = timedelta(days=1)  # of an authenticator app that no code has confirmed
REPORT_LIFE = timedelta(days=365)  # of what programs reported as spam or ham
CONTACT_LIFE = timedelta(days=365)  # blind index and counters, after the last comment


def tidy(house: House) -> int:
    """Let a batch go of everything that is past its time; return how many rows that were.

    Each batch commits for itself; what is left over goes with the next call.
    """
    gone = sum(map(_let_go, _all_but_records(house)))
    # What a row stands on goes after it. While there are more, nearly all after them would only
    # be walked past.
    for past in _records(house):
        number = _let_go(past)
        gone += number
        if number >= BATCH:
            break
    return gone


def _let_go(past: Past) -> int:
    keys = queries.find(db.session(), past)
    if not keys:
        return 0
    with transaction() as session:
        return queries.let_go(session, past, keys)


def _all_but_records(house: House) -> tuple[Past, ...]:
    now, settings = house.now(), house.settings
    repeatable = now - timedelta(hours=settings.idempotency_hours)
    return (
        queries.submission_keys(repeatable),
        queries.kept_answers(repeatable),
        queries.buckets(now - BUCKET_LIFE),
        queries.subscriptions(now - CONFIRM_WITHIN),
        queries.mails(now - MAIL_LIFE),
        queries.notices(now - MAIL_LIFE),
        # A disabled endpoint must not keep everything for ever.
        queries.held_deliveries(now - timedelta(days=settings.event_days)),
        queries.addresses(kept_since(house)),
        queries.contacts((now - CONTACT_LIFE).date()),
        queries.staff_sessions(now - SESSION_LIFE),
        queries.enrolments(now - ENROLMENT_LIFE),
        queries.resets(now),
        queries.traces(now - MEMORY_LIFE),
        queries.reports(now - REPORT_LIFE),
    )


def _records(house: House) -> tuple[Past, ...]:
    now, settings = house.now(), house.settings
    events = now - timedelta(days=settings.event_days)
    return (
        queries.attempts(now - timedelta(days=settings.attempt_days)),
        queries.deliveries(events),
        queries.events(events),
    )

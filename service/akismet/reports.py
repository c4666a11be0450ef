"""The deed of a program that reports spam or ham by Akismet's wire: it teaches its site's model.

Only as numbers, on its own site, for less than a moderator's verdict, and through the same gate.
The campaign memory learns nothing from it: that one works at once and without a gate.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from models import ActorKind
from models.spam.score import logit_of
from models.spam.site.memory import memory_logit, trace_of
from models.spam.site.vector import FEATURE_VERSION, vector_of
from service.akismet.asking import Judged, Suspect, answered, judge, reported_likeness
from service.akismet.callers import Caller, count_call, refuse_hurry
from service.db import transaction
from service.house import Doer, House
from service.learning.learned import recall_in
from service.learning.lessons import want_fit
from service.queries.akismet import count_up
from service.queries.reports import drop_reports_past, put_report
from service.queries.site_models import job_for_change
from service.records.audit import note

KEPT = 1000
"""Newest reports of a site that are kept; a fit reads no more."""


def report(house: House, caller: Caller, suspect: Suspect, *, spam: bool, said: str = "") -> None:
    """Learn that a comment is spam or honest.

    The same report again changes nothing; the other label takes the place of the first. A test
    teaches nothing, nor does a comment without a word in it.

    Args:
        said: what the check answered, as the caller remembers it: `true`, `false`, or the guid
            of the answer; empty = the comment is judged once more, to see.

    Raises:
        TooManyError: the key called too often.
        UnavailableError: the spam check failed or the database is busy; to be sent again.
    """
    refuse_hurry(house, caller)
    found = judge(house, caller, replace(suspect, roles=frozenset()))
    values = None if suspect.test else _values(house, caller, suspect, found, spam=spam)
    before = _answered(house, caller, suspect, said)
    wrong = (found.spam if before is None else before) != spam
    with transaction() as session:
        count_call(session, house, caller)
        if values is not None and put_report(session, values):
            _taught(session, house, caller, spam=spam, wrong=wrong)
    house.wake()


def _values(
    house: House, caller: Caller, suspect: Suspect, found: Judged, *, spam: bool
) -> dict[str, Any] | None:
    """Return the row of a report; None where there is nothing to learn from."""
    if found.scored is None or not (suspect.text or suspect.name or suspect.website):
        return None
    model, signals = house.scorer.model, found.around.signals
    probability = found.scored.probability
    return {
        "site_id": caller.site.id,
        "key_id": caller.key.id,
        "likeness": reported_likeness(house, caller, suspect),
        "spam": spam,
        "base_logit": model.score(found.document).logit,
        "memory_logit": memory_logit(recall_in(signals)),
        "live_logit": None if probability is None else logit_of(probability),
        "family": trace_of(found.document).family,
        "features": vector_of(model, found.document, signals).to_bytes(),
        "feature_version": FEATURE_VERSION,
        "withdrawn": False,
        "reported_at": house.now(),
    }


def _answered(house: House, caller: Caller, suspect: Suspect, said: str) -> bool | None:
    if said in ("true", "false"):
        return said == "true"
    return answered(house, caller, suspect, said) if said else None


def _taught(session: Session, house: House, caller: Caller, *, spam: bool, wrong: bool) -> None:
    """Count what the check got wrong, write it down, and ask for a fit."""
    site_id, now = caller.site.id, house.now()
    if wrong:
        kind = "missed_spam" if spam else "false_positives"
        count_up(session, caller.key.id, caller.origin, now, kind)
    drop_reports_past(session, site_id, KEPT)
    doer = Doer(ActorKind.KEY, caller.key.id)
    act = "akismet.report_spam" if spam else "akismet.report_ham"
    note(session, replace(house, doer=doer), act, site_id, key=caller.key.public_id)
    want_fit(session, house, job_for_change(session, site_id), 1)

"""The deeds of learning: a verdict becomes an example, examples ask for a fit.

Only what a person decided teaches. An example is numbers, never words; it goes with the
verdict it stands for, and with the comment it was made from.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Comment, Decision, Example, Job, Site, Status, Trace, TraceKind
from models.spam.score import logit_of
from models.spam.site.memory import Trace as Traces
from models.spam.site.memory import family_of, memory_logit, trace_of
from models.spam.site.vector import FEATURE_VERSION, vector_of
from models.spam.structure import main_script
from service.db import db, transaction
from service.house import House
from service.learning.learned import MEMORY_LIFE, recall_in
from service.learning.topic import document_of
from service.queries import lessons as queries
from service.queries.reports import number_of_reports
from service.queries.site_models import job_for_change
from service.records.audit import note

BATCH = 50
FIT_AFTER = 5  # verdicts
FIT_SHARE = 0.02  # of the examples: a site that knows a lot is not fitted again for five
FIT_WITHIN = timedelta(seconds=60)
SAME_CAMPAIGN = 0.8
"""Share of shingles from which a rejected comment adds nothing to what is remembered."""
TEACHES = {Status.APPROVED: False, Status.SPAM: True}
"""The verdicts that say ham or spam; trash says neither."""


def learn(house: House) -> int:
    """Learn from verdicts that changed and return how many there were.

    The lesson goes and the example comes in one transaction, so a kill between them loses
    nothing and doubles nothing.
    """
    if not queries.lessons_wait(db.session()):
        return 0
    with transaction() as session:
        comments = queries.take_lessons(session, BATCH)
        changed: dict[int, int] = {}
        for comment in comments:
            if _learn_from(session, house, comment):
                changed[comment.site_id] = changed.get(comment.site_id, 0) + 1
        for site_id, number in sorted(changed.items()):
            want_fit(session, house, job_for_change(session, site_id), number)
    return len(comments)


def standing_verdict(decisions: Sequence[Decision]) -> Decision | None:
    """Return the decision that holds: what was undone does not, nor what undid it.

    Args:
        decisions: all on one comment, oldest first.
    """
    standing: list[Decision] = []
    for decision in decisions:
        if decision.undoes_id is None:
            standing.append(decision)
        elif standing:
            standing.pop()
    return standing[-1] if standing else None


def _learn_from(session: Session, house: House, comment: Comment) -> bool:
    """Make, change or drop a comment's example; say whether what is known changed."""
    dropped = queries.forget_example(session, comment.id)
    verdict = _verdict(session, comment)
    if verdict is None:
        return dropped
    spam = TEACHES[verdict.after]
    document = document_of(session, comment)
    model = house.scorer.model
    score = model.score(document)
    trace = trace_of(document)
    session.add(
        Example(
            comment_id=comment.id,
            site_id=comment.site_id,
            moderator_id=verdict.moderator_id,
            spam=spam,
            base_logit=score.logit,
            memory_logit=memory_logit(recall_in(comment.signals)),
            live_logit=None if comment.probability is None else logit_of(comment.probability),
            family=family_of(trace),
            features=vector_of(model, document, comment.signals).to_bytes(),
            feature_version=FEATURE_VERSION,
            script=main_script(score.folded.text),
            decided_at=verdict.made_at,
        )
    )
    _remember(session, house, comment, trace, spam=spam)
    return True


def _verdict(session: Session, comment: Comment) -> Decision | None:
    """Return the decision that teaches, None when none does."""
    if comment.erased_at is not None or comment.by_owner:
        return None
    verdict = standing_verdict(queries.decisions_on(session, comment.id))
    if verdict is None or verdict.moderator_id is None or verdict.after not in TEACHES:
        return None
    if comment.edited_at is not None and comment.edited_at >= verdict.made_at:
        return None  # the words that were decided about are gone
    until = queries.withdrawn_until(session, comment.site_id, verdict.moderator_id)
    return None if until is not None and verdict.made_at <= until else verdict


def _remember(
    session: Session, house: House, comment: Comment, trace: Traces, *, spam: bool
) -> None:
    """Put a comment into the campaign memory; one of a known campaign only keeps it fresh."""
    now = house.now()
    shingles = trace.shingles if spam else ()
    if shingles:
        shared, carrier = queries.largest_overlap(
            session, comment.site_id, shingles, now - MEMORY_LIFE
        )
        if carrier is not None and shared >= SAME_CAMPAIGN * len(shingles):
            queries.touch_traces(session, carrier, now)
            shingles = ()
    rows = [
        *((TraceKind.SHINGLE, number) for number in shingles),
        *((TraceKind.HOST, number) for number in trace.hosts),
    ]
    session.add_all(
        Trace(
            site_id=comment.site_id,
            comment_id=comment.id,
            kind=kind,
            number=number,
            spam=spam,
            seen_at=now,
        )
        for kind, number in rows
    )


def want_fit(session: Session, house: House, job: Job, number: int) -> None:
    """Ask for a fit of a site's model, as so many verdicts or reports are new."""
    job.fresh += number
    if not job.token:
        due = next_fit(session, house, job)
        job.due_at = due if job.due_at is None else min(job.due_at, due)


def next_fit(session: Session, house: House, job: Job) -> datetime:
    """Return when a site's model is fitted next: at once when enough is new, else in a minute."""
    known = sum(queries.example_counts(session, job.site_id))
    known += number_of_reports(session, job.site_id)
    enough = job.fresh >= max(FIT_AFTER, FIT_SHARE * known)
    return house.now() + (timedelta() if enough else FIT_WITHIN)


def relearn(house: House, site: Site) -> int:
    """Forget what a site learned and learn it again from the ledger of decisions.

    Returns:
        How many comments will be looked at again.
    """
    with transaction() as session:
        queries.forget_examples_of(session, site.id, None)
        number = queries.add_lessons_of_site(session, site.id)
        note(session, house, "model.relearn", site.id)
    house.wake()
    return number

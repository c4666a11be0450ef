"""The deeds round a site's model: a fit is leased, passes the gate or not, can be rolled back."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from operator import itemgetter

from sqlalchemy.orm import Session

from models import (
    Example,
    Job,
    LabelWithdrawal,
    ModelState,
    ReportedExample,
    Site,
    SiteModel,
)
from models.spam import ModelFileError
from models.spam.site.adapt import Example as Lesson
from models.spam.site.packing import Answer, pack_request
from models.spam.site.vector import FEATURE_VERSION, Vector
from service.db import db, transaction
from service.errors import ConflictError, NotFoundError
from service.house import House
from service.learning.learned import mac_of, opened
from service.learning.lessons import FIT_WITHIN, next_fit
from service.programs.api_keys import held_key
from service.queries import lessons
from service.queries import site_models as queries
from service.queries.reports import recent_reports, set_withdrawn
from service.records.audit import note

log = logging.getLogger("gatepost.learning")

HISTORY = 1000
"""Newest examples a model is fitted on."""
KEPT = 5
"""Models that can be rolled back to."""
REPORTS = 50
BACKOFF_CEILING = timedelta(hours=1)
DEATHS = 3  # processes that are gone with a fit, after which it rests between two tries
NOBODY = 0
REPORT_WEIGHT = 0.5
"""What a program's report counts beside a moderator's verdict."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit that is ours until the lease ends.

    Args:
        token: proves that we hold it.
        request: what the fitting process reads.
        fresh: verdicts it covers; they count again should it fail.
    """

    job_id: int
    site_id: int
    token: str
    request: bytes
    fresh: int
    ham: int
    spam: int


def claim_fit(house: House) -> Fit | None:
    """Lease the fit that has been due longest; None when none is.

    Examples of older feature code are dropped and queued to be made again from the comments.
    """
    if not queries.fit_due(db.session(), house.now()):
        return None
    token = house.token(32)
    with transaction() as session:
        lease = timedelta(seconds=house.settings.fit_lease)
        job = queries.fit_to_lease(session, house.now())
        if job is None or _died_again(house, job):
            return None
        job.due_at, job.token = house.now() + lease, token
        site = session.get_one(Site, job.site_id)
        examples = _usable(session, site)
        reports = recent_reports(session, site.id, FEATURE_VERSION, HISTORY - len(examples))
        if not site.policy.learn or not (examples or reports):
            _rest(job)
            return None
        fit = _fit(house, job, examples, reports)
        job.fresh = 0
    return fit


def _died_again(house: House, job: Job) -> bool:
    """Count a fit whose process is gone; say whether it was the same before, so that it rests."""
    if not job.token:
        return False
    job.failures += 1
    if job.failures < DEATHS:
        return False
    job.token, job.due_at = "", house.now() + _pause_after(job.failures)
    return True


def _pause_after(failures: int) -> timedelta:
    pause: timedelta = min(FIT_WITHIN * 2 ** min(failures - 1, 10), BACKOFF_CEILING)
    return pause


def _usable(session: Session, site: Site) -> list[Example]:
    examples = lessons.recent_examples(session, site.id, HISTORY)
    usable = [example for example in examples if example.feature_version == FEATURE_VERSION]
    if len(usable) < len(examples):
        lessons.forget_examples_of_version(session, site.id, FEATURE_VERSION)
        lessons.add_lessons_of_site(session, site.id)
    return usable


def _fit(
    house: House, job: Job, examples: Sequence[Example], reports: Sequence[ReportedExample]
) -> Fit:
    """Lease a fit on verdicts and reports; reports only fill what the verdicts leave free."""
    by_time = [
        *(
            (example.decided_at, _lesson(example, example.moderator_id or NOBODY))
            for example in examples
        ),
        *((one.reported_at, _lesson(one, -one.key_id, REPORT_WEIGHT)) for one in reports),
    ]
    by_time.sort(key=itemgetter(0))
    known = [lesson for _, lesson in by_time]
    packed = pack_request(known, base=house.scorer.path)
    spam = sum(lesson.spam for lesson in known)
    return Fit(job.id, job.site_id, job.token, packed, job.fresh, len(known) - spam, spam)


def _lesson(example: Example | ReportedExample, account: int, weight: float = 1.0) -> Lesson:
    return Lesson(
        vector=Vector.from_bytes(example.features),
        spam=example.spam,
        offset=example.base_logit + example.memory_logit,
        live=example.live_logit,
        account=account,
        family=example.family,
        weight=weight,
    )


def finish_fit(house: House, fit: Fit, answer: Answer) -> bool:
    """Store what a fit came to; False when the lease was lost meanwhile, and nothing is stored.

    A candidate that passed the gate takes over at once; one that did not is kept as refused,
    with its report. No candidate at all means that too little is known yet.
    """
    with transaction() as session:
        job = queries.leased_job(session, fit.job_id, fit.token)
        if job is None:
            return False
        _rest(job)
        job.failures = 0
        if job.fresh:
            job.due_at = next_fit(session, house, job)
        if answer.report:
            site = queries.site_for_change(session, fit.site_id)
            row = _candidate(house, fit, answer)
            if row.state is ModelState.ACTIVE:
                queries.retire_active(session, site.id)
                site.model_version += 1
            session.add(row)
            session.flush()
            queries.drop_contents(session, site.id, keep=KEPT - 1)
            queries.drop_history(session, site.id, keep=REPORTS)
            log.info(
                "a candidate was fitted",
                extra={"site": site.slug, "model": row.id, "state": row.state.value},
            )
    return True


def _candidate(house: House, fit: Fit, answer: Answer) -> SiteModel:
    content = answer.residual.to_bytes() if answer.accepted and answer.residual else None
    return SiteModel(
        site_id=fit.site_id,
        state=ModelState.ACTIVE if content is not None else ModelState.REFUSED,
        base=house.scorer.model.name,
        feature_version=FEATURE_VERSION,
        ham=fit.ham,
        spam=fit.spam,
        content=content,
        mac=None if content is None else mac_of(house, fit.site_id, content),
        report=dict(answer.report),
        made_at=house.now(),
        activated_at=house.now() if content is not None else None,
    )


def fail_fit(house: House, fit: Fit) -> None:
    """Give a fit back that failed; it is tried again, each time later."""
    with transaction() as session:
        job = queries.leased_job(session, fit.job_id, fit.token)
        if job is None:
            return
        job.failures += 1
        job.fresh += fit.fresh
        job.token = ""
        job.due_at = house.now() + _pause_after(job.failures)


def _rest(job: Job) -> None:
    job.token, job.due_at = "", None


def roll_back(house: House, site_id: int, model_id: int | None, moderator_id: int | None) -> None:
    """Put a kept model back to work, or the base model alone (None).

    Learning stops with it, or the next fit would take over from the same verdicts; the owner
    resumes it with `set_learning`.

    Args:
        moderator_id: who wants it; None = a key, whom the audit log names.

    Raises:
        NotFoundError: no such model on this site.
        ConflictError: its weights are not kept, or are of another base model.
    """
    with transaction() as session:
        site = queries.site_for_change(session, site_id)
        chosen = None if model_id is None else _kept(session, house, site, model_id)
        queries.retire_active(session, site_id)
        if chosen is not None:
            chosen.state, chosen.activated_at = ModelState.ACTIVE, house.now()
            chosen.activated_by_id = moderator_id
        site.stored_policy = replace(site.policy, learn=False).to_json()
        site.model_version += 1
        queries.drop_contents(session, site_id, keep=KEPT - (chosen is not None))
        note(session, house, "model.roll_back", site_id, model=model_id)
    log.info(
        "a model was rolled back to",
        extra={"site": site.slug, "model": model_id, "moderator": moderator_id},
    )


def _kept(session: Session, house: House, site: Site, model_id: int) -> SiteModel:
    row = queries.site_model(session, site.id, model_id)
    if row is None:
        raise NotFoundError("There is no such model.")
    try:
        opened(house, row)
    except ModelFileError as error:
        raise ConflictError(f"This model cannot be used any more: {error}.") from error
    return row


def set_learning(house: House, site_id: int, *, learn: bool) -> None:
    """Let verdicts teach, or let what is there rest as it is."""
    with transaction() as session:
        site = queries.site_for_change(session, site_id)
        site.stored_policy = replace(site.policy, learn=learn).to_json()
        if learn:
            queries.job_for_change(session, site_id).due_at = house.now()
        note(session, house, "model.resume" if learn else "model.pause", site_id)
    house.wake()


def withdraw_labels(house: House, site_id: int, moderator_id: int, by_id: int) -> None:
    """Let one moderator's decisions up to now teach nothing, and forget what they taught.

    What the site's models learned cannot be told apart in them: all are dropped, the base model
    judges alone for the moment, and a new one is fitted on the verdicts of the others at once.
    """
    with transaction() as session:
        site = queries.site_for_change(session, site_id)
        lessons.withdraw(
            session,
            LabelWithdrawal(
                site_id=site_id, moderator_id=moderator_id, until=house.now(), made_by_id=by_id
            ),
        )
        lessons.forget_examples_of(session, site_id, moderator_id)
        _drop_models(session, house, site)
        note(session, house, "model.withdraw_labels", site_id, moderator=moderator_id)
    log.warning(
        "a moderator's labels were withdrawn", extra={"site": site.slug, "moderator": moderator_id}
    )
    house.wake()


def _drop_models(session: Session, house: House, site: Site) -> None:
    """Let the base model judge alone until the next fit, which is due at once."""
    queries.retire_active(session, site.id)
    queries.drop_contents(session, site.id, keep=0)
    site.model_version += 1
    queries.job_for_change(session, site.id).due_at = house.now()


def withdraw_reports(house: House, site_id: int, public_id: str) -> None:
    """Let what one program's key reported up to now teach nothing; models go as above.

    Raises:
        NotFoundError: the site has no such key.
    """
    with transaction() as session:
        site = queries.site_for_change(session, site_id)
        key = held_key(session, site_id, public_id)
        set_withdrawn(session, site_id, key.id, withdrawn=True)
        _drop_models(session, house, site)
        note(session, house, "model.withdraw_reports", site_id, key=public_id)
    log.warning("a key's reports were withdrawn", extra={"site": site.slug})
    house.wake()


def restore_reports(house: House, site_id: int, public_id: str) -> None:
    """Let what a key reported teach again, with the next fit.

    Raises:
        NotFoundError: the site has no such key.
    """
    with transaction() as session:
        key = held_key(session, site_id, public_id)
        set_withdrawn(session, site_id, key.id, withdrawn=False)
        queries.job_for_change(session, site_id).due_at = house.now()
        note(session, house, "model.restore_reports", site_id, key=public_id)
    house.wake()


def restore_labels(house: House, site_id: int, moderator_id: int) -> None:
    """Let a moderator's decisions teach again; they are learned anew from the ledger."""
    with transaction() as session:
        lessons.restore(session, site_id, moderator_id)
        lessons.add_lessons_of_site(session, site_id)
        note(session, house, "model.restore_labels", site_id, moderator=moderator_id)
    house.wake()

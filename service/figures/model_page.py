"""What an owner is told about the model of a site: what judges, why, and how often it errs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models import ApiKey, ModelState, Moderator, Site, SiteModel
from models.spam import ModelFileError
from models.spam.measuring.figures import Share, share_of
from models.spam.score import SPAM_FROM
from service.db import db
from service.house import House
from service.learning.learned import active_residual, opened
from service.learning.training import KEPT, REPORTS
from service.queries import lessons, people, site_models
from service.queries.reports import reports_by_key
from service.rules.rehearsal import BlindSample, blind_sample

FEWEST = 3  # of each kind, before a model is fitted (`models.spam.site.fitting`, not loaded here)
HISTORY = REPORTS + KEPT + 1
"""All there are: one that still judges may be older than many that were refused."""
BEGINS = (
    "A model of the site's own begins with three approved comments and three called spam,"
    " and takes over when it passes the gate."
)


@dataclass(frozen=True, slots=True)
class Teacher:
    """A moderator whose verdicts the site learned from, or whose were withdrawn.

    Args:
        ham, spam: his verdicts that teach now.
        withdrawn: his earlier ones teach nothing.
    """

    moderator: Moderator
    ham: int
    spam: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Reporter:
    """A program's key by which spam and ham were reported.

    Args:
        ham, spam: its reports that teach now.
        withdrawn: how many are withdrawn and teach nothing.
    """

    key: ApiKey
    ham: int
    spam: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fitted model in the history.

    Args:
        usable: its weights are kept and sound, so that one can go back to it.
        fault: why a stored model was refused when it was to be used; empty = nothing wrong.
        judges: comments are judged by it; not the active one where that is damaged.
    """

    row: SiteModel
    usable: bool
    fault: str
    judges: bool


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Everything on the page of a site's model.

    Args:
        active: the site's own model that judges; None = the base model alone.
        ham, spam: moderators' verdicts that teach.
        reporters: programs whose reports teach too, for less.
        alone: why it is alone; empty when it is not.
    """

    base: str
    made: str
    active: SiteModel | None
    alone: str
    weights: int
    learning: bool
    ham: int
    spam: int
    history: Sequence[Candidate]
    teachers: Sequence[Teacher]
    reporters: Sequence[Reporter]
    sample: BlindSample
    false_alarms: Share
    missed: Share


def model_page(house: House, site: Site) -> ModelPage:
    """Gather what the page of a site's model shows."""
    session = db.session()
    rows = site_models.model_history(session, site.id, HISTORY)
    faults = {row.id: fault_of(house, row) for row in rows if row.content is not None}
    active = _judging(site_models.usable_models(session, site.id), faults)
    residual = active_residual(session, house, site)
    ham, spam = lessons.example_counts(session, site.id)
    reporters = _reporters(site.id)
    fewest = min(ham + sum(one.ham for one in reporters), spam + sum(one.spam for one in reporters))
    sample = blind_sample(site, SPAM_FROM)
    return ModelPage(
        base=house.scorer.model.name,
        made=house.scorer.model.card.made,
        active=active,
        alone="" if active else _why_alone(site, rows, faults, fewest=fewest),
        weights=0 if residual is None else len(residual.ids),
        learning=site.policy.learn,
        ham=ham,
        spam=spam,
        history=[
            Candidate(
                row,
                usable=faults.get(row.id) == "",
                fault=faults.get(row.id, ""),
                judges=row is active,
            )
            for row in rows
        ],
        teachers=_teachers(site.id),
        reporters=reporters,
        sample=sample,
        false_alarms=share_of(sample.honest, sample.flagged),
        missed=share_of(sample.missed, sample.passed),
    )


def fault_of(house: House, row: SiteModel) -> str:
    """Return why a stored model cannot be used; empty when it can."""
    try:
        opened(house, row)
    except ModelFileError as error:
        return str(error)
    return ""


def _judging(usable: Sequence[SiteModel], faults: Mapping[int, str]) -> SiteModel | None:
    """Return the model that judges: the active one, where it is damaged the newest sound one."""
    if not usable or usable[0].state is not ModelState.ACTIVE:
        return None
    return next((row for row in usable if faults.get(row.id) == ""), None)


def _why_alone(
    site: Site, rows: Sequence[SiteModel], faults: Mapping[int, str], *, fewest: int
) -> str:
    damaged = next((row for row in rows if row.state is ModelState.ACTIVE), None)
    if damaged is not None:
        return f"The site's own model is refused: {faults.get(damaged.id, 'it is not kept')}."
    if not site.policy.learn:
        return "Learning is paused, so no model of the site's own takes over."
    if fewest < FEWEST:
        return BEGINS
    if rows and rows[0].state is ModelState.REFUSED:
        return "The newest candidate did not pass the gate; why not stands below."
    return "A model of the site's own is fitted soon, and takes over when it passes the gate."


def _teachers(site_id: int) -> list[Teacher]:
    session = db.session()
    withdrawn = lessons.withdrawals(session, site_id)
    counts = {
        who: (ham, spam)
        for who, ham, spam in lessons.examples_by_moderator(session, site_id)
        if who is not None
    }
    moderators = people.moderators(session, {*counts, *withdrawn})
    return [
        Teacher(moderator, *counts.get(moderator.id, (0, 0)), withdrawn=moderator.id in withdrawn)
        for moderator in moderators
    ]


def _reporters(site_id: int) -> list[Reporter]:
    found: dict[int, Reporter] = {}
    for key, withdrawn, ham, spam in reports_by_key(db.session(), site_id):
        known = found.get(key.id, Reporter(key, 0, 0, 0))
        if withdrawn:
            found[key.id] = replace(known, withdrawn=ham + spam)
        else:
            found[key.id] = replace(known, ham=ham, spam=spam)
    return list(found.values())

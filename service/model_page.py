"""What an owner is told about the model of a site: what judges, why, and how often it errs."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import ModelState, Moderator, Site, SiteModel
from models.spam import ModelFileError
from models.spam.figures import Share, share_of
from models.spam.score import SPAM_FROM
from service.db import db
from service.house import House
from service.learned import active_residual, opened
from service.queries import lessons, people, site_models
from service.rehearsal import BlindSample, blind_sample

HISTORY = 30


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
class Candidate:
    """One fitted model in the history.

    Args:
        usable: its weights are kept and sound, so that one can go back to it.
        fault: why a stored model was refused when it was to be used; empty = nothing wrong.
    """

    row: SiteModel
    usable: bool
    fault: str


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Everything on the page of a site's model."""

    base: str
    made: str
    active: SiteModel | None
    weights: int
    learning: bool
    ham: int
    spam: int
    history: Sequence[Candidate]
    teachers: Sequence[Teacher]
    sample: BlindSample
    false_alarms: Share
    missed: Share


def model_page(house: House, site: Site) -> ModelPage:
    """Gather what the page of a site's model shows."""
    session = db.session()
    rows = site_models.model_history(session, site.id, HISTORY)
    residual = active_residual(session, house, site)
    active = next((row for row in rows if row.state is ModelState.ACTIVE), None)
    ham, spam = lessons.example_counts(session, site.id)
    sample = blind_sample(site, SPAM_FROM)
    return ModelPage(
        base=house.scorer.model.name,
        made=house.scorer.model.card.made,
        active=active if residual is not None else None,
        weights=0 if residual is None else len(residual.ids),
        learning=site.policy.learn,
        ham=ham,
        spam=spam,
        history=[_candidate(house, row) for row in rows],
        teachers=_teachers(site.id),
        sample=sample,
        false_alarms=share_of(sample.honest, sample.flagged),
        missed=share_of(sample.missed, sample.passed),
    )


def _candidate(house: House, row: SiteModel) -> Candidate:
    if row.content is None:
        return Candidate(row, usable=False, fault="")
    try:
        opened(house, row)
    except ModelFileError as error:
        return Candidate(row, usable=False, fault=str(error))
    return Candidate(row, usable=True, fault="")


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

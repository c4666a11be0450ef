"""The model for programs: what judges the site's comments, what it learned, and going back."""

from typing import Any

from wtforms import BooleanField, Form, IntegerField
from wtforms.validators import NumberRange, Optional

from models import ModelState, Scope
from models.spam import base_path
from models.spam.measuring.figures import Share
from service.errors import ConflictError, InvalidError, NotFoundError
from service.figures.model_page import Candidate, model_page
from service.learning import training
from service.web.api.comment_shape import told
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.paging import BIGGEST, row_of
from service.web.api.schemas import (
    MOMENT,
    NUMBER,
    TEXT,
    WHOLE,
    YES_OR_NO,
    list_of,
    many,
    maybe,
    named,
    one_of,
    said,
    thing,
)
from service.web.context import house

resource = Resource("Model", "What judges the site's comments, and what it learned.")

SHARE: Schema = named(
    "Share",
    thing(
        value=NUMBER,
        low={**NUMBER, "description": "Lower end of its 95 % interval."},
        high={**NUMBER, "description": "Upper end."},
        of={**WHOLE, "description": "How many the whole is."},
    ),
)
MODEL: Schema = named(
    "Model",
    thing(
        base={**TEXT, "description": "Name of the base model that is shipped."},
        made={**TEXT, "description": "When that was trained."},
        active={
            **maybe(WHOLE),
            "description": "The site's own that judges; null = the base alone.",
        },
        alone={**TEXT, "description": "Why the base model judges alone; else empty."},
        weights={**WHOLE, "description": "Of the site's own."},
        learning={**YES_OR_NO, "description": "Decisions teach."},
        approved={**WHOLE, "description": "Comments that taught it as honest."},
        spam={**WHOLE, "description": "Comments that taught it as spam."},
        sample=named(
            "Sample",
            thing(
                waiting={**WHOLE, "description": "Of the blind sample, not decided yet."},
                false_alarms=said(SHARE, "Honest ones among what it calls spam."),
                missed=said(SHARE, "Spam among what it calls fine."),
            ),
        ),
    ),
)
CANDIDATE: Schema = named(
    "Candidate",
    thing(
        id=WHOLE,
        state=named("CandidateState", one_of(ModelState)),
        judges=YES_OR_NO,
        usable={**YES_OR_NO, "description": "One can go back to it."},
        fault={**TEXT, "description": "Why it cannot be used; else empty."},
        base=TEXT,
        approved=WHOLE,
        spam=WHOLE,
        made_at=MOMENT,
        activated_at=maybe(MOMENT),
        report={
            "type": "object",
            "description": "What it was accepted or refused on: `reasons`, and figures of the base"
            " model, of what judged, and of the candidate, on `frozen` and on the `newest`"
            " comments.",
            "additionalProperties": True,
        },
    ),
)
CARD: Schema = named(
    "ModelCard",
    thing(
        name=TEXT,
        made=TEXT,
        scripts=many(TEXT),
        figures={"type": "object", "additionalProperties": True},
        text={**TEXT, "description": "The card in Markdown."},
    ),
)


class RollBackForm(Form):
    """Where to go back to."""

    MAYBE = ("candidate",)
    REQUIRED = ("candidate",)

    candidate = IntegerField(
        validators=[Optional(), NumberRange(1, BIGGEST - 1)],
        description="A usable candidate; null = the base model alone.",
    )


class LearningForm(Form):
    """Whether decisions teach."""

    REQUIRED = ("on",)

    on = BooleanField(description="false = what was learned rests as it is.")


@resource.operation("getModel", "GET /model", scope=Scope.READ, answer=MODEL)
def show(call: Call) -> Reply:
    """Return what judges the site's comments."""
    return Reply(_told(call))


@resource.operation("getModelCard", "GET /model/card", scope=Scope.READ, answer=CARD)
def show_card(_call: Call) -> Reply:
    """Return the card of the base model: what it is made of and how often it errs."""
    card = house().scorer.model.card
    return Reply(
        {
            "name": card.name,
            "made": card.made,
            "scripts": sorted(card.scripts),
            "figures": card.figures,
            "text": base_path().with_name("CARD.md").read_text("utf-8"),
        }
    )


@resource.operation(
    "listCandidates",
    "GET /model/candidates",
    scope=Scope.READ,
    answer=list_of(CANDIDATE),
)
def candidates(call: Call) -> Reply:
    """List what was learned, accepted and refused, newest first, each with its report."""
    found = model_page(house(), call.site).history
    return Reply({"items": [_told_candidate(one) for one in found]})


@resource.operation(
    "getCandidate", "GET /model/candidates/{candidate}", scope=Scope.READ, answer=CANDIDATE
)
def show_candidate(call: Call, candidate: str) -> Reply:
    """Return one candidate with its report."""
    wanted = row_of(candidate)
    found = [one for one in model_page(house(), call.site).history if one.row.id == wanted]
    if not found:
        raise NotFoundError("There is no such model.")
    return Reply(_told_candidate(found[0]))


@resource.operation(
    "rollBackModel",
    "POST /model/roll-back",
    scope=Scope.ADMIN,
    body=RollBackForm,
    answer=MODEL,
    refusals=[ConflictError, NotFoundError],
    repeats=True,
)
def roll_back(call: Call) -> Reply:
    """Put a kept candidate back to work, or the base model alone; learning stops with it."""
    if "candidate" not in call.given:
        raise InvalidError({"candidate": ["Name a candidate, or null for the base model."]})
    training.roll_back(house(), call.site.id, call.body.candidate.data, None)
    return Reply(_told(call))


@resource.operation(
    "setLearning",
    "POST /model/learning",
    scope=Scope.ADMIN,
    body=LearningForm,
    answer=MODEL,
    repeats=True,
)
def set_learning(call: Call) -> Reply:
    """Let decisions teach, or let what is there rest as it is."""
    if "on" not in call.given:
        raise InvalidError({"on": ["Say true or false."]})
    training.set_learning(house(), call.site.id, learn=bool(call.body.on.data))
    return Reply(_told(call))


def _told(call: Call) -> dict[str, Any]:
    page = model_page(house(), call.site)
    return {
        "base": page.base,
        "made": page.made,
        "active": None if page.active is None else page.active.id,
        "alone": page.alone,
        "weights": page.weights,
        "learning": page.learning,
        "approved": page.ham,
        "spam": page.spam,
        "sample": {
            "waiting": page.sample.waiting,
            "false_alarms": told_share(page.false_alarms),
            "missed": told_share(page.missed),
        },
    }


def told_share(share: Share) -> dict[str, float]:
    """Return a share with its interval."""
    return {"value": share.value, "low": share.low, "high": share.high, "of": share.count}


def _told_candidate(candidate: Candidate) -> dict[str, Any]:
    row = candidate.row
    return {
        "id": row.id,
        "state": row.state.value,
        "judges": candidate.judges,
        "usable": candidate.usable,
        "fault": candidate.fault,
        "base": row.base,
        "approved": row.ham,
        "spam": row.spam,
        "made_at": told(row.made_at),
        "activated_at": told(row.activated_at),
        "report": row.report,
    }

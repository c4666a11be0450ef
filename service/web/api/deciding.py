"""Comments for programs: decided, one or many, and taken back."""

from collections.abc import Callable
from typing import Any

from wtforms import FieldList, Form, FormField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from models import Scope, Status
from service.comments.batches import (
    CHOSEN_MOST,
    Outcome,
    Pick,
    Result,
    Return,
    decide_each,
    undo_each,
)
from service.comments.moderate import WHY_LENGTH, Actor, Moved, decide, undo
from service.db import db
from service.errors import ConflictError, InvalidError, NotFoundError, PreconditionError, StaleError
from service.queries.comments import comment_of_site, decision_of_sites
from service.web.api.comment_shape import STATUS, whole_comment
from service.web.api.comments import NO_COMMENT, resource
from service.web.api.declaring import Call, Reply, Schema
from service.web.api.schemas import TEXT, WHOLE, many, maybe, named, one_of, thing
from service.web.context import house

BIGGEST = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""
NO_VERSION = "Send the version you saw, here or as an ETag in If-Match."
DECIDED: Schema = named(
    "Decided",
    thing(
        id=TEXT,
        status=STATUS,
        version=WHOLE,
        decision={
            **maybe(WHOLE),
            "description": "What takes it back; null where the comment stood there already.",
        },
    ),
)
RESULT: Schema = named(
    "DecisionResult",
    thing(
        id=TEXT,
        result=one_of(
            [one for one in Result if one is not Result.LATE],
            "What became of it; only `moved` changed anything.",
        ),
        status=maybe(STATUS),
        version=maybe(WHOLE),
        decision=maybe(WHOLE),
    ),
)
RETURN: Schema = named(
    "UndoResult",
    thing(
        decision={**WHOLE, "description": "As it was sent."},
        result=one_of(
            Result,
            "What became of it; only `moved` changed anything. `unchanged`: it was taken back"
            " before. `stale`: the comment was changed since, and stays as it is.",
        ),
        id={**maybe(TEXT), "description": "The comment's."},
        status=maybe(STATUS),
        version=maybe(WHOLE),
        undo={**maybe(WHOLE), "description": "The decision that took it back."},
        by={
            **maybe(TEXT),
            "description": "Who has decided about the comment since, where it is `stale`.",
        },
    ),
)
RESULTS: Schema = named("DecisionResults", thing(results=many(RESULT)))
UNDONE: Schema = named("UndoResults", thing(results=many(RETURN)))


def status_field() -> Any:
    """Return the field that says where comments go."""
    return StringField(
        validators=[InputRequired(), AnyOf([status.value for status in Status])],
        description="Where it goes.",
    )


def why_field() -> Any:
    """Return the field for a reason."""
    return StringField(validators=[Length(max=WHY_LENGTH)], description="A reason for the record.")


class DecisionForm(Form):
    """A decision about one comment."""

    status = status_field()
    version = IntegerField(
        validators=[Optional(), NumberRange(1, BIGGEST)],
        description="The version the caller saw; may stand in `If-Match` instead.",
    )
    why = why_field()


class PickForm(Form):
    """One of many comments, as the caller saw it."""

    id = StringField(validators=[InputRequired(), Length(min=1, max=64)])
    version = IntegerField(validators=[InputRequired(), NumberRange(1, BIGGEST)])


class DecisionsForm(Form):
    """A decision about many comments."""

    status = status_field()
    why = why_field()
    comments = FieldList(
        FormField(PickForm),
        validators=[Length(1, CHOSEN_MOST, f"Send 1 to {CHOSEN_MOST} comments.")],
    )
    REQUIRED = ("comments",)


class UndoForm(Form):
    """Which decision is taken back."""

    decision = IntegerField(
        validators=[InputRequired(), NumberRange(1, BIGGEST)],
        description="As the decision's answer or the history names it.",
    )


class UndoManyForm(Form):
    """Which decisions are taken back."""

    decisions = FieldList(
        IntegerField(validators=[InputRequired(), NumberRange(1, BIGGEST)]),
        validators=[Length(1, CHOSEN_MOST, f"Name 1 to {CHOSEN_MOST} decisions.")],
        description="As the results of `decideComments` or the histories name them.",
    )
    REQUIRED = ("decisions",)


@resource.operation(
    "decideComment",
    "POST /comments/{id}/decision",
    scope=Scope.MODERATE,
    body=DecisionForm,
    answer=DECIDED,
    refusals=[ConflictError],
    repeats=True,
    matches=True,
)
def decide_one(call: Call, id: str) -> Reply:  # noqa: A002 - the place's name in the path
    """Move a comment to a status.

    A comment that somebody changed since is left as it is: 409 (412 for `If-Match`) with the
    comment as it stands now in `comment`. One that stands there already is success.
    """
    form: DecisionForm = call.body
    version = form.version.data if call.version is None else call.version
    if version is None:
        raise InvalidError({"version": [NO_VERSION]})
    new, why = Status(form.status.data), form.why.data or ""
    return _moved(
        call, id, lambda: decide(house(), _actor(call), id, new, version=version, why=why)
    )


@resource.operation(
    "undoDecision",
    "POST /comments/{id}/undo",
    scope=Scope.MODERATE,
    body=UndoForm,
    answer=DECIDED,
    refusals=[ConflictError],
    repeats=True,
)
def take_back(call: Call, id: str) -> Reply:  # noqa: A002 - the place's name in the path
    """Take a decision back: the comment returns to where it was.

    While the decision's event is still held in the house nobody outside hears of either; later a
    second event follows. 409 where the comment was moved again since, the decision was taken back
    before, or is too old.
    """
    number: int = call.body.decision.data
    session, comment = db.session(), comment_of_site(db.session(), call.site.id, id)
    decision = decision_of_sites(session, number, [call.site.id])
    if comment is None or decision is None or decision.comment_id != comment.id:
        raise NotFoundError("There is no such decision about this comment.")
    return _moved(call, id, lambda: undo(house(), _actor(call), number))


@resource.operation(
    "decideComments",
    "POST /comments/decisions",
    scope=Scope.MODERATE,
    body=DecisionsForm,
    answer=RESULTS,
    repeats=True,
)
def decide_many(call: Call) -> Reply:
    """Move many comments to one status.

    Each has its own result, in the order sent: one that was changed since, taken back by its
    author or is not there stays as it is and does not stop the others. `undoDecisions` takes the
    whole back.
    """
    form: DecisionsForm = call.body
    picks = [Pick(one["id"], one["version"]) for one in form.comments.data]
    if len({pick.public_id for pick in picks}) != len(picks):
        raise InvalidError({"comments": ["Name each comment once."]})
    new, why = Status(form.status.data), form.why.data or ""
    outcomes = decide_each(house(), _actor(call), picks, new, why=why)
    return Reply({"results": [_told(outcome) for outcome in outcomes]})


@resource.operation(
    "undoDecisions",
    "POST /comments/undo",
    scope=Scope.MODERATE,
    body=UndoManyForm,
    answer=UNDONE,
    repeats=True,
)
def take_many_back(call: Call) -> Reply:
    """Take many decisions back, all at once: each comment returns to where it was.

    Each has its own result, in the order sent: a comment that somebody has decided about again
    since, that its author took back or whose decision is too old stays as it is and does not stop
    the others. While an event is still held in the house nobody outside hears of either; later a
    second one follows. Done twice is done.
    """
    numbers: list[int] = call.body.decisions.data
    if len(set(numbers)) != len(numbers):
        raise InvalidError({"decisions": ["Name each decision once."]})
    returns = undo_each(house(), _actor(call), numbers)
    return Reply({"results": [_told_return(one) for one in returns]})


def _actor(call: Call) -> Actor:
    return Actor(None, [call.site.id], call.key.id)


def _moved(call: Call, public_id: str, deed: Callable[[], Moved]) -> Reply:
    try:
        moved = deed()
    except NotFoundError:
        raise NotFoundError(NO_COMMENT) from None
    except ConflictError as error:
        raise _with_state(call, public_id, error) from None
    comment = moved.comment
    return Reply(
        {
            "id": comment.public_id,
            "status": comment.status.value,
            "version": comment.version,
            "decision": moved.decision_id,
        }
    )


def _with_state(
    call: Call, public_id: str, error: ConflictError
) -> ConflictError | PreconditionError:
    """Return a refusal with the comment as it stands now."""
    stale = isinstance(error, StaleError) and call.version is not None
    refusal = PreconditionError(error.message) if stale else error
    comment = comment_of_site(db.session(), call.site.id, public_id)
    if comment is not None:
        refusal.facts = {"comment": whole_comment(call.site, comment)}
    return refusal


def _told(outcome: Outcome) -> dict[str, Any]:
    comment = outcome.comment
    return {
        "id": outcome.public_id,
        "result": outcome.result.value,
        "status": None if comment is None else comment.status.value,
        "version": None if comment is None else comment.version,
        "decision": outcome.decision_id,
    }


def _told_return(told: Return) -> dict[str, Any]:
    comment = told.comment
    return {
        "decision": told.decision_id,
        "result": told.result.value,
        "id": None if comment is None else comment.public_id,
        "status": None if comment is None else comment.status.value,
        "version": None if comment is None else comment.version,
        "undo": told.undo_id,
        "by": told.by,
    }

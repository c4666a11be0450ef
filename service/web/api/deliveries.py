"""Deliveries for programs: the log of an endpoint, and sending again."""

from datetime import datetime
from typing import Any

from wtforms import Form, StringField
from wtforms.validators import AnyOf, InputRequired, Optional

from models import (
    Attempt,
    Delivery,
    DeliveryState,
    Event,
    EventType,
    Origin,
    Outcome,
    ReplayJob,
    ReplayOnly,
    Scope,
)
from service.db import db
from service.errors import ConflictError
from service.queries import deliveries as queries
from service.queries.deliveries import LogFilter
from service.web.api import paging
from service.web.api.comment_shape import told
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.moments import MomentField
from service.web.api.paging import PageForm
from service.web.api.schemas import (
    MOMENT,
    TEXT,
    WHOLE,
    YES_OR_NO,
    list_of,
    many,
    maybe,
    more,
    named,
    one_of,
    page_of,
    said,
    thing,
)
from service.web.context import house
from service.webhooks import deliveries
from service.webhooks.deliveries import MOST, Wanted
from service.webhooks.endpoints import endpoint_of

resource = Resource("Deliveries", "Every event for every endpoint, with each attempt.")

LISTED: Schema = named(
    "ListedDelivery",
    thing(
        id=TEXT,
        endpoint=TEXT,
        event={**TEXT, "description": "The `webhook-id`."},
        type=named("DeliveredType", one_of(EventType)),
        state=said(
            named("DeliveryState", one_of(DeliveryState)),
            "`due` waits for its next attempt, `held` for its endpoint.",
        ),
        origin=named("DeliveryOrigin", one_of(Origin)),
        outcome=said(maybe(named("AttemptOutcome", one_of(Outcome))), "Of the last attempt."),
        attempts=WHOLE,
        due_at={**maybe(MOMENT), "description": "When the next attempt is; null = there is none."},
        created_at=MOMENT,
    ),
)
ATTEMPT: Schema = named(
    "Attempt",
    thing(
        number=WHOLE,
        at=MOMENT,
        milliseconds=WHOLE,
        status={**maybe(WHOLE), "description": "Of HTTP; null where no answer came."},
        error={**TEXT, "description": "Class of the failure; empty where it went well."},
        excerpt={**TEXT, "description": "What the receiver answered, cut off."},
        lease_lost={**YES_OR_NO, "description": "Somebody else had taken over meanwhile."},
    ),
)
DELIVERY: Schema = named("Delivery", more(LISTED, tries=many(ATTEMPT)))
REPLAY: Schema = named(
    "Replay",
    thing(
        id=TEXT,
        endpoint=TEXT,
        since=MOMENT,
        until=MOMENT,
        only=named("ReplayOnly", one_of(ReplayOnly)),
        deliveries={**WHOLE, "description": "Made so far."},
        made_at=MOMENT,
        finished_at=maybe(MOMENT),
    ),
)

COUNTED: Schema = named(
    "ReplayCount",
    thing(events={**WHOLE, "maximum": MOST}, more={**YES_OR_NO, "description": "There are more."}),
)


def _choice(values: Any, about: str) -> Any:
    known = [value.value for value in values]
    return StringField(
        validators=[Optional(), AnyOf(known, "Choose one of: %(values)s.")], description=about
    )


class LogForm(PageForm):
    """Which deliveries."""

    state = _choice(DeliveryState, "Where they stand.")
    type = _choice(EventType, "What they carry.")
    outcome = _choice(Outcome, "Of the last attempt.")
    since = MomentField(validators=[Optional()], description="Made then or later.")
    until = MomentField(validators=[Optional()], description="Made before then.")


class ReplayForm(Form):
    """Which events are sent again."""

    since = MomentField(validators=[InputRequired()], description="Occurred then or later.")
    until = MomentField(
        validators=[Optional()], description="Occurred before then; left out = until now."
    )
    only = StringField(
        validators=[InputRequired(), AnyOf([only.value for only in ReplayOnly])],
        description="What never arrived, or all.",
    )


@resource.operation(
    "listDeliveries",
    "GET /endpoints/{endpoint}/deliveries",
    scope=Scope.READ,
    query=LogForm,
    answer=page_of(LISTED),
)
def index(call: Call, endpoint: str) -> Reply:
    """List an endpoint's deliveries, newest first."""
    session, asked = db.session(), call.query
    own = endpoint_of(call.site.id, endpoint)
    place = paging.read(asked.cursor.data or "", str)
    limit = paging.limit_of(asked)
    rows = queries.deliveries_page(
        session,
        call.site.id,
        own.id,
        _filter(asked),
        before=None if place is None else str(place[0]),
        limit=limit + 1,
    )
    beyond = paging.written(rows[limit - 1][0].public_id) if len(rows) > limit else None
    items = [_listed(delivery, event, endpoint) for delivery, event in rows[:limit]]
    return Reply({"items": items, "next": beyond}, beyond=beyond)


@resource.operation("getDelivery", "GET /deliveries/{delivery}", scope=Scope.READ, answer=DELIVERY)
def show(call: Call, delivery: str) -> Reply:
    """Return one delivery with its attempts."""
    return Reply(_whole(call, delivery))


@resource.operation(
    "replayDelivery",
    "POST /deliveries/{delivery}/replay",
    scope=Scope.ADMIN,
    answer=DELIVERY,
    refusals=[ConflictError],
    repeats=True,
)
def replay(call: Call, delivery: str) -> Reply:
    """Send what a delivery carries once more, now, and return the delivery that will be tried.

    The `webhook-id` stays; a build hook gets an empty POST again. One that waits for its next
    attempt is brought forward instead.
    """
    again = deliveries.replay_one(house(), call.site.id, delivery)
    return Reply(_whole(call, again.public_id))


@resource.operation(
    "listReplays",
    "GET /endpoints/{endpoint}/replays",
    scope=Scope.READ,
    answer=list_of(REPLAY),
)
def replays(call: Call, endpoint: str) -> Reply:
    """List the newest replays to an endpoint, newest first."""
    own = endpoint_of(call.site.id, endpoint)
    found = queries.jobs_of(db.session(), own.id)
    return Reply({"items": [_told_job(job, endpoint) for job in found]})


@resource.operation(
    "startReplay",
    "POST /endpoints/{endpoint}/replays",
    scope=Scope.ADMIN,
    status=202,
    body=ReplayForm,
    answer=REPLAY,
    refusals=[ConflictError],
    repeats=True,
)
def start(call: Call, endpoint: str) -> Reply:
    """Begin to send the events of a time once more to an endpoint.

    At most 10,000 in one replay; what is on its way anyway is left alone. A build hook is sent no
    events and answers 409: call it once with `testEndpoint`.
    """
    wanted = _wanted(call.body)
    job = deliveries.replay_since(
        house(), call.site.id, endpoint, wanted.since, wanted.until, wanted.only
    )
    return Reply(_told_job(job, endpoint))


@resource.operation(
    "countReplay",
    "POST /endpoints/{endpoint}/replays/count",
    scope=Scope.READ,
    body=ReplayForm,
    answer=COUNTED,
    refusals=[ConflictError],
)
def count(call: Call, endpoint: str) -> Reply:
    """Say how many events such a replay would send; changes nothing. Of a build hook 409."""
    number = deliveries.number_of_replay(call.site.id, endpoint, _wanted(call.body))
    return Reply({"events": min(number, MOST), "more": number > MOST})


@resource.operation(
    "stopReplay",
    "POST /endpoints/{endpoint}/replays/{replay}/stop",
    scope=Scope.ADMIN,
    answer=REPLAY,
    repeats=True,
)
def stop(call: Call, endpoint: str, replay: str) -> Reply:
    """Let a replay make no more deliveries; those it made go out."""
    job = deliveries.stop_replay(house(), call.site.id, endpoint, replay)
    return Reply(_told_job(job, endpoint))


def _filter(asked: Any) -> LogFilter:
    return LogFilter(
        state=DeliveryState(asked.state.data) if asked.state.data else None,
        type=EventType(asked.type.data) if asked.type.data else None,
        outcome=Outcome(asked.outcome.data) if asked.outcome.data else None,
        since=asked.since.data,
        until=asked.until.data,
    )


def _wanted(form: Any) -> Wanted:
    until: datetime = form.until.data or house().now()
    return Wanted(form.since.data, until, ReplayOnly(form.only.data))


def _whole(call: Call, public_id: str) -> dict[str, Any]:
    delivery, event, endpoint = deliveries.delivery_of(call.site.id, public_id)
    tries = queries.attempts_of(db.session(), [delivery.id])[delivery.id]
    return {
        **_listed(delivery, event, endpoint.public_id),
        "tries": [_told_attempt(attempt) for attempt in tries],
    }


def _listed(delivery: Delivery, event: Event, endpoint: str) -> dict[str, Any]:
    return {
        "id": delivery.public_id,
        "endpoint": endpoint,
        "event": event.public_id,
        "type": event.type.value,
        "state": delivery.state.value,
        "origin": delivery.origin.value,
        "outcome": None if delivery.outcome is None else delivery.outcome.value,
        "attempts": delivery.attempts,
        "due_at": told(delivery.due_at) if delivery.is_open else None,
        "created_at": told(delivery.created_at),
    }


def _told_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": told(attempt.at),
        "milliseconds": attempt.milliseconds,
        "status": attempt.status,
        "error": attempt.error,
        "excerpt": attempt.excerpt,
        "lease_lost": attempt.lease_lost,
    }


def _told_job(job: ReplayJob, endpoint: str) -> dict[str, Any]:
    return {
        "id": job.public_id,
        "endpoint": endpoint,
        "since": told(job.since),
        "until": told(job.until),
        "only": job.only.value,
        "deliveries": job.number,
        "made_at": told(job.made_at),
        "finished_at": told(job.finished_at),
    }

"""Events for programs: the same as webhooks carry, asked for instead of sent."""

import json

from wtforms import Form, IntegerField
from wtforms.validators import NumberRange, Optional

from models import Event, Scope
from service.db import db
from service.errors import GoneError
from service.queries import events as queries
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.paging import BIGGEST, LIMIT, LIMIT_MOST, limit_of
from service.web.api.schemas import MOMENT, TEXT, WHOLE, many, named, one_of, thing
from service.webhooks.endpoints import OFFERED

resource = Resource("Events", "What happened, in the order in which it left the house.")

GONE = "Events after that position were let go. Begin anew after the position in `after`."
BODY: Schema = named(
    "EventBody",
    {
        "type": "object",
        "description": "What a webhook carries, byte for byte where it was not erased since.",
        "properties": {
            "type": named("EventType", one_of(OFFERED)),
            "timestamp": MOMENT,
            "data": {"type": "object", "additionalProperties": True},
        },
        "required": ["type", "timestamp", "data"],
        "additionalProperties": False,
    },
)
EVENT: Schema = named(
    "Event",
    thing(
        id={**TEXT, "description": "The `webhook-id`, equal wherever the event shows."},
        position=WHOLE,
        body=BODY,
    ),
)
EVENTS: Schema = named(
    "EventPage",
    thing(
        items=many(EVENT),
        next={**WHOLE, "description": "Ask `after` this the next time, at once or later."},
    ),
)


class EventsForm(Form):
    """Where to go on."""

    after = IntegerField(
        validators=[Optional(), NumberRange(0, BIGGEST - 1)],
        description="Position that was had already; left out = from the oldest that is kept.",
    )
    limit = IntegerField(
        validators=[Optional(), NumberRange(1, LIMIT_MOST)],
        default=LIMIT,
        description="How many at most.",
    )


@resource.operation(
    "listEvents",
    "GET /events",
    scope=Scope.READ,
    query=EventsForm,
    answer=EVENTS,
    refusals=[GoneError],
)
def index(call: Call) -> Reply:
    """List the events after a position.

    Only what has left the house is told: while a decision can be taken back quietly it has no
    position. None comes late: an event whose position is lower than one that was seen cannot
    appear. 410 where events after that position are not kept any more, with the position to begin
    anew after in `after`.
    """
    session, after = db.session(), call.query.after.data
    oldest = queries.horizon(session, call.site.id)
    if after is None:
        after = oldest
    elif after < oldest:
        raise GoneError(GONE, after=oldest)
    found = queries.released_events(session, call.site.id, after, limit_of(call.query))
    last = found[-1].position if found else None
    return Reply({"items": [_told(event) for event in found], "next": last or after})


def _told(event: Event) -> dict[str, object]:
    return {"id": event.public_id, "position": event.position, "body": json.loads(event.body)}

"""Endpoints for programs: addresses that are told of events."""

from datetime import timedelta
from typing import Any

from wtforms import BooleanField, FieldList, Form, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from models import Endpoint, EndpointKind, EndpointState, Scope
from service.errors import ConflictError
from service.web.api.comment_shape import told
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.schemas import (
    MOMENT,
    TEXT,
    WHOLE,
    list_of,
    many,
    maybe,
    more,
    named,
    one_of,
    thing,
)
from service.web.context import house
from service.webhooks import endpoints, secrets
from service.webhooks.endpoints import OFFERED, URL_LENGTH
from service.webhooks.secrets import LONGEST_OVERLAP, OVERLAP

resource = Resource("Endpoints", "Addresses that are told of events.")

HOUR = timedelta(hours=1)
TYPES = tuple(kind.value for kind in OFFERED)
ENDPOINT: Schema = named(
    "Endpoint",
    thing(
        id=TEXT,
        kind=named("EndpointKind", one_of(EndpointKind)),
        url=TEXT,
        types={**many(TEXT), "description": "Event types it wants; empty = all."},
        state=named("EndpointState", one_of(EndpointState)),
        state_reason={**TEXT, "description": "Why it is disabled."},
        failures={**WHOLE, "description": "Since the last success."},
        failing_since=maybe(MOMENT),
        resting_until={**maybe(MOMENT), "description": "Nothing is tried before that."},
        secret_version=WHOLE,
        created_at=MOMENT,
    ),
)
SECRET: Schema = {
    **TEXT,
    "description": "`whsec_…`, shown here alone; empty for a build hook, which is not signed.",
}
WITH_SECRET: Schema = named("EndpointWithSecret", more(ENDPOINT, secret=SECRET))


def _types_field() -> Any:
    kind = StringField(validators=[InputRequired(), AnyOf(TYPES, "Choose of: %(values)s.")])
    return FieldList(
        kind,
        validators=[Length(max=len(TYPES))],
        description="Event types it wants; empty = all. A build hook has no choice.",
    )


def _url_field() -> Any:
    return StringField(
        validators=[InputRequired(), Length(1, URL_LENGTH)],
        description="Where to: an http or https address.",
    )


class NewEndpointForm(Form):
    """An address that shall be told."""

    url = _url_field()
    types = _types_field()
    kind = StringField(
        validators=[Optional(), AnyOf([kind.value for kind in EndpointKind])],
        description="`webhook` (left out: this) gets each event, signed; `build` an empty POST"
        " when something changed that readers see.",
    )


class EndpointForm(Form):
    """What an endpoint shall be; takes the place of what it was."""

    url = _url_field()
    types = _types_field()


class ResumeForm(Form):
    """How an endpoint is served again."""

    held = BooleanField(description="Let those go out too that were held while it was disabled.")


class RotateForm(Form):
    """How a secret is followed by another."""

    overlap_hours = IntegerField(
        validators=[Optional(), NumberRange(0, LONGEST_OVERLAP // HOUR)],
        description=f"How long the present one signs along; left out = {OVERLAP // HOUR}.",
    )


@resource.operation("listEndpoints", "GET /endpoints", scope=Scope.ADMIN, answer=list_of(ENDPOINT))
def index(call: Call) -> Reply:
    """List the site's endpoints, oldest first, without their secrets."""
    return Reply({"items": [_told(one) for one in endpoints.endpoints(call.site.id)]})


@resource.operation(
    "addEndpoint",
    "POST /endpoints",
    scope=Scope.ADMIN,
    status=201,
    body=NewEndpointForm,
    answer=WITH_SECRET,
    repeats=True,
)
def add(call: Call) -> Reply:
    """Add an endpoint; its secret is in this answer."""
    form: NewEndpointForm = call.body
    made = endpoints.add_endpoint(
        house(),
        call.site.id,
        url=form.url.data or "",
        types=_types(form),
        kind=EndpointKind(form.kind.data or EndpointKind.WEBHOOK),
    )
    return Reply({**_told(made.endpoint), "secret": made.secret})


@resource.operation("getEndpoint", "GET /endpoints/{endpoint}", scope=Scope.ADMIN, answer=ENDPOINT)
def show(call: Call, endpoint: str) -> Reply:
    """Return one endpoint."""
    return Reply(_told(endpoints.endpoint_of(call.site.id, endpoint)))


@resource.operation(
    "changeEndpoint",
    "PUT /endpoints/{endpoint}",
    scope=Scope.ADMIN,
    body=EndpointForm,
    answer=ENDPOINT,
)
def change(call: Call, endpoint: str) -> Reply:
    """Change where an endpoint is and what it wants; another address begins without failures."""
    form: EndpointForm = call.body
    url = form.url.data or ""
    changed = endpoints.change_endpoint(
        house(), call.site.id, endpoint, url=url, types=_types(form)
    )
    return Reply(_told(changed))


@resource.operation(
    "pauseEndpoint",
    "POST /endpoints/{endpoint}/pause",
    scope=Scope.ADMIN,
    answer=ENDPOINT,
    refusals=[ConflictError],
    repeats=True,
)
def pause(call: Call, endpoint: str) -> Reply:
    """Let nothing go to an endpoint until it is resumed; what happens meanwhile waits."""
    return Reply(_told(endpoints.pause(house(), call.site.id, endpoint)))


@resource.operation(
    "resumeEndpoint",
    "POST /endpoints/{endpoint}/resume",
    scope=Scope.ADMIN,
    body=ResumeForm,
    answer=ENDPOINT,
    repeats=True,
)
def resume(call: Call, endpoint: str) -> Reply:
    """Serve a paused or disabled endpoint again, its failures forgotten."""
    held = bool(call.body.held.data)
    return Reply(_told(endpoints.resume(house(), call.site.id, endpoint, held=held)))


@resource.operation(
    "releaseHeld",
    "POST /endpoints/{endpoint}/release",
    scope=Scope.ADMIN,
    answer=named("Released", thing(deliveries=WHOLE)),
    refusals=[ConflictError],
    repeats=True,
)
def release(call: Call, endpoint: str) -> Reply:
    """Let all held deliveries of an active endpoint go out, and say how many."""
    return Reply({"deliveries": endpoints.let_held_go(house(), call.site.id, endpoint)})


@resource.operation(
    "rotateSecret",
    "POST /endpoints/{endpoint}/rotate",
    scope=Scope.ADMIN,
    body=RotateForm,
    answer=WITH_SECRET,
    refusals=[ConflictError],
    repeats=True,
)
def rotate(call: Call, endpoint: str) -> Reply:
    """Give an endpoint a new secret, which is in this answer; older ones sign along for a while.

    At most three sign at once.
    """
    hours = call.body.overlap_hours.data
    overlap = OVERLAP if hours is None else timedelta(hours=hours)
    changed = secrets.rotate_secret(house(), call.site.id, endpoint, overlap=overlap)
    secret = secrets.live_secrets(house(), changed)[0].shown
    return Reply({**_told(changed), "secret": secret})


@resource.operation(
    "revokeOldSecrets",
    "POST /endpoints/{endpoint}/revoke",
    scope=Scope.ADMIN,
    answer=named("Revoked", thing(ended=WHOLE)),
    refusals=[ConflictError],
    repeats=True,
)
def revoke(call: Call, endpoint: str) -> Reply:
    """Let the newest secret alone sign from the next attempt on."""
    return Reply({"ended": secrets.revoke_old_secrets(house(), call.site.id, endpoint)})


@resource.operation(
    "testEndpoint",
    "POST /endpoints/{endpoint}/test",
    scope=Scope.ADMIN,
    answer=None,
    refusals=[ConflictError],
    repeats=True,
)
def test(call: Call, endpoint: str) -> Reply:
    """Send a `ping` to an endpoint; a build hook is called as if something had changed."""
    endpoints.test_endpoint(house(), call.site.id, endpoint)
    return Reply(None)


@resource.operation(
    "removeEndpoint", "DELETE /endpoints/{endpoint}", scope=Scope.ADMIN, answer=None
)
def remove(call: Call, endpoint: str) -> Reply:
    """Take an endpoint away; what waited for it never goes out."""
    endpoints.remove_endpoint(house(), call.site.id, endpoint)
    return Reply(None)


def _types(form: Any) -> list[str]:
    return list(dict.fromkeys(form.types.data))


def _told(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.public_id,
        "kind": endpoint.kind.value,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "state": endpoint.state.value,
        "state_reason": endpoint.state_reason,
        "failures": endpoint.streak,
        "failing_since": told(endpoint.failing_since),
        "resting_until": told(endpoint.open_until),
        "secret_version": endpoint.secret_version,
        "created_at": told(endpoint.created_at),
    }

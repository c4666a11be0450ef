"""The API for programs, version 1: JSON, a bearer's key, problem documents.

How a resource is added
-----------------------
Write a file here with a `Resource` and its views, and name it in `RESOURCES` below:

    resource = Resource("Things", "What they are.")

    class ThingForm(Form):                      # fields and validators are the rules *and* the
        name = StringField(validators=[InputRequired(), Length(min=1, max=80)])      # document

    @resource.operation(
        "makeThing", "POST /things", scope=Scope.ADMIN, status=201, repeats=True,
        body=ThingForm, answer=THING, refusals=[ConflictError],
    )
    def make(call: Call) -> Reply:
        \"\"\"Make a thing.                       (first line: summary; below it: description)\"\"\"
        made = things.make(house(), call.site.id, name=call.body.name.data)
        return Reply(told_thing(made), version=made.version)

- A place in the path (`/things/{id}`) is an argument of the view, always a text. Look everything
  up on `call.site`; what is another site's is `NotFoundError`.
- `answer` is a schema from `schemas` (`named("Thing", thing(...))`, `many`, `maybe`, `said`,
  `page_of`); None = 204, and the view returns `Reply(None)`. Tests hold each answer against it.
  What is named stands once in the document, and generated clients have a class of that name.
- A list's `query` is a `PageForm` with its own fields; answer `page_of(THING)` and return
  `Reply({"items": [...], "next": cursor}, beyond=cursor)`; `paging.written` and `paging.read` make
  and read cursors.
- A GET of one thing gets its ETag and 304 by itself; `version` stands at its front. Where a change
  needs it, `matches=True` reads it from `If-Match` into `call.version`.
- Each POST that creates or decides has `repeats=True`. Its effect must go through `transaction()`
  of the house that `house()` returns then; the answer is stored with it.
- Forms read JSON strictly: texts, whole numbers, `true`, lists (`FieldList`), objects
  (`FormField`); `call.given` holds what was sent where it matters what was left out. What a form
  checks in methods of its own it tells in `TOLD` and `REQUIRED`, and which fields take null in
  `MAYBE`; a list that must be sent has `Length(1, most)` and stands in `REQUIRED`, as
  `InputRequired` knows no lists.
- Who asks is the key: `house().doer` names it, so `audit.note` writes it down.
- Raise `ServiceError`s; list in `refusals` those that not every operation may answer anyway.
- Describe it in `docs/api.md` with a curl that its test runs.
"""

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from service.web.api import (
    comments,
    deciding,
    deliveries,
    endpoints,
    events,
    model,
    privacy,
    sites,
    statistics,
    submitting,
    threads,
)
from service.web.api.document import SCOPES, document, unfolded
from service.web.api.door import open_resources

RESOURCES = (
    comments.resource,
    threads.resource,
    events.resource,
    endpoints.resource,
    deliveries.resource,
    sites.resource,
    model.resource,
    statistics.resource,
    privacy.resource,
)
# Three files speak of comments, on one resource.
PARTS = (comments, deciding, submitting)

bp = Blueprint("api", __name__, url_prefix="/api/v1")
open_resources(bp, RESOURCES)


@bp.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Return the document that programs read; it holds no secret and needs no key."""
    return jsonify(document(RESOURCES))


@bp.get("/")
def reference() -> ResponseReturnValue:
    """Show the same document as a page for people."""
    return render_template("api/reference.html", told=unfolded(RESOURCES), scopes=SCOPES)

"""What the owner of a site owes a person, for programs: an export, and erasure."""

from typing import Any

from wtforms import BooleanField, Form, StringField
from wtforms.validators import Length, Optional

from models import Scope
from models.comment import EMAIL_LENGTH
from service.comments import persons
from service.comments.persons import Person
from service.comments.receipts import State
from service.errors import NotFoundError
from service.web.api import paging
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.paging import PageForm
from service.web.api.schemas import (
    MOMENT,
    TEXT,
    WHOLE,
    YES_OR_NO,
    many,
    maybe,
    named,
    one_of,
    thing,
)
from service.web.context import house

resource = Resource("Privacy", "What is kept of a person, and its erasure.")

ID_LENGTH = 64
KEPT: Schema = named(
    "KeptComment",
    thing(
        id=TEXT,
        site=TEXT,
        page=TEXT,
        state=one_of(State),
        name=TEXT,
        website=maybe(TEXT),
        text=TEXT,
        text_before_edits=many(TEXT),
        created_at=MOMENT,
        edited_at=maybe(MOMENT),
        language=TEXT,
        mail={**YES_OR_NO, "description": "Mail about it goes out."},
        signals={
            "type": "object",
            "description": "What was seen beside the text when it came.",
            "additionalProperties": True,
        },
    ),
)
EXPORT: Schema = named(
    "PersonExport",
    thing(
        address_kept={**YES_OR_NO, "description": "It is kept, sealed; no answer holds it."},
        items=many(KEPT),
        next=maybe(TEXT),
    ),
)


def _comment_field() -> Any:
    return StringField(
        validators=[Optional(), Length(max=ID_LENGTH)],
        description="Id of a comment: whoever wrote it, with all he wrote from the same address.",
    )


def _address_field() -> Any:
    return StringField(
        validators=[Optional(), Length(max=EMAIL_LENGTH)],
        description="The person's e-mail address; it is looked for and forgotten.",
    )


class ExportForm(PageForm):
    """Whose data."""

    comment = _comment_field()
    address = _address_field()


class EraseForm(Form):
    """Whose data go."""

    comment = _comment_field()
    address = _address_field()
    with_text = BooleanField(description="The texts too, and not just who wrote them.")


@resource.operation(
    "exportPerson",
    "POST /privacy/export",
    scope=Scope.ADMIN,
    body=ExportForm,
    answer=EXPORT,
    refusals=[NotFoundError],
)
def export(call: Call) -> Reply:
    """Return what is kept of a person, oldest first, in parts.

    Name a comment or an address. An address that nobody wrote from has nothing: an empty list. The
    audit log says that somebody looked, and not at whom.
    """
    form: ExportForm = call.body
    part = persons.export_person(
        house(),
        call.site.id,
        _person(call),
        after=paging.read_row(form.cursor.data) or 0,
        limit=paging.limit_of(form),
    )
    content = {
        "address_kept": part.address_kept,
        "items": part.comments,
        "next": None if part.beyond is None else paging.written(part.beyond),
    }
    return Reply(content)


@resource.operation(
    "erasePerson",
    "POST /privacy/erase",
    scope=Scope.ADMIN,
    body=EraseForm,
    answer=named("Erased", thing(comments={**WHOLE, "description": "Erased by this request."})),
    refusals=[NotFoundError],
)
def erase(call: Call) -> Reply:
    """Erase a person: address, names and websites, and with `with_text` what he wrote.

    Name a comment or an address. Each comment's `comment.erased` follows. This cannot be undone;
    done twice is done.
    """
    with_text = bool(call.body.with_text.data)
    number = persons.erase_person(house(), call.site.id, _person(call), with_text=with_text)
    return Reply({"comments": number})


def _person(call: Call) -> Person:
    comment, address = call.body.comment.data or "", call.body.address.data or ""
    return persons.person_of(house(), call.site.id, comment=comment, address=address)

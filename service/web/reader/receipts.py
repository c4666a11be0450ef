"""The door of an author with his private link."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from models import Policy
from service.comments import receipts
from service.comments.receipts import Receipt, State
from service.errors import InvalidError, ServiceError, UnavailableError
from service.records.announce import iso
from service.text.language import said
from service.text.rendering import comment_html
from service.web.context import house, json_body, wants_json
from service.web.forms import CommentForm
from service.web.headers import allow_origin
from service.web.place import place_of
from service.web.reader.tree import shown_name
from service.web.speech import say, speak_for, spoken

bp = Blueprint("receipts", __name__)

MOST_RECEIPTS = 50
UNKNOWN_ACTION = said("Choose edit, withdraw, stop_mail, export or erase.")
FIELDS: dict[str, type] = {"action": str, "comment": str, "with_text": bool}
STATES = {
    State.WAITING: (
        said("Awaiting moderation"),
        said("A person will read it before it appears."),
    ),
    State.PUBLISHED: (said("Published"), said("Everybody can read it.")),
    State.NOT_PUBLISHED: (
        said("Not published"),
        said("The site decided not to publish it."),
    ),
    State.WITHDRAWN: (
        said("Withdrawn"),
        said("You took it back. Nobody can read it on the site."),
    ),
    State.ERASED: (
        said("Erased"),
        said("Your email address, name and website are deleted."),
    ),
}
DONE = {
    "edit": said("Your changes are saved."),
    "withdraw": said("Your comment is withdrawn."),
    "erase": said("Your data is erased."),
    "stop_mail": said("No more mail will come about this comment."),
}
FITS = {"withdraw": (State.WITHDRAWN, State.ERASED), "erase": (State.ERASED,)}
"""In which states a note of what was done is true: a link must not be able to claim it."""


@bp.get("/receipts/<token>", provide_automatic_options=False)
def show(token: str) -> ResponseReturnValue:
    """Tell what became of a comment; changes nothing.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    receipt = _seen(token)
    if wants_json():
        return _document(receipt)
    return _page(receipt, done=_done(receipt, request.args.get("done", "")))


@bp.post("/receipts/<token>", provide_automatic_options=False)
def act(token: str) -> ResponseReturnValue:
    """Edit, withdraw, export or erase, as `action` says.

    Raises:
        NotFoundError: the token is not one of ours.
        ServiceError: any refusal of the deed, for programs; people get the page back.
    """
    receipt = _seen(token)
    typed = _typed()
    action = typed.get("action", "")
    try:
        if action == "export":
            return _download(receipt, token)
        changed = _do(action, token, typed)
    except UnavailableError:
        raise
    except ServiceError as refusal:
        if wants_json():
            raise
        text = typed.get("comment") if action == "edit" else None
        return _page(receipts.look(house(), token), refusal=refusal, typed=text)
    if wants_json():
        return _document(changed)
    return redirect(f"/receipts/{token}?done={action}", 303)


@bp.post("/receipts", provide_automatic_options=False)
def several() -> ResponseReturnValue:
    """Tell a page what became of its reader's own comments, in the order of the tokens.

    Urlencoded with the tokens in `receipts`, a space between two, so that a browser asks no leave
    first; or JSON. A token that is
    not one of ours, or belongs to a site that is not the asking page's, is answered with null.

    Raises:
        InvalidError: not a list of at most 50 texts.
    """
    origin, tokens = request.headers.get("Origin"), _tokens()
    found = receipts.look_at_all(house(), tokens)
    if origin is not None and origin != house().settings.base_url:
        found = [one if one and origin in one.site.origins else None for one in found]
    g.origins = [origin for one in found if one is not None for origin in one.site.origins]
    return jsonify(
        receipts=[
            None if one is None else _told(one) | {"card": _card(one, token)}
            for one, token in zip(found, tokens, strict=True)
        ]
    )


@bp.route("/receipts/<token>", methods=["OPTIONS"], provide_automatic_options=False)
def preflight(token: str) -> ResponseReturnValue:
    """Tell a browser that the site's own pages may send JSON here."""
    _seen(token)
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
    return response


@bp.after_request
def keep_the_link_private(response: Response) -> Response:
    """Let the private link travel to nobody, and the answer be read by the site's pages only."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return allow_origin(response, request.headers.get("Origin"), g.get("origins", []))


def _seen(token: str) -> Receipt:
    receipt = receipts.look(house(), token)
    g.origins = list(receipt.site.origins)
    speak_for(receipt.site, receipt.comment.language)
    return receipt


def _typed() -> dict[str, Any]:
    if request.mimetype != "application/json":
        return {
            "action": request.form.get("action", ""),
            "comment": request.form.get("comment", ""),
            "with_text": bool(request.form.get("with_text")),
        }
    errors: dict[str, list[str]] = {}
    body: Any = json_body()
    if not isinstance(body, dict):
        raise InvalidError({"body": [said("The body must be a JSON object.")]})
    for name, value in body.items():
        if name not in FIELDS:
            errors[name] = [said("There is no such field.")]
        elif not isinstance(value, FIELDS[name]):
            truth = FIELDS[name] is bool
            errors[name] = [
                said("This must be true or false.") if truth else said("This must be a text.")
            ]
    if errors:
        raise InvalidError(errors)
    return body


def _do(action: str, token: str, typed: dict[str, Any]) -> Receipt:
    if action == "edit":
        return receipts.edit(house(), token, _checked(typed.get("comment", "")))
    if action == "withdraw":
        return receipts.withdraw(house(), token)
    if action == "erase":
        return receipts.erase(house(), token, with_text=typed.get("with_text", False))
    if action == "stop_mail":
        return receipts.stop_mail(house(), token)
    raise InvalidError({"action": [UNKNOWN_ACTION]})


def _checked(text: str) -> str:
    # The comment form's own rules for a text; name and address stay as they are.
    lenient = Policy(require_name=False, require_email=False)
    form = CommentForm(MultiDict({"comment": text}), policy=lenient, settings=house().settings)
    errors = form.problems()
    if errors:
        raise InvalidError(errors)
    return form.comment.data or ""


def _done(receipt: Receipt, action: str) -> str:
    return DONE.get(action, "") if receipt.state in FITS.get(action, tuple(State)) else ""


def _tokens() -> Sequence[str]:
    tokens: Any = request.form.get("receipts", "").split()
    if request.mimetype == "application/json":
        body: Any = json_body()
        tokens = body.get("receipts") if isinstance(body, dict) else None
    well = isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)
    if not well or len(tokens) > MOST_RECEIPTS:
        raise InvalidError(
            {"receipts": [said("Ask for a list of at most %(limit)s links.", limit=MOST_RECEIPTS)]}
        )
    return [str(token) for token in tokens]


def _document(receipt: Receipt) -> Response:
    return jsonify(_told(receipt))


def _card(receipt: Receipt, token: str) -> str | None:
    """Return the comment as its author sees it under the page; None where it needs no showing."""
    if receipt.state not in (State.WAITING, State.NOT_PUBLISHED):
        return None
    speak_for(receipt.site, receipt.comment.language)
    return render_template(
        "reader/own.html",
        comment=receipt.comment,
        name=shown_name(receipt.comment),
        state=say(STATES[receipt.state][0]),
        html=comment_html(receipt.comment.text),
        editable=receipt.editable,
        link=f"{house().settings.base_url}/receipts/{token}",
    )


def _told(receipt: Receipt) -> dict[str, Any]:
    comment = receipt.comment
    return {
        "id": comment.public_id,
        "state": receipt.state.value,
        "message": ". ".join(say(text) for text in STATES[receipt.state]),
        "editable": receipt.editable,
        "mail": receipt.mail,
        "page": receipt.thread.page,
        "page_url": place_of(receipt.site, receipt.thread.page).page,
        "name": comment.name,
        "website": comment.website or None,
        "text": comment.text,
        "created_at": iso(comment.created_at),
        "edited_at": None if comment.edited_at is None else iso(comment.edited_at),
    }


def _download(receipt: Receipt, token: str) -> Response:
    body = json.dumps(receipts.export(house(), token), ensure_ascii=False, indent=2)
    response = Response(body + "\n", content_type="application/json")
    name = f"comment-{receipt.comment.public_id}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(
    receipt: Receipt,
    *,
    done: str = "",
    refusal: ServiceError | None = None,
    typed: str | None = None,
) -> Response:
    errors = refusal.errors if isinstance(refusal, InvalidError) else {}
    comment = receipt.comment
    name, text = STATES[receipt.state]
    page = render_template(
        "reader/receipt.html",
        place=place_of(receipt.site, receipt.thread.page),
        page_key=receipt.thread.page,
        title=receipt.thread.title,
        comment=comment,
        html=comment_html(comment.text),
        state=receipt.state.value,
        state_name=say(name),
        state_text=say(text),
        editable=receipt.editable,
        mail=receipt.mail,
        gone=comment.gone,
        erased=receipt.state is State.ERASED,
        written=spoken().date_and_time(comment.created_at),
        written_machine=iso(comment.created_at),
        edited=None if comment.edited_at is None else spoken().date_and_time(comment.edited_at),
        edited_machine=None if comment.edited_at is None else iso(comment.edited_at),
        comment_max=house().settings.comment_max,
        done=done,
        errors=errors,
        message="" if errors or refusal is None else refusal.message,
        typed=typed,
    )
    return make_response(page, 200 if refusal is None else refusal.status)

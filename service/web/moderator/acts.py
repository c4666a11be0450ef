"""Doors to what a moderator does beside deciding one comment: edit, answer, decide many."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Role
from service.comments import answers, batches, revise
from service.comments.batches import Pick
from service.comments.revise import Wording, wording_of
from service.comments.search_author import comment_by_address
from service.db import db
from service.errors import BadRequestError, ForbiddenError, InvalidError, NotFoundError, StaleError
from service.queries import batches as batch_queries
from service.queries.listing import count_matching
from service.staff import accounts
from service.web.context import house, wants_json
from service.web.moderator.cards import Card
from service.web.moderator.filtering import Asked, asked
from service.web.moderator.guarding import guard, person
from service.web.moderator.queue import back_from, card_of, conflict, page_of, status_of, version_of
from service.web.moderator.undo_log import WORDS

bp = Blueprint("acts", __name__)
guard(bp)

COUNT_MOST = 10_000
"""Counting stops here where a filter was set: nobody decides by the last digit."""


@bp.get("/queue/<public_id>/edit")
def show_edit(public_id: str) -> ResponseReturnValue:
    """Show the form to edit a comment's words."""
    card = _decidable(public_id)
    return _edit_page(public_id, wording_of(card.comment), {})


@bp.post("/queue/<public_id>/edit")
def edit(public_id: str) -> ResponseReturnValue:
    """Change a comment's words."""
    typed = request.form
    wording = Wording(typed.get("name", ""), typed.get("website", ""), typed.get("text", ""))
    try:
        revise.revise(house(), person().actor(), public_id, wording, version=version_of())
    except StaleError as error:
        return conflict(public_id, error)
    except InvalidError as error:
        return _edit_page(public_id, wording, error.errors), error.status
    return redirect(url_for("queue.show_one", public_id=public_id), code=303)


def _edit_page(public_id: str, wording: Wording, errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/edit.html",
        card=card_of(public_id),
        wording=wording,
        errors=errors,
        person=person(),
    )


@bp.get("/queue/<public_id>/answer")
def show_answer(public_id: str) -> ResponseReturnValue:
    """Show the comment with the form to answer it."""
    _decidable(public_id)
    return page_of(public_id, answering=True)


@bp.post("/queue/<public_id>/answer")
def answer(public_id: str) -> ResponseReturnValue:
    """Approve a comment and publish an answer as the site."""
    text = request.form.get("text", "")
    try:
        written = answers.answer(house(), person().actor(), public_id, text, version=version_of())
    except StaleError as error:
        return page_of(public_id, conflict=error.message, answering=True, typed=text), error.status
    except InvalidError as error:
        page = page_of(public_id, answering=True, typed=text, errors=error.errors)
        return page, error.status
    return redirect(url_for("queue.show_one", public_id=written.public_id), code=303)


@bp.post("/queue/chosen")
def decide_chosen() -> ResponseReturnValue:
    """Move the comments that were ticked."""
    picks = [_pick(value) for value in request.form.getlist("chosen[]")]
    new = status_of(request.form.get("status", ""))
    why = request.form.get("why", "").strip()
    batch = batches.decide_chosen(house(), person().actor(), picks, new, why=why)
    if wants_json():
        return jsonify(batch=batch.public_id, changed=batch.changed, skipped=batch.skipped)
    if batch.skipped:
        return redirect(url_for("acts.show_batch", public_id=batch.public_id), code=303)
    return redirect(back_from(""), code=303)


def _pick(value: str) -> Pick:
    public_id, _, version = value.partition(":")
    if not (version.isascii() and version.isdigit()):
        raise BadRequestError("The form does not say which version of a comment it shows.")
    return Pick(public_id, int(version[:9]))


@bp.get("/queue/matching")
def show_matching() -> ResponseReturnValue:
    """Ask whether all comments that match shall be moved, and say how many they are."""
    wanted = asked()
    new = status_of(request.args.get("to", ""))
    sites = _deciding(wanted)
    return render_template(
        "moderator/matching.html",
        wanted=wanted,
        new=new,
        words=WORDS[new],
        number=count_matching(db.session(), sites, wanted.chosen, most=COUNT_MOST),
        most=COUNT_MOST,
        person=person(),
    )


@bp.post("/queue/matching")
def decide_matching() -> ResponseReturnValue:
    """Begin to move all comments that match."""
    wanted = asked(request.form)
    actor = person().actor(_deciding(wanted))
    new, why = status_of(request.form.get("to", "")), request.form.get("why", "").strip()
    batch = batches.decide_matching(house(), actor, wanted.chosen, new, why=why)
    return redirect(url_for("acts.show_batch", public_id=batch.public_id), code=303)


def _deciding(wanted: Asked) -> list[int]:
    """Return those of a list's sites on which the moderator may decide."""
    deciding = set(person().actor().site_ids)
    return [site for site in wanted.site_ids if site in deciding]


@bp.get("/queue/batches/<public_id>")
def show_batch(public_id: str) -> ResponseReturnValue:
    """Show how far an act on many comments is."""
    session = db.session()
    batch = batch_queries.batch_of_moderator(session, person().id, public_id)
    if batch is None:
        raise NotFoundError("There is no such act.")
    undone = batch_queries.undo_of(session, batch.id)
    return render_template(
        "moderator/batch.html",
        batch=batch,
        words=None if batch.new is None else WORDS[batch.new],
        undone=undone,
        others=batch_queries.names_of(session, batch.others),
        person=person(),
    )


@bp.post("/queue/shortcuts")
def set_shortcuts() -> ResponseReturnValue:
    """Let single keys act in the queue, or not."""
    accounts.set_shortcuts(person().id, on=request.form.get("on") == "1")
    return redirect(back_from(""), code=303)


@bp.post("/queue/author")
def find_author() -> ResponseReturnValue:
    """Lead to the comments of an address; it is asked by POST, so that no log keeps it."""
    site_ids = [site.id for site in person().with_role(Role.OWNER)]
    if not site_ids:
        raise ForbiddenError("Only an owner looks for an author by the address.")
    found = comment_by_address(house(), person().id, site_ids, request.form.get("address", ""))
    return redirect(url_for("queue.show", status="all", author=found.public_id), code=303)


def _decidable(public_id: str) -> Card:
    """Return the card of a comment on which the moderator may decide.

    Raises:
        NotFoundError: there is none.
    """
    card = card_of(public_id)
    if not card.moves or card.comment.gone:
        raise NotFoundError("There is no such comment.")
    return card

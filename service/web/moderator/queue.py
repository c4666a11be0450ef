"""Doors to the queue: its lists, one comment with its history, deciding and taking back."""

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Role, Site, Status
from service.comments import batches, moderate, revise
from service.comments.moderate import Moved, told_maker
from service.comments.reveal import Reason, not_kept
from service.db import db
from service.embed.checkup import TEST_NOTE
from service.embed.setting_up import setting_up
from service.errors import (
    BadRequestError,
    InvalidError,
    NotFoundError,
    ServiceError,
    StaleError,
)
from service.queries import comments as queries
from service.queries import people
from service.queries import sites as site_queries
from service.queries.listing import Heading, Listed, listed
from service.queries.revisions import revisions_of
from service.queries.tallies import list_counts
from service.text.language import language_for, languages
from service.web.context import house, wants_json
from service.web.moderator.cards import Card, age, cards
from service.web.moderator.edits import edits
from service.web.moderator.filtering import REASONS, Asked, asked, cursor, written
from service.web.moderator.guarding import fresh, guard, person
from service.web.moderator.ruling import offered, saved
from service.web.moderator.undo_log import log_of
from service.web.reading import PUBLIC_ID

bp = Blueprint("queue", __name__)
guard(bp)

LISTS = (
    (Status.PENDING, "", "Pending"),
    (Status.PENDING, "fine", "Likely fine"),
    (Status.PENDING, "spam", "Likely spam"),
    (Status.SPAM, "", "Spam tray"),
    (Status.APPROVED, "", "Approved"),
    (Status.TRASH, "", "Trash"),
    (None, "", "All"),
)
DONE = {
    Status.APPROVED: "Approved",
    Status.SPAM: "Marked as spam",
    Status.TRASH: "Moved to trash",
    Status.PENDING: "Back to pending",
}
QUEUE = "/queue"


@bp.app_template_filter("age")
def age_of(moment: datetime) -> str:
    """Return how long ago a moment was, in the largest unit that fits."""
    return age(moment, house().now())


@bp.get("/")
def home() -> ResponseReturnValue:
    """Lead a moderator to his queue."""
    return redirect(QUEUE, code=303)


@bp.get("/queue")
def show() -> ResponseReturnValue:
    """List comments: those that wait, newest first, unless the address asks for others."""
    try:
        wanted = asked()
    except InvalidError as error:
        return _list_page(asked({}), Listed([], None, short=False), error), error.status
    return _list_page(wanted, listed(db.session(), wanted.site_ids, wanted.chosen, beyond=cursor()))


@bp.get("/queue/more")
def more() -> ResponseReturnValue:
    """Return the cards of a further page, for a script that puts them below."""
    wanted = asked()
    found = listed(db.session(), wanted.site_ids, wanted.chosen, beyond=cursor())
    html = render_template("moderator/_cards.html", wanted=wanted, cards=_cards(wanted, found))
    older = written(found.beyond)
    return jsonify(html=html, older=older and wanted.url("queue.more", before=older))


def _list_page(wanted: Asked, found: Listed, error: InvalidError | None = None) -> str:
    older = written(found.beyond)
    staff = people.colleagues(db.session(), person().id)
    return render_template(
        "moderator/queue.html",
        wanted=wanted,
        typed=wanted.values if error is None else request.args,
        errors={} if error is None else error.errors,
        lists=_lists(wanted),
        cards=_cards(wanted, found),
        short=found.short,
        older=older and wanted.url(before=older),
        more=older and wanted.url("queue.more", before=older),
        reasons=REASONS,
        languages=[(one.code, one.name) for one in map(language_for, languages())],
        people=[("rule", "A rule"), *((str(row), name) for row, name in staff.items())],
        owner=bool(person().with_role(Role.OWNER)),
        log=log_of(person().id),
        first=_first(),
        hold=round(house().settings.undo_hold),
        unfinished=[] if found.rows else _unfinished(wanted),
        now=house().now().isoformat(),
        person=person(),
    )


def _first() -> Card | None:
    """Return the card of the test comment with which a site's set-up led here, if it did."""
    public_id = request.args.get("first", "")
    if not PUBLIC_ID.fullmatch(public_id):
        return None
    ids = [site.id for site in person().with_role()]
    comment = queries.comment_of_sites(db.session(), ids, public_id)
    return card_of(public_id) if comment is not None and comment.note == TEST_NOTE else None


def _unfinished(wanted: Asked) -> list[Site]:
    """Return the sites of an empty list whose set-up an owner has not finished."""
    own = {site.id for site in person().with_role(Role.OWNER)}
    return [site for site in wanted.sites if site.id in own and setting_up(site).left]


def _lists(wanted: Asked) -> list[tuple[str, str, int, bool, str, str]]:
    """Return each list's address, name, number, whether it is this one, status and shelf."""
    counts = list_counts(db.session(), wanted.site_ids)
    site, chosen = wanted.values.get("site"), wanted.chosen
    found = []
    for status, shelf, label in LISTS:
        name = "all" if status is None else status.value
        path = url_for("queue.show", status=name, band=shelf or None, site=site)
        number = sum(
            many for (at, on), many in counts.items() if status in (None, at) and shelf in ("", on)
        )
        here = (chosen.status, chosen.shelf) == (status, shelf)
        found.append((path, label, number, here, name, shelf))
    return found


def _cards(wanted: Asked, found: Listed) -> list[Card]:
    sites = {site.id: site for site in wanted.sites}
    return cards(found.rows, sites, deciding=set(person().actor().site_ids))


@bp.get("/queue/<public_id>")
def show_one(public_id: str) -> ResponseReturnValue:
    """Show one comment with its thread round it and the history of its decisions."""
    return page_of(public_id), 200


@bp.post("/queue/<public_id>")
def decide(public_id: str) -> ResponseReturnValue:
    """Move a comment to a status, if it still stands as the moderator saw it."""
    new = status_of(request.form.get("status", ""))
    version = version_of()
    why = request.form.get("why", "").strip()
    try:
        moved = moderate.decide(house(), person().actor(), public_id, new, version=version, why=why)
    except StaleError as error:
        return conflict(public_id, error)
    return _answer(moved)


@bp.post("/queue/undo")
def undo() -> ResponseReturnValue:
    """Take a decision, an edit or an act on many comments back."""
    if "batch" in request.form:
        batch = batches.undo_batch(house(), person().actor(), request.form["batch"])
        return redirect(url_for("acts.show_batch", public_id=batch.public_id), code=303)
    if "edit" in request.form:
        comment = revise.undo_revision(house(), person().actor(), _number("edit"))
        return _answer(Moved(comment, None))
    number = _number("decision")
    try:
        moved = moderate.undo(house(), person().actor(), number)
    except StaleError as error:
        return conflict(_decided(number), error)
    return _answer(moved)


def _number(name: str) -> int:
    number = request.form.get(name, "")
    if not (number.isascii() and number.isdigit()):
        raise BadRequestError("The form does not say what to take back.")
    return int(number[:18])


def _decided(decision_id: int) -> str:
    """Return the public id of the comment that a decision on one of the moderator's sites moved.

    Raises:
        NotFoundError: there is no such decision.
    """
    ids = person().actor().site_ids
    decision = queries.decision_of_sites(db.session(), decision_id, ids)
    if decision is None:
        raise NotFoundError("There is no such decision.")
    return queries.public_id_of(db.session(), decision.comment_id)


def status_of(word: str) -> Status:
    """Return the status that a form names.

    Raises:
        BadRequestError: there is none of that name.
    """
    try:
        return Status(word)
    except ValueError:
        raise BadRequestError("The status is pending, approved, spam or trash.") from None


def version_of() -> int:
    """Return the version of the comment that the form showed.

    Raises:
        BadRequestError: the form does not say.
    """
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit()):
        raise BadRequestError("The form does not say which version of the comment it shows.")
    return int(version[:9])


def _answer(moved: Moved) -> ResponseReturnValue:
    """Answer a script with what it needs to go on, a browser with the list it came from."""
    comment = moved.comment
    if wants_json():
        return jsonify(
            id=comment.public_id,
            status=comment.status.value,
            version=comment.version,
            decision=moved.decision_id,
            done=DONE[comment.status],
        )
    return redirect(back_from(comment.public_id), code=303)


def back_from(public_id: str) -> str:
    """Return the page the moderator came from; the deed is done, so nothing here refuses."""
    if request.form.get("single"):
        return url_for("queue.show_one", public_id=public_id)
    came_from = request.form.get("back", "")
    own = came_from == QUEUE or came_from.startswith(f"{QUEUE}?")
    known = own and came_from.isprintable() and "#" not in came_from and "\\" not in came_from
    place = request.form.get("next", "")
    anchor = f"#comment-{place}" if place.isalnum() else ""
    return (came_from if known else url_for("queue.show", status=Status.PENDING.value)) + anchor


def conflict(public_id: str, error: ServiceError) -> ResponseReturnValue:
    """Answer an act that came too late with the comment as it stands now."""
    if not wants_json():
        return page_of(public_id, conflict=error.message), error.status
    fresh = card_of(public_id)
    html = render_template(
        "moderator/_cards.html", wanted=asked({}), cards=[fresh], conflict=error.message
    )
    body = {
        "title": "Conflict",
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "card": html,
    }
    response = make_response(jsonify(body))
    response.content_type = "application/problem+json"
    return response, error.status


def card_of(public_id: str) -> Card:
    """Return the card of a comment on one of the moderator's sites.

    Raises:
        NotFoundError: there is no such comment.
    """
    sites = {site.id: site for site in person().with_role()}
    comment = queries.comment_of_sites(db.session(), list(sites), public_id)
    if comment is None:
        raise NotFoundError("There is no such comment.")
    thread = site_queries.thread(db.session(), comment.thread_id)
    heading = Heading(thread.page, thread.title, thread.provisional_title)
    return cards([(comment, heading)], sites, deciding=set(person().actor().site_ids))[0]


def page_of(public_id: str, **more: Any) -> str:
    """Return the page of one comment; `more` is what else its template is told."""
    card = card_of(public_id)
    session, comment = db.session(), card.comment
    return render_template(
        "moderator/comment.html",
        card=card,
        around=queries.around(session, comment),
        history=queries.history(session, comment.id),
        told_maker=told_maker,
        edits=edits(comment, revisions_of(session, comment.id)),
        done=DONE,
        address=_address(card),
        offered=offered(comment, card.site),
        saved=saved(card.site),
        person=person(),
        **{"conflict": None, **more},
    )


def _address(card: Card) -> dict[str, Any] | None:
    """Return what an owner is told of the author's address; None for everybody else."""
    own = {site.id for site in person().with_role(Role.OWNER)}
    if card.site.id not in own or card.comment.by_owner:
        return None
    return {
        "missing": not_kept(house(), card.comment),
        "reasons": [(reason.value, reason.words) for reason in Reason],
        "fresh": fresh(),
    }

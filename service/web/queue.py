"""Doors to the queue: what waits, one comment with its history, deciding and taking back."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Comment, Site, Status
from service import moderate
from service.db import db
from service.errors import BadRequestError, NotFoundError, StaleError
from service.queries import comments as queries
from service.queries import sites as site_queries
from service.web.cards import Card, cards, reasons
from service.web.context import house
from service.web.guarding import guard, own_site, person

bp = Blueprint("queue", __name__)
guard(bp)

TABS = (
    (Status.PENDING, "Pending"),
    (Status.SPAM, "Spam"),
    (Status.APPROVED, "Approved"),
    (Status.TRASH, "Trash"),
)
DONE = {
    Status.APPROVED: "Approved",
    Status.SPAM: "Marked as spam",
    Status.TRASH: "Moved to trash",
    Status.PENDING: "Back to pending",
}


@bp.app_template_filter("reasons")
def reasons_of(comment: Comment) -> list[tuple[str, str]]:
    """Return what the score is made of."""
    return reasons(comment)


@bp.app_template_filter("age")
def age_of(moment: datetime) -> str:
    """Return how long ago a moment was, in the largest unit that fits."""
    seconds = max(0, int((house().now() - moment).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        number = seconds // length
        if number:
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


@bp.get("/")
def home() -> ResponseReturnValue:
    """Lead a moderator to his queue."""
    return redirect("/queue", code=303)


@bp.get("/queue")
def show() -> ResponseReturnValue:
    """List comments of one status, newest first, 50 a page."""
    status = _status(request.args.get("status", Status.PENDING.value))
    slug = request.args.get("site") or None
    ids = [site.id for site in _sites(slug)]
    rows = queries.queue_page(db.session(), ids, status=status, before=_before())
    last = rows[-1][0] if len(rows) == queries.QUEUE_PAGE else None
    return render_template(
        "moderator/queue.html",
        tabs=TABS,
        status=status,
        counts=queries.queue_counts(db.session(), ids),
        most=queries.COUNT_MOST,
        site=slug,
        sites=person().with_role(),
        cards=cards(rows, deciding=set(person().actor().site_ids)),
        older=None if last is None else f"{last.created_at.isoformat()}~{last.id}",
        undoable=_undoable(),
        done=DONE,
        person=person(),
    )


@bp.get("/queue/<public_id>")
def show_one(public_id: str) -> ResponseReturnValue:
    """Show one comment with the history of its decisions."""
    return _page_of(public_id, None), 200


@bp.post("/queue/<public_id>")
def decide(public_id: str) -> ResponseReturnValue:
    """Move a comment to a status, if it still stands as the moderator saw it."""
    new = _status(request.form.get("status", ""))
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit()):
        raise BadRequestError("The form does not say which version of the comment it shows.")
    try:
        moved = moderate.decide(house(), person().actor(), public_id, new, version=int(version[:9]))
    except StaleError as error:
        return _page_of(public_id, error.message), error.status
    return redirect(_back(moved.comment), code=303)


@bp.post("/queue/undo")
def undo() -> ResponseReturnValue:
    """Take a decision back."""
    number = request.form.get("decision", "")
    if not (number.isascii() and number.isdigit()):
        raise BadRequestError("The form does not say which decision to take back.")
    try:
        moved = moderate.undo(house(), person().actor(), int(number[:18]))
    except StaleError as error:
        return _page_of(_decided(int(number[:18])), error.message), error.status
    return redirect(_back(moved.comment), code=303)


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


def _sites(slug: str | None) -> list[Site]:
    """Return the sites whose comments to list: the one asked for, else all of the moderator's."""
    return person().with_role() if slug is None else [own_site(slug)]


def _status(word: str) -> Status:
    try:
        return Status(word)
    except ValueError:
        raise BadRequestError("The status is pending, approved, spam or trash.") from None


def _before() -> tuple[datetime, int] | None:
    """Return where the page before this one ended."""
    moment, _, number = request.args.get("before", "").partition("~")
    try:
        typed = datetime.fromisoformat(moment)
        found = typed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if typed.tzinfo is None or not (number.isascii() and number.isdigit()):
        return None
    return found, int(number[:18])


def _undoable() -> list[tuple[int, str, Comment]]:
    """Return the moderator's newest decisions that he can take back."""
    since = house().now() - timedelta(days=house().settings.undo_days)
    found = queries.recent_decisions(db.session(), person().id, since=since, limit=5)
    return [(decision.id, DONE[decision.after], comment) for decision, comment in found]


def _back(comment: Comment) -> str:
    """Return the list the moderator came from; the deed is done, so nothing here refuses."""
    if request.form.get("single"):
        return url_for("queue.show_one", public_id=comment.public_id)
    came_from = request.form.get("list", "")
    known = came_from in [status.value for status in Status]
    status = came_from if known else Status.PENDING.value
    return url_for("queue.show", status=status, site=request.form.get("site") or None)


def _page_of(public_id: str, conflict: str | None) -> str:
    ids = [site.id for site in person().with_role()]
    comment = queries.comment_of_sites(db.session(), ids, public_id)
    if comment is None:
        raise NotFoundError("There is no such comment.")
    row = (
        comment,
        site_queries.thread(db.session(), comment.thread_id),
        site_queries.site(db.session(), comment.site_id),
    )
    card: Card = cards([row], deciding=set(person().actor().site_ids))[0]
    return render_template(
        "moderator/comment.html",
        card=card,
        conflict=conflict,
        history=queries.history(db.session(), comment.id),
        done=DONE,
        person=person(),
    )

"""The doors of those who write: the comment itself, the hosted form, the thank-you."""

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from models import Site
from service.comments.receipts import State, look
from service.comments.submit import Accepted, submit
from service.db import db
from service.errors import InvalidError, NotFoundError, ServiceError, UnavailableError
from service.intake.admission import ticket_for
from service.queries.sites import site_by_slug, thread_of_page
from service.text.language import said
from service.text.pages import PageError, key_on_site, origin_of
from service.web.context import house, site_of_path, wants_json
from service.web.forms import HONEYPOT
from service.web.headers import allow_origin
from service.web.place import Place, place_of
from service.web.reader.intake import Intake, check_origin, checked, take_in
from service.web.reader.threads import of_thread
from service.web.reader.tree import form_address, shown_name
from service.web.reading import Reading, public_comment_of, read_thread
from service.web.speech import say, speak_for, spoken

bp = Blueprint("form", __name__)

KEPT = (
    "comment",
    "author",
    "email",
    "url",
    "page",
    "parent",
    "title",
    "submission_id",
    "lang",
    "notify",
    "receipt",
    "frame",
    HONEYPOT,
)
SUBMISSION_ID_LENGTH = 26
FRAMED = "1"
PREFLIGHT_AGE = 7200  # seconds; the longest Chromium keeps one


@bp.post("/s/<slug>/comments", provide_automatic_options=False)
def create(slug: str) -> ResponseReturnValue:
    """Take a comment; the answer is the same whatever the spam check thinks.

    Raises:
        NotFoundError: no such site.
        ForbiddenError: a page of somebody else's sent it.
        ServiceError: any refusal of `submit`, for programs; people get the form back.
    """
    site = _site(slug)
    intake = take_in()
    speak_for(site, intake.fields.get("lang", ""))
    trusted = check_origin(site)
    place = place_of(site, intake.fields.get("page", ""))
    try:
        submission = checked(site, intake, trusted=trusted)
        accepted = submit(house(), site, submission)
    except ServiceError as refusal:
        if wants_json():
            raise
        return _form_again(place, intake, refusal)
    if wants_json():
        return jsonify(told_accepted(accepted, submission.name)), 202
    return redirect(_next_page(place, accepted, intake), 303)


@bp.route("/s/<slug>/comments", methods=["OPTIONS"], provide_automatic_options=False)
def preflight(slug: str) -> ResponseReturnValue:
    """Tell a browser that the site's own pages may send JSON here."""
    _site(slug)
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type, Idempotency-Key"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_AGE)
    return response


@bp.after_request
def let_the_site_read(response: Response) -> Response:
    """Let scripts of the site's pages read the answer, a refusal by the gate included."""
    if request.endpoint not in (f"{bp.name}.create", f"{bp.name}.preflight"):
        return response
    own = g.get("origins")
    if own is None:
        site = site_by_slug(db.session(), (request.view_args or {}).get("slug", ""))
        own = [] if site is None else site.origins
    return allow_origin(response, request.headers.get("Origin"), own)


@bp.get("/s/<slug>/form")
def hosted(slug: str) -> ResponseReturnValue:
    """Show the thread and the form as a page of their own.

    Raises:
        NotFoundError: no such site.
        InvalidError: `page` is not one of the site's.
    """
    site = _site(slug)
    reading = read_thread(site, request.args)
    parent = public_comment_of(site, reading.thread, request.args.get("parent", ""))
    values = {
        "lang": spoken().code,
        "ticket": ticket_for(db.session(), house(), site.id, reading.page),
        "page": request.args["page"],
        "parent": "" if parent is None else parent.public_id,
        "submission_id": house().token(SUBMISSION_ID_LENGTH),
    }
    reply_to = None if parent is None else shown_name(parent)
    frame = request.args.get("frame", "")
    return render_template(
        "reader/form.html",
        place=place_of(site, reading.page),
        title=_title(site, reading),
        values=values,
        heading=_heading(reply_to),
        reply_to=reply_to,
        reading=reading,
        cancel=f"{form_address('', slug, page=reading.page, frame=_framed(frame))}#respond",
        **_of_frame(frame),
        **_of_every_form(),
        **of_thread(site, reading, base_url="", frame=_framed(frame)),
    )


@bp.get("/s/<slug>/thanks")
def thanks(slug: str) -> ResponseReturnValue:
    """Thank the author and hand over the private link.

    Raises:
        NotFoundError: no such site, or the link belongs to none of its comments.
    """
    site = _site(slug)
    token = request.args.get("t", "")
    receipt = look(house(), token)
    speak_for(site, receipt.comment.language)
    if receipt.site.id != site.id:
        raise NotFoundError(said("This link belongs to no comment of this site."))
    page = render_template(
        "reader/thanks.html",
        place=place_of(site, receipt.thread.page),
        message=_thanks(receipt.comment.name),
        waiting=receipt.state is State.WAITING,
        receipt=_receipt_address(token),
        comments=form_address("", slug, page=receipt.thread.page, frame=FRAMED),
        **_of_frame(request.args.get("frame", "")),
    )
    response = make_response(page)
    # The address holds the private link: it must not travel on as a referrer.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _site(slug: str) -> Site:
    g.origins = []  # should the look-up fail, nobody asks the database again for the headers
    site = site_of_path(slug)
    g.origins = list(site.origins)
    g.frame_ancestors = g.origins
    speak_for(site)
    return site


def _title(site: Site, reading: Reading) -> str:
    # Only the owner's title: the one a reader's browser sent is for moderators.
    return (reading.thread.title if reading.thread is not None else "") or site.name


def _form_again(place: Place, intake: Intake, refusal: ServiceError) -> Response:
    errors = refusal.errors if isinstance(refusal, InvalidError) else {}
    values = {name: intake.fields.get(name, "") for name in KEPT}
    values["submission_id"] = values["submission_id"] or house().token(SUBMISSION_ID_LENGTH)
    if "parent" in errors:
        # Kept, it would be refused for ever; without it the comment stands on its own.
        values["parent"] = ""
    values["ticket"], reply_to = intake.fields.get("ticket", ""), None
    found = None if isinstance(refusal, UnavailableError) else _page_of(place, values["page"])
    if found is not None:
        site, key = found
        # A fresh one only where it has to be: the old one says how long the form was open.
        values["ticket"] = ticket_for(db.session(), house(), site.id, key, values["ticket"])
        reply_to = _reply_to(site, key, values["parent"])
    page = render_template(
        "reader/form.html",
        place=place,
        title=place.name,
        values=values,
        errors=errors,
        message="" if errors else refusal.message,
        heading=_heading(reply_to),
        reply_to=reply_to,
        **_of_frame(values["frame"]),
        **_of_every_form(),
    )
    response = make_response(page, refusal.status)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _page_of(place: Place, page: str) -> tuple[Site, str] | None:
    site = site_by_slug(db.session(), place.slug)
    if site is None:
        return None
    try:
        return site, key_on_site(site, page)
    except PageError:
        return None


def _reply_to(site: Site, page: str, public_id: str) -> str | None:
    if not public_id:
        return None
    thread = thread_of_page(db.session(), site.id, page)
    parent = public_comment_of(site, thread, public_id)
    return None if parent is None else shown_name(parent)


def _of_every_form() -> dict[str, object]:
    settings = house().settings
    return {
        "comment_max": settings.comment_max,
        "honeypot": HONEYPOT,
        "sends_mail": settings.sends_mail,
    }


def _framed(asked: str) -> str:
    return FRAMED if asked == FRAMED else ""


def _of_frame(asked: str) -> dict[str, object]:
    """Return what a page needs to stand in a frame of the site, if it was asked for so."""
    return {"frame": bool(_framed(asked)), "frame_origins": g.origins}


def _heading(reply_to: str | None) -> str:
    if reply_to is None:
        return say(said("Leave a Reply"))
    return say(said("Leave a Reply to %(name)s", name=reply_to))


def told_accepted(accepted: Accepted, name: str) -> dict[str, str]:
    """Return what a program is told of a comment that was taken: the same for every verdict."""
    return {
        "id": accepted.public_id,
        "status": "held",
        "receipt": _receipt_address(accepted.receipt),
        "message": _thanks(name),
    }


def _thanks(name: str) -> str:
    if not name:
        return say(said("Thank you. Your comment is awaiting moderation."))
    return say(said("Thank you, %(name)s. Your comment is awaiting moderation.", name=name))


def _receipt_address(token: str) -> str:
    return f"{house().settings.base_url}/receipts/{token}"


def _next_page(place: Place, accepted: Accepted, intake: Intake) -> str:
    # From a page of ours the way back would be stopped by our own form-action.
    ours = request.headers.get("Origin") == origin_of(house().settings.base_url)
    if place.policy.return_to_page and place.page is not None and not ours:
        return place.page
    frame = "&frame=1" if _framed(intake.fields.get("frame", "")) else ""
    return f"/s/{place.slug}/thanks?t={accepted.receipt}{frame}"

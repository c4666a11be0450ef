"""Doors to a moderator's own mail: what he gets about which site, and when."""

from dataclasses import dataclass
from datetime import time

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import AtOnce, Digest, Site
from service.db import db
from service.errors import BadRequestError, ConflictError, InvalidError, NotFoundError
from service.mail import notices
from service.mail.hours import zone_of, zones
from service.mail.notices import Wish
from service.queries import notices as queries
from service.queries import people
from service.web.context import house
from service.web.moderator.guarding import DECIDING, guard, person

bp = Blueprint("notices", __name__)
guard(bp)

AT_ONCE = (
    (AtOnce.OFF, "Off"),
    (AtOnce.ALL, "All that wait"),
    (AtOnce.FINE, "Only those likely fine"),
)
DIGEST = (
    (Digest.OFF, "Off"),
    (Digest.HOURLY, "Every hour"),
    (Digest.DAILY, "Every day"),
    (Digest.WEEKLY, "Every week"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = range(24)
NO_SERVER = "This service sends no mail: its operator has set no mail server."


@dataclass(frozen=True, slots=True)
class Mistake:
    """A form that did not pass, given back as it was typed.

    Args:
        slug: of the site whose form it is; empty for the time zone's.
    """

    slug: str
    errors: dict[str, list[str]]


@bp.get("/notices")
def show() -> ResponseReturnValue:
    """Show what mail one gets about each site on which one decides."""
    return _page()


@bp.post("/notices")
def change() -> ResponseReturnValue:
    """Set the time zone or one site's mail, or send a test."""
    action = request.form.get("action", "")
    if action not in ("zone", "save", "test"):
        raise BadRequestError("The action is zone, save or test.")
    if not house().settings.sends_mail:
        raise ConflictError(NO_SERVER)
    if action == "zone":
        return _set_time_zone()
    site = _site()
    if action == "test":
        notices.ask_for_test(house(), person().id, site.id)
        return redirect(url_for("notices.show", sent=site.slug), code=303)
    try:
        notices.wish(house(), person().id, site.id, _wish())
    except InvalidError as error:
        return _page(Mistake(site.slug, error.errors)), error.status
    return redirect(url_for("notices.show", saved=site.slug), code=303)


def _set_time_zone() -> ResponseReturnValue:
    try:
        notices.set_time_zone(house(), person().id, request.form.get("time_zone", ""))
    except InvalidError as error:
        return _page(Mistake("", error.errors)), error.status
    return redirect(url_for("notices.show", saved="time_zone"), code=303)


def _site() -> Site:
    slug = request.form.get("site", "")
    found = next((site for site in person().with_role(*DECIDING) if site.slug == slug), None)
    if found is None:
        raise NotFoundError("There is no such site.")
    return found


def _wish() -> Wish:
    try:
        return Wish(
            at_once=AtOnce(request.form.get("at_once", "")),
            digest=Digest(request.form.get("digest", "")),
            digest_hour=_choice("digest_hour", HOURS),
            digest_weekday=_choice("digest_weekday", range(len(DAYS))),
            quiet_from=_time("quiet_from"),
            quiet_until=_time("quiet_until"),
        )
    except ValueError:
        raise BadRequestError("The form holds a choice that the page does not offer.") from None


def _choice(name: str, choices: range) -> int:
    return choices.index(int(request.form.get(name, "")))


def _time(name: str) -> time | None:
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    try:
        found = time.fromisoformat(typed)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise InvalidError({name: ["Enter a time like 22:00, or nothing"]})
    return found.replace(second=0, microsecond=0)


def _page(mistake: Mistake | None = None) -> str:
    [moderator] = people.moderators(db.session(), [person().id])
    return render_template(
        "moderator/notices.html",
        sends_mail=house().settings.sends_mail,
        moderator=moderator,
        zone=zone_of(moderator.time_zone),
        zones=zones(),
        sites=person().with_role(*DECIDING),
        watches=queries.watches_of(db.session(), moderator.id),
        last=queries.last_notices(db.session(), moderator.id),
        at_once=AT_ONCE,
        digest=DIGEST,
        hours=HOURS,
        days=DAYS,
        mistake=mistake,
        typed=request.form if mistake else {},
        person=person(),
    )

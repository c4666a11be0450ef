"""Doors to a site's keys for programs: what is there, a new one shown once, and the end of one."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import ApiKeyKind, Role, Scope, Site
from service.errors import InvalidError
from service.programs import api_keys
from service.programs.api_keys import WantedKey
from service.web.api.document import SCOPES
from service.web.context import house
from service.web.moderator.guarding import fresh, guard, own_site, person, prove_again

bp = Blueprint("keys", __name__)
guard(bp)

KINDS = {
    ApiKeyKind.API: ("API", "For programs that speak this service's own API."),
    ApiKeyKind.AKISMET: (
        "Akismet",
        "Goes where a program asks for an Akismet key; the program must be pointed here.",
    ),
}
BAD_KIND = "Choose what the key is for."
BAD_SCOPE = "Choose from the list."
BAD_DAYS = f"Enter 1 to {api_keys.LONGEST:,} days, or nothing."
DIGITS = 5  # of a number of days


@bp.get("/sites/<slug>/keys")
def show(slug: str) -> ResponseReturnValue:
    """List a site's keys."""
    return _page(own_site(slug, Role.OWNER))


@bp.post("/sites/<slug>/keys")
def make(slug: str) -> ResponseReturnValue:
    """Make a key and show it, this once: in the answer itself, as it is kept nowhere."""
    site = own_site(slug, Role.OWNER)
    if not fresh():
        return prove_again(url_for("keys.show", slug=slug))
    try:
        made = api_keys.make_key(house(), site.id, person().id, _wanted())
    except InvalidError as error:
        return _page(site, errors=error.errors, typed=request.form), error.status
    return _page(site, made=made)


@bp.post("/sites/<slug>/keys/<public_id>")
def end(slug: str, public_id: str) -> ResponseReturnValue:
    """End a key at once."""
    site = own_site(slug, Role.OWNER)
    api_keys.end_key(house(), site.id, public_id)
    return redirect(url_for("keys.show", slug=slug, ended=public_id), code=303)


def _wanted() -> WantedKey:
    """Read from the form what is wanted.

    Raises:
        InvalidError: a kind or scope that nobody offers, days that are no number.
    """
    form, errors = request.form, {}
    kind, scopes = form.get("kind", ""), form.getlist("scopes[]")
    days = form.get("days", "").strip()
    if kind not in set(ApiKeyKind):
        errors["kind"] = [BAD_KIND]
    if not set(scopes) <= set(Scope):
        errors["scopes"] = [BAD_SCOPE]
    if days and not (days.isascii() and days.isdigit() and len(days) <= DIGITS):
        errors["days"] = [BAD_DAYS]
    if errors:
        raise InvalidError(errors)
    chosen = [Scope(scope) for scope in scopes] if kind == ApiKeyKind.API else []
    return WantedKey(form.get("name", ""), ApiKeyKind(kind), chosen, int(days) if days else None)


def _page(site: Site, **more: Any) -> str:
    now = house().now()
    found = api_keys.keys_and_makers(site.id)
    ended = next((key for key, _ in found if key.public_id == request.args.get("ended")), None)
    return render_template(
        "moderator/keys.html",
        **{
            "site": site,
            "live": [pair for pair in found if api_keys.is_live(pair[0], now)],
            "over": [pair for pair in found if not api_keys.is_live(pair[0], now)],
            "now": now,
            "ended": ended,
            "kinds": KINDS,
            "scopes": SCOPES,
            "most": api_keys.MOST_LIVE,
            "fresh": fresh(),
            "errors": {},
            "typed": {},
            "made": None,
            "base_url": house().settings.base_url,
            "person": person(),
            **more,
        },
    )

"""Doors to sites: their settings, and the snippet to paste."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Policy, Role, Site
from service.db import db
from service.embed.setting_up import setting_up
from service.errors import ForbiddenError, InvalidError
from service.intake.alarm import alarm_of
from service.sites import changes
from service.text.language import Language, language_for, languages
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person
from service.web.moderator.rehearsing import policy_rehearsed, to_rehearse
from service.web.speech import speaking

bp = Blueprint("sites", __name__)
guard(bp)

DEPTH = "Enter a number of levels from 1 to 8."


@bp.get("/sites")
def index() -> ResponseReturnValue:
    """List one's sites; an operator can add one."""
    return _sites_page({}, {})


@bp.post("/sites")
def create() -> ResponseReturnValue:
    """Make a site."""
    if not person().operator:
        raise ForbiddenError("Only the operator creates sites.")
    typed = request.form
    try:
        site = changes.found_site(
            house(),
            slug=typed.get("slug", "").strip(),
            name=typed.get("name", ""),
            origins=typed.get("origins", "").split(),
            owner_id=person().id,
            language=typed.get("language", "en"),
        )
    except InvalidError as error:
        return _sites_page(typed, error.errors), error.status
    return redirect(url_for("setting_up.show_rules", slug=site.slug), code=303)


def _sites_page(typed: Any, errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/sites.html",
        typed=typed,
        errors=errors,
        unfinished=[site.id for site in person().with_role(Role.OWNER) if setting_up(site).left],
        languages=spoken_languages(),
        person=person(),
    )


def spoken_languages() -> list[Language]:
    """Return the languages that readers can be spoken to in."""
    return [language_for(code) for code in languages()]


@bp.get("/sites/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """Show a site's settings and the snippet to paste."""
    return _settings_page(own_site(slug), {}, {})


@bp.post("/sites/<slug>")
def change(slug: str) -> ResponseReturnValue:
    """Store a site's settings."""
    site = own_site(slug, Role.OWNER)
    if "back" in request.form:  # from the rehearsal
        return _settings_page(site, request.form, {})
    try:
        policy = _policy(site.policy)
        name, origins = request.form.get("name", ""), request.form.get("origins", "").split()
        changes.check_site(name=name, origins=origins, policy=policy)
        if to_rehearse(site.policy, policy):
            return policy_rehearsed(site, policy, url_for("sites.show", slug=slug))
        changes.change_site(house(), site.id, name=name, origins=origins, policy=policy)
    except InvalidError as error:
        return _settings_page(site, request.form, error.errors), error.status
    return redirect(url_for("sites.show", slug=slug, saved=1), code=303)


def _policy(before: Policy) -> Policy:
    """Read the policy from the form.

    Raises:
        InvalidError: a threshold or a number of days that is no number.
    """
    form = request.form
    return replace(
        before,
        require_name="require_name" in form,
        require_email="require_email" in form,
        registered_pages_only="registered_pages_only" in form,
        return_to_page="return_to_page" in form,
        spam_tray_at=typed_number(
            "spam_tray_at", "Enter a probability between 0 and 1, or nothing."
        ),
        links_most=_whole("links_most", "Enter a number of links, or leave it empty."),
        publish_proven="publish_proven" in form,
        close_after_days=_whole("close_after_days", "Enter 1 or more days, or leave it empty."),
        trailing_slash=form.get("trailing_slash", before.trailing_slash),
        page_query=form.get("page_query", before.page_query),
        depth=_whole("depth", DEPTH) or before.depth,
        language=form.get("language", before.language),
        under_attack="under_attack" in form,
    )


def typed_number(name: str, message: str) -> float | None:
    """Return the number that stands in a field, None where nothing does.

    Raises:
        InvalidError: with this message.
    """
    typed = request.form.get(name, "").strip()
    try:
        return float(typed) if typed else None
    except ValueError:
        raise InvalidError({name: [message]}) from None


def _whole(name: str, message: str) -> int | None:
    typed = request.form.get(name, "").strip()
    if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 6):  # noqa: PLR2004 - 270 years
        raise InvalidError({name: [message]})
    return int(typed) if typed else None


def _settings_page(site: Site, typed: Any, errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/site.html",
        site=site,
        policy=site.policy,
        typed=typed,
        errors=errors,
        snippet=snippet_of(site),
        owner=site in person().with_role(Role.OWNER),
        languages=spoken_languages(),
        left=setting_up(site).left,
        alarm=alarm_of(db.session(), house(), site).value,
        saved="saved" in request.args,
        person=person(),
    )


def snippet_of(site: Site) -> str:
    """Return what an owner pastes into his pages, in the language of the site's readers."""
    settings = house().settings
    with speaking(site.policy.language):
        return render_template(
            "reader/snippet.html",
            site=site.slug,
            base_url=settings.base_url,
            comment_max=settings.comment_max,
            sends_mail=settings.sends_mail,
        )

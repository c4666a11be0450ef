"""Doors to a site's set-up: its rules, the snippet on a page, a first test comment.

The first step, the site itself, is the form of `/sites`.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Policy, Role, Site
from service.embed.checkup import Checkup, check_up, send_test
from service.embed.setting_up import setting_up
from service.errors import InvalidError, ServiceError
from service.sites import changes
from service.web.context import client_network, house
from service.web.forms import HONEYPOT
from service.web.moderator.check import TEST_TEXT
from service.web.moderator.guarding import guard, own_site, person
from service.web.moderator.rehearsing import policy_rehearsed, to_rehearse
from service.web.moderator.sites import snippet_of, typed_number
from service.web.reading import key_of

bp = Blueprint("setting_up", __name__)
guard(bp)

PROPOSED = 0.95
"""Probability of spam from which obvious spam may be filed away."""
WAIT, FILE = "wait", "file"
NO_PAGE_YET = "/"
"""Page key of a test comment where no page was checked."""


@bp.get("/sites/<slug>/setup")
def resume(slug: str) -> ResponseReturnValue:
    """Lead to the first step that is not done, to the site's page where all are."""
    left = setting_up(own_site(slug, Role.OWNER)).left
    return redirect(url_for(f"setting_up.show_{left[0]}" if left else "sites.show", slug=slug), 303)


@bp.get("/sites/<slug>/setup/rules")
def show_rules(slug: str) -> ResponseReturnValue:
    """Ask how the site moderates."""
    return _rules_page(own_site(slug, Role.OWNER), {}, {})


@bp.post("/sites/<slug>/setup/rules")
def save_rules(slug: str) -> ResponseReturnValue:
    """Store how the site moderates; filing spam away is rehearsed first."""
    site = own_site(slug, Role.OWNER)
    if "back" in request.form:  # from the rehearsal
        return _rules_page(site, request.form, {})
    try:
        policy = _rules(site.policy)
        changes.check_site(name=site.name, origins=site.origins, policy=policy)
        if to_rehearse(site.policy, policy):
            return policy_rehearsed(site, policy, url_for("setting_up.show_rules", slug=slug))
        changes.change_site(house(), site.id, name=site.name, origins=site.origins, policy=policy)
    except InvalidError as error:
        return _rules_page(site, request.form, error.errors), error.status
    return redirect(url_for("setting_up.show_page", slug=slug), 303)


def _rules(before: Policy) -> Policy:
    """Read the rules from the form.

    Raises:
        InvalidError: no choice, or a threshold that is no number.
    """
    filing = request.form.get("filing", "")
    if filing not in (WAIT, FILE):
        raise InvalidError({"filing": ["Choose one of the two."]})
    message = "Enter a probability between 0 and 1, such as 0.95."
    threshold = typed_number("spam_tray_at", message) if filing == FILE else None
    if filing == FILE and threshold is None:
        raise InvalidError({"spam_tray_at": [message]})
    return replace(
        before,
        spam_tray_at=threshold,
        require_name="require_name" in request.form,
        require_email="require_email" in request.form,
    )


def _rules_page(site: Site, typed: Any, errors: dict[str, list[str]]) -> str:
    at = site.policy.spam_tray_at
    return _step(
        "rules",
        site,
        policy=site.policy,
        filing=typed.get("filing", WAIT if at is None else FILE),
        threshold=typed.get("spam_tray_at", PROPOSED if at is None else at),
        typed=typed,
        errors=errors,
    )


@bp.get("/sites/<slug>/setup/page")
def show_page(slug: str) -> ResponseReturnValue:
    """Show the snippet to paste, and ask for a page to check."""
    return _page_page(own_site(slug, Role.OWNER))


@bp.post("/sites/<slug>/setup/page")
def check_page(slug: str) -> ResponseReturnValue:
    """Load a page, and show what is right and wrong with its embed."""
    site = own_site(slug, Role.OWNER)
    try:
        found = check_up(house(), site, request.form.get("url", ""), honeypot=HONEYPOT)
    except InvalidError as error:
        return _page_page(site, errors=error.errors), error.status
    return _page_page(site, found=found)


def _page_page(
    site: Site, *, found: Checkup | None = None, errors: dict[str, list[str]] | None = None
) -> str:
    return _step(
        "page",
        site,
        snippet=snippet_of(site),
        found=found,
        url=request.form.get("url", f"{site.origins[0]}/"),
        errors=errors or {},
    )


@bp.get("/sites/<slug>/setup/comment")
def show_comment(slug: str) -> ResponseReturnValue:
    """Offer to send a first test comment."""
    return _comment_page(own_site(slug, Role.OWNER), {})


@bp.post("/sites/<slug>/setup/comment")
def send_comment(slug: str) -> ResponseReturnValue:
    """Send a test comment and lead to its card in the queue."""
    site = own_site(slug, Role.OWNER)
    text = request.form.get("text", "")
    try:
        page = key_of(site, request.form.get("page", ""))
        accepted = send_test(house(), site, page, text, network=client_network())
    except ServiceError as refusal:
        errors = refusal.errors if isinstance(refusal, InvalidError) else {}
        shown = own_site(slug)  # the refusal rolled back, and forgot the rows
        return _comment_page(shown, errors or {"text": [refusal.message]}), refusal.status
    sent = accepted.public_id
    queue = url_for("queue.show", site=slug, first=sent, _anchor=f"comment-{sent}")
    return redirect(queue, 303)


def _comment_page(site: Site, errors: dict[str, list[str]]) -> str:
    return _step(
        "comment",
        site,
        page=request.values.get("page", NO_PAGE_YET),
        text=request.form.get("text", TEST_TEXT),
        errors=errors,
    )


def _step(step: str, site: Site, **more: Any) -> str:
    return render_template(
        f"moderator/setup_{step}.html",
        site=site,
        done=setting_up(site),
        hosted=url_for("form.hosted", slug=site.slug, page=NO_PAGE_YET),
        person=person(),
        **more,
    )

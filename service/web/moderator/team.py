"""Doors to a site's team: who works on it, who is invited, who did what."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Role, Site
from service.db import db
from service.errors import BadRequestError, ConflictError, InvalidError
from service.queries import team as queries
from service.queries.factors import have_second_factor
from service.staff import team
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person

bp = Blueprint("team", __name__)
guard(bp)

ROLES = (
    (Role.OWNER, "Owner", "decides, and changes settings, team and endpoints"),
    (Role.MODERATOR, "Moderator", "decides, edits and answers"),
    (Role.VIEWER, "Viewer", "sees the queue and changes nothing"),
)


@bp.get("/sites/<slug>/team")
def show(slug: str) -> ResponseReturnValue:
    """List who works on a site; its owners also see addresses and invitations."""
    return _page(own_site(slug))


@bp.post("/sites/<slug>/team")
def change(slug: str) -> ResponseReturnValue:
    """Invite, take an invitation back, change a role or end one."""
    site = own_site(slug, Role.OWNER)
    action = request.form.get("action", "")
    if action == "invite":
        return _invite(site)
    if action == "uninvite":
        team.take_back_invitation(
            house(), site.id, request.form.get("invitation", ""), moderator_id=person().id
        )
        return redirect(url_for("team.show", slug=slug), code=303)
    if action not in ("role", "remove"):
        raise BadRequestError("The action is invite, uninvite, role or remove.")
    try:
        _change_role(site, None if action == "remove" else _role("role"))
    except ConflictError as error:
        return _page(site, problem=error.message), error.status
    here = any(member.id == person().id for member, _ in queries.members(db.session(), site.id))
    return redirect(url_for("team.show", slug=slug) if here else url_for("sites.index"), code=303)


def _invite(site: Site) -> ResponseReturnValue:
    email, role = request.form.get("email", ""), _role("role")
    try:
        token = team.invite(house(), site.id, email, role, moderator_id=person().id)
    except InvalidError as error:
        return _page(site, errors=error.errors, typed=request.form), error.status
    link = f"{house().settings.base_url}{url_for('invitations.show', token=token)}"
    # Shown once, in the answer itself: it is kept nowhere.
    return _page(site, link=link, invited=email)


def _change_role(site: Site, new: Role | None) -> None:
    number = request.form.get("moderator", "")
    if not (number.isascii() and number.isdigit()):
        raise BadRequestError("The form does not say whose role to change.")
    member_id, seen = int(number[:18]), _role("seen")
    team.change_role(house(), site.id, member_id, seen=seen, new=new, moderator_id=person().id)


def _role(name: str) -> Role:
    try:
        return Role(request.form.get(name, ""))
    except ValueError:
        raise BadRequestError("The role is owner, moderator or viewer.") from None


def _page(site: Site, **more: object) -> str:
    owner = any(one.id == site.id for one in person().with_role(Role.OWNER))
    members = queries.members(db.session(), site.id)
    return render_template(
        "moderator/team.html",
        **{
            "site": site,
            "owner": owner,
            "members": members,
            "guarded": have_second_factor(db.session(), [member.id for member, _ in members]),
            "invitations": queries.open_invitations(db.session(), site.id) if owner else [],
            "now": house().now(),
            "roles": ROLES,
            "errors": {},
            "typed": {},
            "person": person(),
            **more,
        },
    )

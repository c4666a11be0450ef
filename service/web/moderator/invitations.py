"""The door for somebody who was invited: it has no session yet, or one of another account."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.errors import InvalidError
from service.staff import team
from service.web.context import house
from service.web.moderator.account import enter
from service.web.moderator.guarding import admit, person, refuse_foreign_form, signed_in

bp = Blueprint("invitations", __name__)


@bp.get("/invitations/<token>")
def show(token: str) -> ResponseReturnValue:
    """Say who invites to what, with the form to accept."""
    return _page(token, {}, {})


@bp.post("/invitations/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Accept: with a new account, or with the one that is signed in."""
    if signed_in():
        turned_away = admit()
        if turned_away is not None:
            return turned_away
        site = team.accept(house(), token, moderator_id=person().id)
        return redirect(f"/queue?site={site.slug}", code=303)
    refuse_foreign_form()
    typed = request.form
    password = typed.get("password", "")
    try:
        email = team.accept_as_new(house(), token, name=typed.get("name", ""), password=password)
    except InvalidError as error:
        return _page(token, dict(typed), error.errors), error.status
    enter(email, password)
    return redirect("/queue", code=303)


def _page(token: str, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    invited = team.look_at_invitation(house(), token)
    if signed_in():
        admit()
    return render_template(
        "moderator/invitation.html",
        invited=invited,
        signed_in=signed_in(),
        path=request.path,
        typed=typed,
        errors=errors,
        person=person() if signed_in() else None,
    )

"""The door for the link that the operator's reset prints: a new password, once."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.errors import InvalidError
from service.staff import credentials
from service.web.context import house
from service.web.moderator.guarding import begin_session, refuse_foreign_form

bp = Blueprint("reset", __name__)


@bp.get("/reset")
def show() -> ResponseReturnValue:
    """Show the form; the code comes behind the #, which browsers send to nobody."""
    return render_template("moderator/reset.html", errors={}, token="")


@bp.post("/reset")
def set_password() -> ResponseReturnValue:
    """Set the new password and sign in."""
    refuse_foreign_form()
    token, password = request.form.get("token", ""), request.form.get("password", "")
    try:
        found = credentials.use_reset(house(), token, password)
    except InvalidError as error:
        page = render_template("moderator/reset.html", errors=error.errors, token=token)
        return page, error.status
    begin_session(found, "reset")
    return redirect("/account", code=303)

"""Doors to an account: the first claim, signing in, signing out."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from service import accounts
from service.errors import InvalidError
from service.web.context import client_network, house
from service.web.guarding import admit, begin_session, refuse_foreign_form

bp = Blueprint("account", __name__)

HOME = "/queue"


@bp.get("/setup")
def show_setup() -> ResponseReturnValue:
    """Show the form for the first owner; 404 once there is one."""
    accounts.refuse_claimed()
    return render_template("moderator/setup.html", typed={}, errors={})


@bp.post("/setup")
def claim() -> ResponseReturnValue:
    """Make the first owner and sign him in."""
    refuse_foreign_form()
    typed = request.form
    owner = accounts.Person(
        typed.get("email", ""), typed.get("name", ""), typed.get("password", "")
    )
    try:
        accounts.claim(house(), typed.get("token", ""), owner)
        enter(owner.email, owner.password)
    except InvalidError as error:
        page = render_template("moderator/setup.html", typed=typed, errors=error.errors)
        return page, error.status
    return redirect("/sites", code=303)


@bp.get("/login")
def show_login() -> ResponseReturnValue:
    """Show the form to sign in."""
    return render_template("moderator/login.html", typed={}, errors={}, next=_next())


@bp.post("/login")
def login() -> ResponseReturnValue:
    """Sign in and go where one wanted to go."""
    refuse_foreign_form()
    try:
        enter(request.form.get("email", ""), request.form.get("password", ""))
    except InvalidError as error:
        page = render_template(
            "moderator/login.html", typed=request.form, errors=error.errors, next=_next()
        )
        return page, error.status
    return redirect(_next(), code=303)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    turned_away = admit()
    if turned_away is None:
        accounts.sign_out()
        session.clear()
    return redirect("/login", code=303)


def enter(email: str, password: str) -> None:
    """Sign somebody in and begin his session.

    Raises:
        InvalidError: address and password do not belong together.
    """
    # What a visitor brought along must not live on in the session of the one who signs in.
    session.clear()
    accounts.sign_in(house(), email, password, client_network())
    begin_session()


def _next() -> str:
    """Return the path to go to: one of our own, whatever was asked for."""
    wanted = request.values.get("next", HOME)
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return (
        wanted if own and not parts.scheme and not parts.netloc and wanted.isprintable() else HOME
    )

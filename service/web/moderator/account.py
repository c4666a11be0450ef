"""Doors to an account: the first claim, signing in by one step or two, signing out."""

from flask import Blueprint, jsonify, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from service.db import db
from service.errors import InvalidError
from service.staff import accounts, factors, passkeys, signing_in
from service.web.context import client_network, house
from service.web.moderator import challenges
from service.web.moderator.guarding import admit, begin_session, end_session, refuse_foreign_form
from service.web.moderator.target import by_way_of, target

bp = Blueprint("account", __name__)

PENDING = "pending"
PENDING_LIFE = 5 * 60  # seconds between the password and what stands beside it
TOO_LATE = "That took too long. Sign in again."


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
    return _login_page({}, {})


@bp.post("/login")
def login() -> ResponseReturnValue:
    """Take a password; sign in, or go on to the second step where there is a second factor."""
    refuse_foreign_form()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        found = signing_in.check_password(house(), email, password, client_network())
    except InvalidError as error:
        return _login_page(dict(request.form), error.errors), error.status
    if not factors.has_second(db.session(), found.id):
        begin_session(found, "password")
        return redirect(target(), code=303)
    session.clear()
    until = int(house().now().timestamp()) + PENDING_LIFE
    # A new password changes the uniquifier, and so ends what was begun with the old one.
    session[PENDING] = {"who": found.fs_uniquifier, "until": until}
    return redirect(by_way_of("/login/second"), code=303)


@bp.get("/login/second")
def show_second() -> ResponseReturnValue:
    """Ask for what stands beside the password."""
    found = _pending()
    if found is None:
        return redirect(by_way_of("/login"), code=303)
    return _second_page(found, {})


@bp.post("/login/second")
def second() -> ResponseReturnValue:
    """Take a code or a recovery code, and sign in."""
    refuse_foreign_form()
    found = _pending()
    if found is None:
        return _login_page({}, {"email": [TOO_LATE]}), InvalidError.status
    try:
        way = signing_in.check_code(
            house(), found.id, request.form.get("code", ""), client_network()
        )
    except InvalidError as error:
        return _second_page(found, error.errors), error.status
    begin_session(found, f"password and {way}")
    return redirect(target(), code=303)


@bp.post("/login/passkey/options")
def passkey_options() -> ResponseReturnValue:
    """Return what a browser needs to prove a passkey: anybody's, or his who gave a password."""
    refuse_foreign_form()
    found = _pending() if request.form.get("of") == "pending" else None
    known = None if found is None else found.id
    return jsonify(passkeys.proving(house(), known, challenges.new("prove")))


@bp.post("/login/passkey")
def passkey() -> ResponseReturnValue:
    """Sign in with a passkey alone: it is two factors in one, with a password before it or not."""
    refuse_foreign_form()
    try:
        moderator = prove_passkey()
    except InvalidError as error:
        found = _pending()
        if found is not None:
            return _second_page(found, error.errors), error.status
        return _login_page({}, error.errors), error.status
    begin_session(moderator, "passkey")
    return redirect(target(), code=303)


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    """End the session."""
    turned_away = admit()
    if turned_away is None:
        end_session()
    return redirect("/login", code=303)


def enter(email: str, password: str) -> None:
    """Sign in somebody whose account was made just now.

    Raises:
        InvalidError: address and password do not belong together.
    """
    found = signing_in.check_password(house(), email, password, client_network())
    begin_session(found, "password")


def prove_passkey() -> accounts.SignIn:
    """Return whose passkey the form carries.

    Raises:
        InvalidError: it proves nothing, or its owner may not sign in.
    """
    signing_in.check_network(house(), client_network())
    challenge, _handle = challenges.take("prove")
    found = accounts.by_id(passkeys.use(house(), request.form.get("credential", ""), challenge))
    if found is None:
        raise InvalidError({"passkey": [passkeys.WRONG]})
    return found


def _pending() -> accounts.SignIn | None:
    """Return who gave a right password within the last five minutes and owes a second factor."""
    kept = session.get(PENDING)
    if kept is None or house().now().timestamp() >= kept["until"]:
        return None
    return accounts.by_uniquifier(kept["who"])


def _login_page(typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/login.html",
        typed=typed,
        errors=errors,
        next=target(),
        passkeys=passkeys.rp_id(house().settings) is not None,
    )


def _second_page(found: accounts.SignIn, errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/second.html",
        errors=errors,
        next=target(),
        ways=factors.ways(db.session(), found.id),
        passkeys=passkeys.rp_id(house().settings) is not None,
    )

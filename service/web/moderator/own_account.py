"""Doors to a moderator's own account: password, second factors, sessions."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from models import Moderator
from service.db import db
from service.errors import BadRequestError, ConflictError, ForbiddenError, InvalidError
from service.queries.factors import passkeys as passkeys_of
from service.staff import credentials, factors, passkeys, sessions
from service.staff.accounts import by_id
from service.web.context import house
from service.web.moderator import challenges
from service.web.moderator.guarding import (
    begin_session,
    fresh,
    guard,
    own_session,
    person,
    prove_again,
)

bp = Blueprint("own_account", __name__)
guard(bp)

PAGE = "/account"
DONE = {
    "password": "Your password is changed. All other sessions are ended.",
    "app": "Your authenticator app is set up.",
    "app-removed": "The authenticator app is removed. All other sessions are ended.",
    "passkey": "The passkey is added.",
    "passkey-removed": "The passkey is removed. All other sessions are ended.",
    "ended": "The session is ended.",
    "others-ended": "All other sessions are ended.",
}


@bp.get("/account")
def show() -> ResponseReturnValue:
    """Show how one signs in and where one is signed in."""
    return _page()


@bp.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Set a new password; every session ends, and the one that asked begins anew."""
    if not fresh():
        return prove_again(PAGE)
    try:
        credentials.change_password(house(), person().id, request.form.get("password", ""))
    except InvalidError as error:
        return _page(errors=error.errors), error.status
    found = by_id(person().id)
    if found is not None:
        begin_session(found, "new password")
    return _done("password")


@bp.get("/account/app")
def show_app() -> ResponseReturnValue:
    """Show the key of the app that waits for its first code."""
    if not fresh():
        return prove_again(f"{PAGE}/app")
    return _app_page({})


@bp.post("/account/app")
def change_app() -> ResponseReturnValue:
    """Begin with an authenticator app, confirm it by its first code, or remove it."""
    return _act({"start": _start_app, "confirm": _confirm_app, "remove": _remove_app})


@bp.post("/account/codes")
def make_codes() -> ResponseReturnValue:
    """Make ten recovery codes and show them, this once."""
    if not fresh():
        return prove_again(PAGE)
    try:
        return _codes_page(factors.new_codes(house(), person().id))
    except ConflictError as error:
        return _page(problem=error.message), error.status


@bp.post("/account/passkeys/options")
def passkey_options() -> ResponseReturnValue:
    """Return what a browser needs to make a passkey."""
    if not fresh():
        raise ForbiddenError("Prove again who you are, then add the passkey.")
    options = passkeys.making(house(), person().id, challenges.new("make"))
    challenges.keep_handle(options["user"]["id"])
    return jsonify(options)


@bp.post("/account/passkeys")
def change_passkeys() -> ResponseReturnValue:
    """Keep a new passkey, or remove one."""
    return _act({"add": _add_passkey, "remove": _remove_passkey})


@bp.post("/account/sessions")
def end_sessions() -> ResponseReturnValue:
    """End one of one's sessions, or all but this one; needs no fresh proof, it takes away only."""
    action = request.form.get("action", "")
    if action == "others":
        sessions.end_others(house(), own_session())
        return _done("others-ended")
    if action != "end":
        raise BadRequestError("The action is end or others.")
    sessions.end(house(), person().id, request.form.get("session", ""))
    return _done("ended")


def _act(actions: dict[str, Callable[[], ResponseReturnValue]]) -> ResponseReturnValue:
    """Do what the form asks for, if its sender has just proved who he is."""
    act = actions.get(request.form.get("action", ""))
    if act is None:
        raise BadRequestError(f"The action is one of {', '.join(actions)}.")
    if not fresh():
        return prove_again(PAGE)
    try:
        return act()
    except InvalidError as error:
        return _page(errors=error.errors), error.status
    except ConflictError as error:
        return _page(problem=error.message), error.status


def _start_app() -> ResponseReturnValue:
    factors.start_app(house(), person().id)
    return redirect(f"{PAGE}/app", code=303)


def _confirm_app() -> ResponseReturnValue:
    try:
        codes = factors.confirm_app(house(), person().id, request.form.get("code", ""))
    except InvalidError as error:
        answer = _app_page(error.errors)
        return (answer, error.status) if isinstance(answer, str) else answer
    return _codes_page(codes) if codes else _done("app")


def _remove_app() -> ResponseReturnValue:
    factors.remove_app(house(), own_session())
    return _done("app-removed")


def _add_passkey() -> ResponseReturnValue:
    challenge, handle = challenges.take("make")
    codes = passkeys.add(
        house(),
        person().id,
        passkeys.Offer(
            name=request.form.get("name", ""),
            credential=request.form.get("credential", ""),
            challenge=challenge,
            handle=handle,
        ),
    )
    return _codes_page(codes) if codes else _done("passkey")


def _remove_passkey() -> ResponseReturnValue:
    passkeys.remove(house(), own_session(), request.form.get("passkey", ""))
    return _done("passkey-removed")


def _done(what: str) -> ResponseReturnValue:
    return redirect(f"{PAGE}?done={what}", code=303)


def _codes_page(codes: list[str]) -> str:
    return render_template("moderator/codes.html", codes=codes, person=person())


def _app_page(errors: dict[str, list[str]]) -> ResponseReturnValue:
    shown = factors.enrolment(house(), person().id, _own().email, f"Gatepost {_host()}")
    if shown is None:
        return redirect(PAGE, code=303)
    return render_template("moderator/app.html", shown=shown, errors=errors, person=person())


def _page(*, errors: dict[str, list[str]] | None = None, problem: str = "") -> str:
    return render_template(
        "moderator/account.html",
        own=_own(),
        fresh=fresh(),
        ways=factors.ways(db.session(), person().id),
        passkeys=passkeys_of(db.session(), person().id),
        host=passkeys.rp_id(house().settings),
        base_url=house().settings.base_url,
        sessions=sessions.live(house(), person().id),
        here=own_session().id,
        done=DONE.get(request.args.get("done", "")),
        errors=errors or {},
        problem=problem,
        person=person(),
    )


def _own() -> Moderator:
    found: Moderator = db.session().get_one(Moderator, person().id)
    return found


def _host() -> str:
    return urlsplit(house().settings.base_url).hostname or ""

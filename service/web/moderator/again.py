"""The door to prove again who one is, before what matters most."""

from flask import Blueprint, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service.db import db
from service.errors import InvalidError
from service.staff import factors, passkeys, sessions, signing_in
from service.web.context import client_network, house
from service.web.moderator import challenges
from service.web.moderator.account import prove_passkey
from service.web.moderator.guarding import guard, own_session, person
from service.web.moderator.target import target

bp = Blueprint("again", __name__)
guard(bp)


@bp.get("/login/again")
def show() -> ResponseReturnValue:
    """Ask a signed-in moderator to prove again who he is."""
    return _page({})


@bp.post("/login/again")
def prove() -> ResponseReturnValue:
    """Take the proof and go where one wanted to go."""
    try:
        way = _proof()
    except InvalidError as error:
        return _page(error.errors), error.status
    sessions.prove(house(), own_session(), way=way)
    return redirect(target(), code=303)


@bp.post("/login/again/options")
def options() -> ResponseReturnValue:
    """Return what a browser needs to prove one of the moderator's own passkeys."""
    return jsonify(passkeys.proving(house(), person().id, challenges.new("prove")))


def _proof() -> str:
    if "credential" in request.form:
        if prove_passkey().id != person().id:
            raise InvalidError({"passkey": ["This passkey is of another account."]})
        return "passkey"
    typed = request.form
    return signing_in.prove_again(
        house(),
        person().id,
        typed.get("password", ""),
        typed.get("code", ""),
        client_network(),
    )


def _page(errors: dict[str, list[str]]) -> str:
    return render_template(
        "moderator/again.html",
        errors=errors,
        next=target(),
        ways=factors.ways(db.session(), person().id),
        passkeys=passkeys.rp_id(house().settings) is not None,
        person=person(),
    )

"""The composition: the only file that knows all others."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from config import Settings, load
from models.spam import ModelFileError, load_base
from models.spam import load as load_model
from service import db
from service.house import House, Wake
from service.http.gate import gate_of
from service.keys import KeyRing
from service.opening import open_house
from service.staff import accounts
from service.text.scoring import Scorer
from service.web import api, headers, health, ingress, metrics, problems, speech
from service.web.checks import akismet, coral, perspective
from service.web.context import HOUSE
from service.web.moderator import (
    account,
    acts,
    address,
    again,
    audit,
    check,
    deliveries,
    endpoints,
    guarding,
    invitations,
    keys,
    live,
    model,
    notices,
    own_account,
    pages,
    queue,
    reset,
    rules,
    sessions,
    setting_up,
    signature,
    sites,
    statistics,
    team,
)
from service.web.reader import embed, feeds, form, mail, receipts, threads, tickets

log = logging.getLogger("gatepost")

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, none taken for another: 5 bits each
WEB = Path(__file__).with_name("web")


def utc_now() -> datetime:
    """Return this moment, aware and in UTC."""
    return datetime.now(UTC)


def random_token(length: int) -> str:
    """Return random lower-case letters and digits, 5 bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Outside:
    """Parts of the outside world that a test replaces.

    Args:
        now: the clock.
        wake: wakes the dispatcher.
        scorer: the spam check; None = the model of the settings.
    """

    now: Callable[[], datetime] = utc_now
    wake: Wake = lambda: None
    scorer: Scorer | None = None


def create_app(settings: Settings | None = None, outside: Outside | None = None) -> Flask:
    """Make the application: keys read, database migrated, doors open.

    Args:
        settings: None = read from the environment, so that `flask --app service.app` works.

    Raises:
        SettingsError, SetupError: what the operator has to mend.
    """
    settings = settings or load()
    outside = outside or Outside()
    app = Flask("gatepost", root_path=str(WEB), static_folder="static")
    _open_database(app, settings)
    with app.app_context():
        ring = open_house(settings, db.db.engine, now=outside.now())
    app.config.from_mapping(_flask_settings(settings, ring))
    app.extensions[HOUSE] = House(
        settings=settings,
        ring=ring,
        scorer=outside.scorer or _scorer(settings),
        now=outside.now,
        token=random_token,
        wake=outside.wake,
    )
    _open_doors(app, settings)
    return app


def _open_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options(settings)
    db.db.init_app(app)
    with app.app_context():
        db.prepare(db.db.engine, settings)


def _flask_settings(settings: Settings, ring: KeyRing) -> Mapping[str, Any]:
    return {
        "SECRET_KEY": ring.active("session").secret,
        "SESSION_COOKIE_NAME": "__Host-gatepost" if settings.secure else "gatepost",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "MAX_FORM_MEMORY_SIZE": None,  # the gate has a cap for each door, and no body gets past it
        "PREFERRED_URL_SCHEME": "https" if settings.secure else "http",
        **accounts.flask_settings(settings),
    }


def _scorer(settings: Settings) -> Scorer:
    """Return the spam check on the model of the settings, or on the shipped one.

    A refused file must not take the comments down with it: the last good model stays.
    """
    if settings.model:
        try:
            return Scorer(load_model(Path(settings.model)), settings.model)
        except ModelFileError as error:
            log.error("this spam model is refused: %s; the shipped one is used", error)  # noqa: TRY400 - a sentence, not a traceback
    return Scorer(load_base())


def _open_doors(app: Flask, settings: Settings) -> None:
    ingress.register(app, gate_of(settings))
    problems.register(app)
    headers.register(app)
    speech.register(app)
    sessions.register(app)
    accounts.register(app)
    guarding.register(app)
    for door in (
        form,
        tickets,
        threads,
        feeds,
        embed,
        receipts,
        rules,
        mail,
        account,
        again,
        reset,
        own_account,
        queue,
        acts,
        address,
        live,
        sites,
        endpoints,
        deliveries,
        signature,
        setting_up,
        team,
        audit,
        statistics,
        invitations,
        keys,
        notices,
        check,
        pages,
        model,
        akismet,
        perspective,
        coral,
        metrics,
        health,
        api,
    ):
        app.register_blueprint(door.bp)

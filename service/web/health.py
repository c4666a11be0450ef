"""Doors for the machine that watches over us: alive, and ready."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from service.opening import readiness
from service.web.context import house

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Answer as long as the process runs."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether comments can be taken: database, migrations, model, each by name."""
    checks = readiness(house())
    well = all(checks.values())
    body = {"status": "ok" if well else "unavailable", "checks": checks}
    return jsonify(body), 200 if well else 503

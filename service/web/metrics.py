"""The door of Prometheus: open to who has the operator's token, and else not there."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from service.errors import NotFoundError
from service.figures.metrics import CONTENT_TYPE, exposition, shows_token
from service.web.context import house

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def show() -> ResponseReturnValue:
    """Return all figures.

    Raises:
        NotFoundError: the operator set no token, so there is no such door.
    """
    token = house().settings.metrics_token
    if not token:
        raise NotFoundError("There is no such page.")
    if not shows_token(token, request.headers.get("Authorization", "")):
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(exposition(house()), content_type=CONTENT_TYPE)

"""Refusals as the caller can read them: problem JSON for programs, a page for people."""

import contextlib
import logging
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from service.errors import (
    InvalidError,
    MethodError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from service.text.language import said
from service.web.context import wants_json
from service.web.moderator.guarding import admit
from service.web.speech import say, speaking

log = logging.getLogger("gatepost.web")

TITLES = {
    400: said("Bad request"),
    401: "Key needed",
    403: said("Not allowed"),
    404: said("Not found"),
    405: said("Method not allowed"),
    409: said("Conflict"),
    410: said("Closed"),
    411: said("Length required"),
    412: "Changed since",
    413: said("Too large"),
    415: said("Unsupported type"),
    422: said("Please check the form"),
    429: said("Too many requests"),
    500: said("Something went wrong"),
    503: said("Please try again"),
}


NO_FACTS: Mapping[str, Any] = MappingProxyType({})
STAFF = (
    "/queue",
    "/sites",
    "/statistics",
    "/notices",
    "/account",
    "/setup",
    "/login",
    "/logout",
    "/reset",
    "/invitations",
)
"""Where paths of moderators' doors begin, for what is refused before a door knows who asks."""


def register(app: Flask) -> None:
    """Let the application answer every refusal and failure."""
    app.register_error_handler(ServiceError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(OperationalError, refuse_database)
    app.register_error_handler(Exception, fail)


def refuse(error: ServiceError) -> Response:
    """Answer a refusal of ours (RFC 9457 for programs)."""
    errors = error.errors if isinstance(error, InvalidError) else None
    response = answer(error.status, error.code, error.message, errors=errors, facts=error.facts)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodError):
        response.headers["Allow"] = ", ".join(error.allowed)
    return response


def refuse_http(error: HTTPException) -> Response:
    """Answer what the framework refused, in our words."""
    if isinstance(error, (NotFound, MethodNotAllowed)):
        _recognise()
    if isinstance(error, NotFound):
        return refuse(NotFoundError(said("There is no such page.")))
    if isinstance(error, MethodNotAllowed):
        message = said("This address does not take that method.")
        return refuse(MethodError(message, error.valid_methods or ()))
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if status >= 500:  # noqa: PLR2004 - the class of server errors
        return fail(error)
    return answer(status, "refused", TITLES.get(status, said("This request was refused.")))


def _recognise() -> None:
    """Find out whether a moderator asks for a door of his that does not exist."""
    if _for_staff():
        with contextlib.suppress(ServiceError, OperationalError):
            admit()


def _for_staff() -> bool:
    return "person" in g or request.path.startswith(STAFF)


def refuse_database(error: OperationalError) -> Response:
    """Answer a read that the database could not serve."""
    log.error("database unavailable", exc_info=error)
    return refuse(UnavailableError(said("The comments cannot be read right now."), retry_after=2))


def fail(error: Exception) -> Response:
    """Answer a fault of ours: an id outside, the details in the log only."""
    number = secrets.token_hex(6)
    log.error("unexpected failure", exc_info=error, extra={"error_id": number})
    return answer(
        500,
        "error",
        said(
            "Something went wrong on our side. Nothing you typed was published. Please try again."
            " (number %(number)s)",
            number=number,
        ),
    )


def answer(
    status: int,
    code: str,
    message: str,
    *,
    errors: dict[str, list[str]] | None = None,
    facts: Mapping[str, Any] = NO_FACTS,
) -> Response:
    """Return a problem document or a page with the same content; moderators' pages are English.

    Args:
        facts: what a program gets beside that.
    """
    if _for_staff():
        with speaking("en"):
            return _answer(status, code, message, errors, facts)
    return _answer(status, code, message, errors, facts)


def _answer(
    status: int,
    code: str,
    message: str,
    errors: dict[str, list[str]] | None,
    facts: Mapping[str, Any],
) -> Response:
    title = say(TITLES.get(status, said("Refused")))
    message = say(message)
    told = {field: [say(text) for text in texts] for field, texts in (errors or {}).items()}
    if wants_json():
        problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
        problem |= {"code": code, "detail": message, **facts}
        if errors is not None:
            problem["errors"] = told
        response = jsonify(problem)
        response.content_type = "application/problem+json"
    else:
        response = make_response(_page(title, message, told))
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(title: str, message: str, errors: dict[str, list[str]]) -> str:
    """Return the page of a refusal in the layout of whoever asks, with a way on for moderators."""
    if not _for_staff():
        return render_template("problem.html", title=title, message=message, errors=errors)
    return render_template(
        "moderator/problem.html",
        title=title,
        message=message,
        errors=errors,
        person=g.get("person"),
    )

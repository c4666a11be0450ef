"""Refusals as the caller can read them: problem JSON for programs, a page for people."""

import logging
import secrets

from flask import Flask, Response, jsonify, make_response, render_template
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from service.errors import (
    InvalidError,
    MethodError,
    NotFoundError,
    ServiceError,
    UnavailableError,
)
from service.web.context import wants_json

log = logging.getLogger("gatepost.web")

TITLES = {
    400: "Bad request",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Closed",
    411: "Length required",
    413: "Too large",
    415: "Unsupported type",
    422: "Please check the form",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Please try again",
}
INSIDE = "Something went wrong on our side. Nothing you typed was published. Please try again."


def register(app: Flask) -> None:
    """Let the application answer every refusal and failure."""
    app.register_error_handler(ServiceError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(OperationalError, refuse_database)
    app.register_error_handler(Exception, fail)


def refuse(error: ServiceError) -> Response:
    """Answer a refusal of ours (RFC 9457 for programs)."""
    errors = error.errors if isinstance(error, InvalidError) else None
    response = answer(error.status, error.code, error.message, errors=errors)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def refuse_http(error: HTTPException) -> Response:
    """Answer what the framework refused, in our words."""
    if isinstance(error, NotFound):
        return refuse(NotFoundError("There is no such page."))
    if isinstance(error, MethodNotAllowed):
        response = refuse(MethodError("This address does not take that method."))
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if status >= 500:  # noqa: PLR2004 - the class of server errors
        return fail(error)
    return answer(status, "refused", TITLES.get(status, "This request was refused."))


def refuse_database(error: OperationalError) -> Response:
    """Answer a read that the database could not serve."""
    log.error("database unavailable", exc_info=error)
    return refuse(UnavailableError("The comments cannot be read right now.", retry_after=2))


def fail(error: Exception) -> Response:
    """Answer a fault of ours: an id outside, the details in the log only."""
    number = secrets.token_hex(6)
    log.error("unexpected failure", exc_info=error, extra={"error_id": number})
    return answer(500, "error", f"{INSIDE} (number {number})")


def answer(
    status: int, code: str, message: str, *, errors: dict[str, list[str]] | None = None
) -> Response:
    """Return a problem document or a page with the same content."""
    title = TITLES.get(status, "Refused")
    if wants_json():
        problem = {"type": "about:blank", "title": title, "status": status}
        problem |= {"code": code, "detail": message}
        if errors is not None:
            problem["errors"] = errors
        response = jsonify(problem)
        response.content_type = "application/problem+json"
    else:
        page = render_template("problem.html", title=title, message=message, errors=errors or {})
        response = make_response(page)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response

"""The gate's rules for requests that did not come through the front (test client, `flask run`)."""

from flask import Flask, Request, current_app, request
from werkzeug.exceptions import ClientDisconnected

from service.errors import BadRequestError, ServiceError
from service.http.bodies import check_body
from service.http.front import GATED, PARSED, REFUSAL
from service.http.gate import BODY_METHODS, Gate, Head, Passage

GATE = "gatepost.gate"


def register(app: Flask, gate: Gate) -> None:
    """Let no view see a request that the gate has not passed."""
    app.extensions[GATE] = gate
    app.before_request(pass_gate)


def pass_gate() -> None:
    """Check the request, unless the front has done so already.

    Raises:
        ServiceError: the gate's refusal, the front's or our own.
    """
    environ = request.environ
    refusal = environ.get(REFUSAL)
    if isinstance(refusal, ServiceError):
        raise refusal
    if environ.get(GATED):
        return
    gate: Gate = current_app.extensions[GATE]
    passage = gate.check_head(_head(request))
    if request.method in BODY_METHODS:
        environ[PARSED] = check_body(passage, _body(request, passage))


def _body(asked: Request, passage: Passage) -> bytes:
    try:
        return asked.get_data(cache=True)
    except ClientDisconnected:
        raise BadRequestError(
            f"The body ended before the {passage.length:,} bytes announced."
        ) from None


def _head(asked: Request) -> Head:
    return Head(
        method=asked.method,
        path=asked.path,
        query=asked.environ.get("QUERY_STRING", ""),
        version=asked.environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
        headers=[(name.lower(), value) for name, value in asked.headers],
    )

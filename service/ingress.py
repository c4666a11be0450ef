"""The gate's rules for requests that did not come through the front (test client, `flask run`)."""

from flask import Flask, request
from werkzeug.exceptions import ClientDisconnected

from service import gate
from service.errors import BadRequestError, ServiceError

GATED = "gatepost.gated"
REFUSAL = "gatepost.refusal"
PARSED = "gatepost.json"


def register(app: Flask) -> None:
    """Let no view see a request that the gate has not passed."""
    app.before_request(pass_gate)


def pass_gate() -> None:
    """Check the request, unless the front has done so already.

    Raises:
        ServiceError: the gate's refusal, the front's or our own.
    """
    refusal = request.environ.get(REFUSAL)
    if isinstance(refusal, ServiceError):
        raise refusal

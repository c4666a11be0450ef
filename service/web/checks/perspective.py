"""Perspective's doors, for programs whose service closes at the end of 2026: a score, and no more.

One attribute is answered, SPAM; whoever asks for another is told so, as a score of something else
under its name would be a lie. Keys are those of Akismet's wire: counted and paced like them.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.akismet import asking, callers, reports
from service.akismet.asking import Suspect
from service.akismet.callers import Caller
from service.errors import (
    BadRequestError,
    ForbiddenError,
    ServiceError,
    TooManyError,
    UnavailableError,
)
from service.programs.api_keys import see_key
from service.web.checks.request import LONGEST
from service.web.context import house, json_body

bp = Blueprint("perspective", __name__, url_prefix="/v1alpha1")

SPAM, HONEST = "SPAM", "APPROVED"
"""What is scored, and what Coral calls a comment that its moderators let stand."""
HALF = 0.5
BAD_KEY = "API key not valid. Please pass a valid API key."
ONLY_SPAM = (
    "Gatepost scores the attribute SPAM alone, not {names}. Ask for SPAM, or set"
    " dropUnsupportedAttributes."
)
STATUS: Mapping[type[ServiceError], str] = {
    TooManyError: "RESOURCE_EXHAUSTED",
    UnavailableError: "UNAVAILABLE",
    ForbiddenError: "PERMISSION_DENIED",
}


@bp.errorhandler(ServiceError)
def refuse(error: ServiceError) -> tuple[Response, int]:
    """Answer a refusal in the form in which Google's clients read it."""
    code = 400 if isinstance(error, callers.CallRefusedError) else error.status
    told = {
        "code": code,
        "message": BAD_KEY if isinstance(error, callers.CallRefusedError) else error.message,
        "status": STATUS.get(type(error), "INVALID_ARGUMENT"),
    }
    answer = jsonify(error=told)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer, code


@bp.post("/comments:analyze")
def analyze() -> Response:
    """Score a text; nothing of it is kept, whatever `doNotStore` says."""
    caller, body = _caller(), json_body()
    suspect = _suspect(body)
    wanted = _attributes(body)
    answer = asking.check(house(), caller, suspect)
    scored = answer.judged.scored
    value = 0.0 if scored is None or scored.probability is None else scored.probability
    scores = {}
    if wanted is not None and value >= _number(wanted, "scoreThreshold"):
        score = {"value": value, "type": "PROBABILITY"}
        span = {"begin": 0, "end": len(suspect.text), "score": score}
        scores = {SPAM: {"spanScores": [span], "summaryScore": score}}
    return jsonify({"attributeScores": scores, **_echoed(body, "languages", "clientToken")})


@bp.post("/comments:suggestscore")
def suggest() -> Response:
    """Learn what a moderator of another house made of a text.

    SPAM teaches spam or ham, by half; APPROVED teaches ham, as Coral sends it. What Coral calls
    DELETED may be an insult as well as spam, and teaches nothing.
    """
    caller, body = _caller(), json_body()
    suspect = _suspect(body)
    suggested = _object(body, "attributeScores")
    if SPAM in suggested:
        spam = _number(_object(_object(suggested, SPAM), "summaryScore"), "value") >= HALF
        reports.report(house(), caller, suspect, spam=spam)
    elif HONEST in suggested:
        reports.report(house(), caller, suspect, spam=False)
    return jsonify(_echoed(body, "clientToken"))


def _caller() -> Caller:
    caller = callers.caller_by_key(house(), request.args.get("key", ""))
    see_key(house(), caller.key)
    return caller


def _suspect(body: Mapping[str, Any]) -> Suspect:
    text = _object(body, "comment").get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequestError("comment.text is missing or empty.")
    return Suspect(text=text[:LONGEST])


def _attributes(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how SPAM is asked for; None = it is not among those that were dropped.

    Raises:
        BadRequestError: none is asked for, or others that are not to be dropped.
    """
    asked = _object(body, "requestedAttributes")
    others = sorted(name for name in asked if name != SPAM)
    if not asked:
        raise BadRequestError("requestedAttributes is missing; ask for SPAM.")
    if others and body.get("dropUnsupportedAttributes") is not True:
        raise BadRequestError(ONLY_SPAM.format(names=", ".join(others)[:200]))
    return _object(asked, SPAM) if SPAM in asked else None


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name, {})
    if not isinstance(found, dict):
        raise BadRequestError(f"{name} must be an object.")
    return found


def _number(holder: Mapping[str, Any], name: str) -> float:
    found = holder.get(name, 0)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise BadRequestError(f"{name} must be a number.")
    return float(found)


def _echoed(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body}

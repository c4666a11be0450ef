"""Akismet's doors: what its clients ask, answered in its words to the letter.

The status is 200 even for a wrong key: clients look at the body, which has no line end.
"""

import csv
import io
import json
from typing import Any

from flask import Blueprint, Response, request

from service import privacy
from service.akismet import asking, callers, figures, reports
from service.akismet.asking import Answer
from service.akismet.callers import Caller, CallRefusedError
from service.akismet.figures import Sites, WantedSites
from service.errors import ServiceError, UnavailableError
from service.programs.api_keys import see_key
from service.web.checks.request import Sent, key_in, sent, suspect_in
from service.web.context import house

bp = Blueprint("akismet", __name__)

THANKS = "Thanks for making the web a better place."
TEXT, JSON, CSV = "text/plain; charset=utf-8", "application/json", "text/csv; charset=utf-8"
TOLD = 5
"""Reasons in the header; JSON tells all."""
HEAD = ("site", "api_calls", "spam", "ham", "missed_spam", "false_positives", "is_revoked")
PLAN = "self-hosted"
WHY = {
    "administrator": "The author is an administrator of the site.",
    "test": "A name or address of Akismet's that is always spam.",
    "blocked": "A rule of the site blocks it.",
    "held": "A rule of the site lets it wait for a person.",
    "honeypot": "A field that people do not see was filled in.",
    "links": "It holds more links than the site allows.",
    "trusted": "A rule of the site trusts it.",
    "language": "The model knows no honest comments in this script.",
}


@bp.errorhandler(ServiceError)
def refuse(error: ServiceError) -> Response:
    """Answer a refusal as Akismet's clients read it: `invalid`, and why in a header."""
    answer = _text("invalid", status=error.status)
    answer.headers["X-akismet-debug-help"] = _header(error.message)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, CallRefusedError) and error.alert is not None:
        answer.headers["X-akismet-alert-code"] = str(error.alert)
        answer.headers["X-akismet-alert-msg"] = _header(error.message)
    if isinstance(error, UnavailableError):
        # WordPress and Discourse let a comment wait for a person when they read this.
        answer.headers["X-akismet-error"] = _header(error.message)
    return answer


@bp.post("/1.1/verify-key")
def verify_key() -> Response:
    """Say whether a key opens these doors for a site."""
    _caller(_read())
    return _text("valid")


@bp.post("/1.1/comment-check")
def comment_check() -> Response:
    """Say whether a comment is spam; keep nothing of it."""
    call = _read()
    caller = _caller(call)
    answer = asking.check(house(), caller, suspect_in(call, house()))
    return _verdict(answer)


@bp.post("/1.1/submit-spam")
def submit_spam() -> Response:
    """Learn that a comment is spam."""
    return _report(spam=True)


@bp.post("/1.1/submit-ham")
def submit_ham() -> Response:
    """Learn that a comment is honest."""
    return _report(spam=False)


@bp.route("/1.2/key-sites", methods=["GET", "POST"])
def key_sites() -> Response:
    """Tell how a key was used in a month, by site."""
    call = _read()
    caller, key = _looking(call)
    wanted = WantedSites(*map(call.text, ("month", "filter", "order", "limit", "offset")))
    found = figures.key_sites(house(), caller, wanted)
    if call.text("format") == "csv":
        return _answer(_csv(found, key), CSV)
    rows = [_row(found, number) for number in range(len(found.rows))]
    page = {"limit": found.limit, "offset": found.offset, "total": found.total}
    return _json({found.month: rows, **page})


@bp.route("/1.2/usage-limit", methods=["GET", "POST"])
def usage_limit() -> Response:
    """Tell how often a key was used this month; there is a pace, and no limit."""
    call = _read()
    caller, _ = _looking(call)
    told: dict[str, Any] = {
        "limit": "none",
        "usage": figures.usage(house(), caller),
        "percentage": "0.00",
        "throttled": callers.throttled(house(), caller),
    }
    if call.says("extended"):
        told |= {"notice_level": "NOTICE_NONE", "upgrade": False}
    return _json(told)


@bp.post("/1.1/get-stats")
def get_stats() -> Response:
    """Tell WordPress's plugin what was caught."""
    call = _read()
    caller = _caller(call)
    found = figures.sums(house(), caller, call.text("from"))
    # How long somebody would have looked at the spam nobody measured.
    told = {**found.counts, "accuracy": f"{found.accuracy:.2f}", "time_saved": 0}
    return _json({**told, "breakdown": found.months})


@bp.post("/1.1/get-subscription")
def get_subscription() -> Response:
    """Tell a client that its key has a plan without an end."""
    caller = _caller(_read())
    return _json(
        {
            "account_id": caller.key.id,
            "account_type": PLAN,
            "account_name": "Gatepost",
            "status": "active",
            "next_billing_date": False,
            "limit_reached": callers.throttled(house(), caller),
        }
    )


@bp.post("/1.1/deactivate")
def deactivate() -> Response:
    """Thank a client that stops using its key; the owner ends it on the page of keys."""
    _caller(_read())
    return _text("deactivated")


@bp.post("/1.1/token")
def token() -> Response:
    """Give a word for pages of Akismet's own; here it opens nothing."""
    caller = _caller(_read())
    named = f"akismet-token|{caller.key.public_id}".encode()
    return _text(privacy.fingerprint(named, house().ring)[:16].hex())


def _read() -> Sent:
    return sent(request)


def _caller(call: Sent) -> Caller:
    """Return who calls, and note that his key is in use.

    Raises:
        CallRefusedError: no live key, or of another site.
    """
    key = key_in(request, call, house().settings.akismet_host)
    caller = callers.caller_of(house(), key, call.text("blog"))
    see_key(house(), caller.key)
    return caller


def _looking(call: Sent) -> tuple[Caller, str]:
    """Return who looks at the figures of his key, and the key; a look changes nothing."""
    key = key_in(request, call, house().settings.akismet_host)
    return callers.caller_of(house(), key, None), key


def _report(*, spam: bool) -> Response:
    call = _read()
    caller = _caller(call)
    said = call.text("comment_check_response") or call.text("guid")
    reports.report(house(), caller, suspect_in(call, house()), spam=spam, said=said)
    return _text(THANKS)


def _verdict(answer: Answer) -> Response:
    found = answer.judged
    scored = found.scored
    told: dict[str, Any] = {
        "spam": found.spam,
        "discard": found.discard,
        "guid": answer.guid,
        "why": WHY.get(found.why, ""),
        "probability": None if scored is None else scored.probability,
        "reasons": [] if scored is None else scored.reasons,
        "model": "" if scored is None else scored.model,
    }
    plain = request.accept_mimetypes.best_match(["text/plain", JSON], default="text/plain")
    response = _json(told) if plain == JSON else _text("true" if found.spam else "false")
    response.headers["X-akismet-guid"] = answer.guid
    if found.discard:
        response.headers["X-akismet-pro-tip"] = "discard"
    if scored is not None and scored.probability is not None:
        response.headers["X-Score"] = f"{scored.probability:.3f}"
    response.headers["X-Reasons"] = _reasons(found.why, told["reasons"])
    return response


def _reasons(why: str, reasons: list[dict[str, Any]]) -> str:
    """Return the strongest reasons as `name=weight`, in logits; never a word of the comment."""
    named = [f"{reason['name']}={reason['weight']:.2f}" for reason in reasons[:TOLD]]
    return ";".join([f"rule={why}", *named] if why else named)


def _row(found: Sites, number: int) -> dict[str, Any]:
    row = found.rows[number]
    counts = {name: getattr(row, name) for name in HEAD[1:-1]}
    return {"site": row.origin, **counts, "is_revoked": False}


def _csv(found: Sites, key: str) -> str:
    page = f"limit:{found.limit}, offset: {found.offset}, total: {found.total}"
    lines = io.StringIO()
    lines.write(f"Active sites for {key} during {found.month} ({page})\n")
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(HEAD)
    for number in range(len(found.rows)):
        row = _row(found, number)
        table.writerow([str(row[name]).lower() if name == HEAD[-1] else row[name] for name in HEAD])
    return lines.getvalue().rstrip("\n")


def _text(body: str, *, status: int = 200) -> Response:
    return _answer(body, TEXT, status)


def _json(body: dict[str, Any]) -> Response:
    return _answer(json.dumps(body), JSON)


def _answer(body: str, kind: str, status: int = 200) -> Response:
    return Response(body, status, content_type=kind)


def _header(text: str) -> str:
    """Return a text as a header takes it: one line of ASCII."""
    return " ".join(text.encode("ascii", "replace").decode().split())

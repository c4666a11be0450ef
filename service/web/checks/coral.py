"""Coral's door: its external moderation phase asks about each new comment before it stands.

Coral signs its question with a secret of its own, which we would have to keep; what opens this
door is the key in the address, as in Akismet's wire. The answer never rejects: spam is withheld
for Coral's own moderators to see.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from service.akismet import asking, callers
from service.akismet.asking import Suspect
from service.errors import BadRequestError, NotFoundError
from service.programs.api_keys import see_key
from service.web.checks.request import LONGEST
from service.web.context import house, json_body

bp = Blueprint("coral", __name__)

READERS = "COMMENTER"
"""The one role that is checked: staff is let pass."""
WITHHELD = {
    "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}],
    "status": "SYSTEM_WITHHELD",
}
ADDRESS_LENGTH = 2_000


@bp.post("/coral/moderate/<key>")
def moderate(key: str) -> Response:
    """Say of a comment that it is spam, or nothing at all; keep nothing of it."""
    try:
        caller = callers.caller_by_key(house(), key)
    except callers.CallRefusedError:
        raise NotFoundError("This address is not one of ours, or its key was ended.") from None
    see_key(house(), caller.key)
    asked = json_body()
    if _text(asked, "author", "role") not in ("", READERS):
        return Response(status=204)
    suspect = Suspect(
        text=_text(asked, "comment", "body")[:LONGEST],
        page=_text(asked, "story", "url")[:ADDRESS_LENGTH],
        signals={"reply": bool(_text(asked, "comment", "parentID"))},
    )
    answer = asking.check(house(), caller, suspect)
    return jsonify(WITHHELD) if answer.judged.spam else Response(status=204)


def _text(asked: Mapping[str, Any], part: str, name: str) -> str:
    """Return a text of the question; empty where Coral sends null or leaves it out.

    Raises:
        BadRequestError: it is something else.
    """
    holder = asked.get(part, {})
    found = holder.get(name) if isinstance(holder, dict) else 0
    if found is not None and not isinstance(found, str):
        raise BadRequestError(f"{part}.{name} must be a text.")
    return found or ""

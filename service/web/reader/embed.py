"""The enhancement's files: one module, one style sheet and its words, the same for everybody."""

import json
from pathlib import Path

import rcssmin
import rjsmin
from flask import Blueprint, Response, request

from service.text.language import said
from service.web.reader.threads import public
from service.web.speech import say, speak

bp = Blueprint("embed", __name__)

STATIC = Path(__file__).parents[1] / "static"
# Short: the address has no version in it, so this is how long a fault of ours stays out there.
FRESH = "public, max-age=300"
PARTS = sorted(STATIC.joinpath("embed").glob("*.js"))
SCRIPT = rjsmin.jsmin("".join(part.read_text("utf-8") for part in PARTS)).encode()
FRAME = rjsmin.jsmin(STATIC.joinpath("embed-frame.js").read_text("utf-8")).encode()
STYLE = rcssmin.cssmin(STATIC.joinpath("embed.css").read_text("utf-8")).encode()
WORDS = (
    said("Your comment could not be sent. What you typed is still here: please try again."),
    said("See what becomes of it, edit or withdraw it"),
    said("Save my name, email, and website in this browser for the next time I comment."),
    said("Cancel reply"),
    said("Leave a Reply to %(name)s"),
    said("Error:"),
    said("Characters left: %(number)s"),
    said("Characters too many: %(number)s"),
    said("One moment …"),
    said("Show new comments (%(number)s)"),
    said("Sort by"),
    said("Oldest first"),
    said("Newest first"),
    said("Show all comments"),
)
"""What embed.js says itself, by the English that stands in it."""


@bp.get("/embed.js")
def script() -> Response:
    """Answer with the module that gives the plain form its comforts."""
    return public(SCRIPT, "text/javascript; charset=utf-8", FRESH)


@bp.get("/embed-frame.js")
def frame_script() -> Response:
    """Answer with the module that gives the hosted form's frame its height."""
    return public(FRAME, "text/javascript; charset=utf-8", FRESH)


@bp.get("/embed.css")
def style() -> Response:
    """Answer with the style that the module puts under the page's own."""
    return public(STYLE, "text/css; charset=utf-8", FRESH)


@bp.get("/embed.json")
def words() -> Response:
    """Answer with the module's words in the language that `lang` names."""
    speak(request.args.get("lang", ""))
    told = {word: say(word) for word in WORDS}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return public(body, "application/json", FRESH)

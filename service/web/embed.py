"""The enhancement's files: one module and one style sheet, the same for everybody."""

from pathlib import Path

from flask import Blueprint, Response

from service.web.threads import public

bp = Blueprint("embed", __name__)

STATIC = Path(__file__).with_name("static")
# Short: the address has no version in it, so this is how long a fault of ours stays out there.
FRESH = "public, max-age=300"
SCRIPT = STATIC.joinpath("embed.js").read_bytes()
FRAME = STATIC.joinpath("embed-frame.js").read_bytes()
STYLE = STATIC.joinpath("embed.css").read_bytes()


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

"""Headers of every answer: no inline script, no framing, no caching unless a door says so."""

from flask import Flask, Response, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'"
)


def register(app: Flask) -> None:
    """Let the application set the headers of every answer."""
    app.after_request(set_headers)


def set_headers(response: Response) -> Response:
    """Set what the door has not set itself.

    `g.frame_ancestors` (origins that may frame this page) is set by the few doors that are
    made to be framed.
    """
    ancestors = " ".join(g.get("frame_ancestors", ())) or "'none'"
    response.headers.setdefault("Content-Security-Policy", f"{POLICY}; frame-ancestors {ancestors}")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    response.headers.setdefault("Cache-Control", "no-store")
    if request.scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def allow_any_origin(response: Response) -> Response:
    """Let scripts of any page read this public answer; never with credentials."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def allow_origin(response: Response, origin: str | None, own: list[str]) -> Response:
    """Let scripts of the site's own pages read this answer; never with credentials."""
    response.vary.add("Origin")
    if origin is not None and origin in own:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

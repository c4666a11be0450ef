"""Sessions for moderators alone: at a reader's door there is none to read, set or vary by."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

WITHOUT = (
    "/1.1/",
    "/1.2/",
    "/api/v1/",
    "/coral/",
    "/embed.",
    "/healthz",
    "/metrics",
    "/readyz",
    "/receipts",
    "/s/",
    "/static/",
    "/v1alpha1/",
)
"""Where paths of doors without a session begin."""


class StaffSessions(SecureCookieSessionInterface):
    """Opens a session only where moderators go.

    Flask-Login and Flask-Principal look into the session on every request. At a reader's door
    that would load a moderator's account for a thread anybody may cache, and add `Vary: Cookie`.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session, or None for a reader: Flask then uses an empty one it never saves."""
        if request.path.startswith(WITHOUT):
            return None
        return super().open_session(app, request)


def register(app: Flask) -> None:
    """Let the application keep sessions for moderators alone."""
    app.session_interface = StaffSessions()

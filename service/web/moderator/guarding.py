"""Who may pass a moderator's door: signed in, recently enough, with a form of our own."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_security import current_user
from markupsafe import Markup

from models import Role, Site, StaffSession
from service.comments.moderate import Actor
from service.db import db
from service.errors import ForbiddenError, NotFoundError
from service.queries import sites
from service.records.audit import by_moderator
from service.staff import accounts, sessions
from service.web.context import house, wants_json

FRESH = timedelta(minutes=15)
"""How long a proof of who one is opens what matters most."""
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FOREIGN_FORM = "This form was not sent from our own page. Load the page again and repeat it."
DECIDING = (Role.OWNER, Role.MODERATOR)


@dataclass(frozen=True, slots=True)
class Person:
    """The moderator who asks, with his sites and roles."""

    id: int
    name: str
    operator: bool
    shortcuts: bool
    sites: Sequence[tuple[Site, Role]]

    def with_role(self, *roles: Role) -> list[Site]:
        """Return the sites on which he has one of these roles; none given = any."""
        return [site for site, role in self.sites if not roles or role in roles]

    def actor(self, site_ids: Sequence[int] | None = None) -> Actor:
        """Return him as one who decides, on these of his sites alone if any are named."""
        own = [site.id for site in self.with_role(*DECIDING)]
        return Actor(self.id, [one for one in own if site_ids is None or one in site_ids])


def guard(blueprint: Blueprint) -> None:
    """Let only signed-in moderators through this blueprint's doors."""
    blueprint.before_request(admit)


def admit() -> ResponseReturnValue | None:
    """Find out who asks; send him to sign in when nobody does."""
    if not signed_in():
        if request.method in UNSAFE or wants_json():
            raise ForbiddenError("You are signed out. Sign in and repeat it.")
        return redirect(f"/login?next={quote(request.full_path.rstrip('?'))}", code=303)
    sessions.see(house(), own_session())
    user: Any = current_user
    own = sites.sites_of(db.session(), user.id)
    g.doer = by_moderator(user.id)
    g.person = Person(user.id, user.name, user.operator, user.shortcuts, own)
    if request.method in UNSAFE:
        refuse_foreign_form()
        refuse_forged_form()
    return None


def begin_session(moderator: accounts.SignIn, way: str) -> None:
    """Begin the session of somebody who has just proved who he is.

    Args:
        way: how he proved it, as the audit log says it.
    """
    # What a visitor brought along must not live on in the session of the one who signs in.
    session.clear()
    accounts.remember(moderator)
    agent = request.headers.get("User-Agent", "")
    session["sid"] = sessions.begin(house(), moderator.id, user_agent=agent, way=way)
    session["csrf"] = secrets.token_urlsafe(24)


def end_session() -> None:
    """End the session of the one who asks: its row, so that a copied cookie is worth nothing."""
    row = own_session()
    sessions.end(house(), row.moderator_id, row.public_id)
    _forget()


def signed_in() -> bool:
    """Say whether a moderator is signed in: his session's row must be alive.

    What is left in the browser of a session that is over goes.
    """
    if not current_user.is_authenticated:
        return False
    row = sessions.alive(house(), session.get("sid", ""), current_user.id)
    if row is None:
        _forget()
        return False
    g.staff_session = row
    return True


def own_session() -> StaffSession:
    """Return the session of the moderator who asks."""
    found: StaffSession = g.staff_session
    return found


def fresh() -> bool:
    """Say whether the one who asks has proved within the last 15 minutes who he is."""
    return house().now() - own_session().proved_at < FRESH


def _forget() -> None:
    accounts.forget()
    session.clear()


def prove_again(path: str) -> ResponseReturnValue:
    """Lead to where a moderator proves himself, and from there on to one of our paths."""
    return redirect(f"/login/again?next={quote(path)}", code=303)


def refuse_foreign_form() -> None:
    """Refuse a form sent from elsewhere (Fetch Metadata; Origin where a browser sends none).

    Raises:
        ForbiddenError: it came from another origin, or the browser does not say.
    """
    site = request.headers.get("Sec-Fetch-Site")
    own = site == "same-origin" if site else _own_origin()
    if not own:
        raise ForbiddenError(FOREIGN_FORM)


def _own_origin() -> bool:
    return request.headers.get("Origin") == house().settings.base_url


def refuse_forged_form() -> None:
    """Refuse a form that does not carry the session's token.

    Raises:
        ForbiddenError: the token is missing or not this session's.
    """
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    right = session.get("csrf", "")
    if not right or not hmac.compare_digest(given.encode(), right.encode()):
        raise ForbiddenError(FOREIGN_FORM)


def person() -> Person:
    """Return the moderator who asks."""
    found: Person = g.person
    return found


def own_site(slug: str, *roles: Role) -> Site:
    """Return a site on which the asking moderator has one of these roles.

    Raises:
        NotFoundError: there is none, or it is none of his: we do not say which.
        ForbiddenError: his role there does not reach so far.
    """
    found = next(((site, role) for site, role in person().sites if site.slug == slug), None)
    if found is None:
        raise NotFoundError("There is no such site.")
    site, role = found
    if roles and role not in roles:
        raise ForbiddenError("Your role on this site does not include that.")
    return site


def csrf_field() -> Markup:
    """Return the hidden field that a moderator's form carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(session.get("csrf", ""))


def register(app: Flask) -> None:
    """Let templates write the form token."""
    app.jinja_env.globals["csrf"] = csrf_field

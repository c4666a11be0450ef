"""What tests of the moderators' doors share: somebody signed in, and forms of our own."""

import re

from argon2 import PasswordHasher

from models import Moderator, Role
from service.app import utc_now
from service.db import transaction
from service.opening import setup_token
from service.queries.sites import give_role
from service.web.context import HOUSE

PASSWORD = "river boats leave at dawn"
OWN_FORM = {"Sec-Fetch-Site": "same-origin"}
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""The same password as argon2 keeps it, without the fifth of a second that guessing shall cost:
nearly every test of these doors signs somebody in."""


def hire(app, site, name="Ana", role=Role.MODERATOR):
    """Make a moderator with a role on a site; returns his number."""
    house = app.extensions[HOUSE]
    moderator = Moderator(
        email=f"{name.lower()}@staff.example.org",
        name=name,
        password=CHEAP,
        fs_uniquifier=house.token(40),
        created_at=house.now(),
    )
    with app.app_context(), transaction() as session:
        session.add(moderator)
        session.flush()
        give_role(session, moderator.id, site.id, role)
    return moderator.id


def sign_in(client, name="Ana", password=PASSWORD):
    """Sign in through the door."""
    return client.post(
        "/login",
        data={"email": f"{name.lower()}@staff.example.org", "password": password},
        headers=OWN_FORM,
    )


def csrf_of(client):
    """Return the form token of the client's session."""
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/sites").text).group(1)


def submit_form(client, path, **fields):
    """Send one of our own forms."""
    return client.post(path, data={"csrf": csrf_of(client), **fields}, headers=OWN_FORM)


def fresh_setup(app):
    """Return a fresh setup token."""
    with app.app_context():
        return setup_token(utc_now())

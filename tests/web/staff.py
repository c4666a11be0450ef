"""What tests of the moderators' doors share: somebody signed in, and forms of our own."""

import re

from models import Role
from service.accounts import Person, add_moderator
from service.app import utc_now
from service.opening import setup_token
from service.web.context import HOUSE

PASSWORD = "river boats leave at dawn"
OWN_FORM = {"Sec-Fetch-Site": "same-origin"}


def hire(app, site, name="Ana", role=Role.MODERATOR):
    """Make a moderator with a role on a site; returns his number."""
    person = Person(f"{name.lower()}@staff.example.org", name, PASSWORD)
    with app.app_context():
        return add_moderator(app.extensions[HOUSE], person, site_id=site.id, role=role)


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

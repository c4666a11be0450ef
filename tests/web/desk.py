"""What tests of the reader's doors share: a valid comment sent, and one decided."""

from dataclasses import replace
from html.parser import HTMLParser

import sqlalchemy as sa

from models import Site, Status, Thread
from service.comments.moderate import Actor, decide
from service.db import transaction
from service.sites.changes import change_site
from service.web.context import HOUSE
from tests.building import COMMENT, ORIGIN, rows

COMMENTS = "/s/blog/comments"
SITE_ORIGIN = {"Origin": ORIGIN}
JSON = {"Accept": "application/json"}


def send(client, headers=None, **changes):
    """Post a valid comment as a browser's form does, with some fields changed."""
    return client.post(COMMENTS, data={**COMMENT, **changes}, headers=headers)


def send_json(client, headers=None, **changes):
    """Post a valid comment as a program does, with some fields changed."""
    return client.post(COMMENTS, json={**COMMENT, **changes}, headers=headers)


def without(*names):
    """Return a valid comment without some of its fields."""
    return {name: value for name, value in COMMENT.items() if name not in names}


def move_to(app, site, public_id, status):
    """Decide a comment as a rule would."""
    with app.app_context():
        decide(app.extensions[HOUSE], Actor(None, [site.id]), public_id, status)


def publish(app, client, site, **changes):
    """Send a comment and approve it; return its public id."""
    answer = send_json(client, **changes)
    assert answer.status_code == 202, answer.json
    move_to(app, site, answer.json["id"], Status.APPROVED)
    return answer.json["id"]


def site_of(app):
    """Return the application's first site."""
    return rows(app, Site)[0]


def slow_down(app, burst):
    """Let one network send no more than `burst` comments at once."""
    house = app.extensions[HOUSE]
    settings = replace(house.settings, submissions_burst=burst, submissions_per_minute=burst)
    app.extensions[HOUSE] = replace(house, settings=settings)


def set_policy(app, site, **changes):
    """Change some of a site's rules."""
    with app.app_context():
        policy = replace(site.policy, **changes)
        change_site(
            app.extensions[HOUSE], site.id, name=site.name, origins=site.origins, policy=policy
        )


def close_thread(app):
    """Let the only thread take no more comments."""
    with app.app_context(), transaction() as session:
        session.scalars(sa.select(Thread)).one().closed_at = app.extensions[HOUSE].now()


def path_of(url):
    """Return the path and query of one of our own addresses."""
    return "/" + url.split("/", 3)[3]


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])
        self.open.append(len(self.found) - 1)

    def handle_endtag(self, tag):
        while self.open and self.found[self.open.pop()][0] != tag:
            pass

    def handle_data(self, data):
        for index in self.open:
            self.found[index][2] += data


def elements(html, tag):
    """Return (attributes, text) of every element of a tag, as a browser would read them."""
    parser = _Elements()
    parser.feed(html)
    return [(attributes, text) for name, attributes, text in parser.found if name == tag]


def typed_in(html):
    """Return what stands in the fields of the page's comment form, by name."""
    values = {
        attributes["name"]: attributes.get("value", "")
        for attributes, _text in elements(html, "input")
        if "name" in attributes
    }
    for attributes, text in elements(html, "textarea"):
        values[attributes["name"]] = text.removeprefix("\n")
    return values

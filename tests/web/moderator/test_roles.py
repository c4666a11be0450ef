"""Who may pass which door: every route, every role, on the own site and on another's.

The table is compared with the map of doors, so a new one without a row fails here. A form is sent
with nothing in it but its token: whoever may pass is then told that it makes no sense.
"""

import pytest
from werkzeug.routing import Map

from models import (
    ApiKey,
    ApiKeyKind,
    Batch,
    Comment,
    Delivery,
    Endpoint,
    Role,
    Rule,
    RuleKind,
    RuleVerdict,
    Scope,
    Site,
    Thread,
)
from service.out import outbox
from service.programs import api_keys
from service.programs.api_keys import WantedKey
from service.rules import changes as rules
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.web.desk import send_json, site_of
from tests.web.staff import OWN_FORM, csrf_of, hire, sign_in, submit_form

PUBLIC = {
    "account", "akismet", "api", "coral", "embed", "feeds", "form", "health", "invitations", "mail",
    "metrics", "perspective",
    "receipts", "reset", "static", "threads", "tickets",
}  # fmt: skip
"""Doors of readers, of programs with a key and of those who have not signed in yet: no role opens
or shuts them."""

PEOPLE = ("viewer", "moderator", "owner", "stranger")
"""The stranger owns another site."""
YES, NO, NONE = "yes", "no", "none"  # let in, 403, 404: it is not told that there is such a thing

ALL = (YES, YES, YES, YES)
OWN = (YES, YES, YES, NONE)
DECIDING = (NONE, YES, YES, NONE)
STAFF = (NO, YES, YES, NONE)
OWNERS = (NO, NO, YES, NONE)
NOBODY = (NO, NO, NO, NO)
HIS = (NONE, YES, NONE, NONE)

TABLE = {
    "GET /": ALL,
    "GET /queue": ALL,
    "GET /queue/more": ALL,
    "GET /queue/changes": ALL,
    "GET /queue/matching": ALL,
    "POST /queue/matching": ALL,
    "POST /queue/chosen": ALL,
    "POST /queue/undo": ALL,
    "POST /queue/shortcuts": ALL,
    "POST /queue/author": (NO, NO, YES, YES),
    "GET /queue/<public_id>": OWN,
    "POST /queue/<public_id>": ALL,
    "GET /queue/<public_id>/edit": DECIDING,
    "POST /queue/<public_id>/edit": ALL,
    "GET /queue/<public_id>/answer": DECIDING,
    "POST /queue/<public_id>/answer": ALL,
    "POST /queue/<public_id>/address": (NO, NO, YES, NONE),
    "GET /queue/batches/<public_id>": HIS,
    "GET /sites": ALL,
    "POST /sites": NOBODY,
    "GET /sites/<slug>": OWN,
    "POST /sites/<slug>": OWNERS,
    "GET /sites/<slug>/setup": OWNERS,
    "GET /sites/<slug>/setup/rules": OWNERS,
    "POST /sites/<slug>/setup/rules": OWNERS,
    "GET /sites/<slug>/setup/page": OWNERS,
    "POST /sites/<slug>/setup/page": OWNERS,
    "GET /sites/<slug>/setup/comment": OWNERS,
    "POST /sites/<slug>/setup/comment": OWNERS,
    "GET /sites/<slug>/check": OWNERS,
    "POST /sites/<slug>/check": OWNERS,
    "GET /sites/<slug>/endpoints": OWNERS,
    "POST /sites/<slug>/endpoints": OWNERS,
    "GET /sites/<slug>/endpoints/<public_id>": OWNERS,
    "POST /sites/<slug>/endpoints/<public_id>": OWNERS,
    "GET /sites/<slug>/endpoints/<endpoint_id>/deliveries": OWNERS,
    "POST /sites/<slug>/endpoints/<endpoint_id>/deliveries": OWNERS,
    "GET /sites/<slug>/endpoints/<endpoint_id>/deliveries/<delivery_id>": OWNERS,
    "POST /sites/<slug>/endpoints/<endpoint_id>/deliveries/<delivery_id>": OWNERS,
    "GET /sites/<slug>/endpoints/<endpoint_id>/signature": OWNERS,
    "POST /sites/<slug>/endpoints/<endpoint_id>/signature": OWNERS,
    "GET /sites/<slug>/keys": OWNERS,
    "POST /sites/<slug>/keys": OWNERS,
    "POST /sites/<slug>/keys/<public_id>": OWNERS,
    "GET /sites/<slug>/model": STAFF,
    "POST /sites/<slug>/model": OWNERS,
    "POST /sites/<slug>/model/labels": OWNERS,
    "GET /sites/<slug>/model/card": STAFF,
    "GET /sites/<slug>/rules": STAFF,
    "POST /sites/<slug>/rules": OWNERS,
    "POST /sites/<slug>/rules/<int:number>": OWNERS,
    "GET /sites/<slug>/pages": STAFF,
    "POST /sites/<slug>/pages": OWNERS,
    "GET /sites/<slug>/pages/<int:number>": STAFF,
    "POST /sites/<slug>/pages/<int:number>": OWNERS,
    "GET /sites/<slug>/team": OWN,
    "POST /sites/<slug>/team": OWNERS,
    "GET /notices": ALL,
    "POST /notices": ALL,
    "GET /statistics": ALL,
    "GET /sites/<slug>/statistics": OWN,
    "GET /sites/<slug>/audit": OWNERS,
    "GET /sites/<slug>/audit.jsonl": OWNERS,
    "GET /login/again": ALL,
    "POST /login/again": ALL,
    "POST /login/again/options": ALL,
    "GET /account": ALL,
    "POST /account/password": ALL,
    "GET /account/app": ALL,
    "POST /account/app": ALL,
    "POST /account/codes": ALL,
    "POST /account/passkeys": ALL,
    "POST /account/passkeys/options": ALL,
    "POST /account/sessions": ALL,
}


@pytest.fixture
def blog(app):
    """The site with one of everything that an address can name."""
    site = site_of(app)
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    for name, role in zip(PEOPLE, (Role.VIEWER, Role.MODERATOR, Role.OWNER), strict=False):
        number = hire(app, site, name.title(), role)
    hire(app, rows(app, Site, Site.slug == "other")[0], "Stranger", Role.OWNER)
    send_json(visitor(app))
    send_json(visitor(app), comment="Chosen together with none.")
    with app.app_context():
        house = app.extensions[HOUSE]
        add_endpoint(house, site.id, url="https://hooks.example.org/", types=[])
        outbox.release(house)
        wanted = rules.wanted(RuleKind.WORD, RuleVerdict.BLOCK, "casino")
        rules.add_rules(house, site.id, number, wanted)
        key = WantedKey("Build server", ApiKeyKind.API, [Scope.READ], None)
        api_keys.make_key(house, site.id, number, key)
    moderator = signed_in(app, "moderator")
    last = rows(app, Comment)[-1].public_id
    submit_form(moderator, "/queue/chosen", **{"status": "spam", "chosen[]": f"{last}:1"})
    return site


def signed_in(app, name):
    client = visitor(app)
    sign_in(client, name.title())
    return client


def doors(app):
    """(row, endpoint, arguments) of every door and method that a role decides about."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in PUBLIC:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule}", rule.endpoint, rule.arguments


def path_of(app, endpoint, arguments):
    """The address of a door, its places filled with what the site has."""
    named = {
        "slug": "blog",
        "number": rows(app, Rule if endpoint == "rules.end" else Thread)[0].id,
        "endpoint_id": rows(app, Endpoint)[0].public_id,
        "delivery_id": rows(app, Delivery)[0].public_id,
        "public_id": {
            "acts.show_batch": lambda: rows(app, Batch)[0].public_id,
            "endpoints.show": lambda: rows(app, Endpoint)[0].public_id,
            "endpoints.change": lambda: rows(app, Endpoint)[0].public_id,
            "keys.end": lambda: rows(app, ApiKey)[0].public_id,
        }.get(endpoint, lambda: rows(app, Comment)[0].public_id)(),
    }
    rules: Map = app.url_map
    return rules.bind("").build(endpoint, {name: named[name] for name in arguments})


def asked(client, method, path):
    """What a door says to somebody: let in, forbidden, or not there."""
    if method == "GET":
        answer = client.get(path)
    else:
        answer = client.post(path, data={"csrf": csrf_of(client)}, headers=OWN_FORM)
    assert answer.status_code < 500
    assert "/login" not in answer.headers.get("Location", "")
    return {403: NO, 404: NONE}.get(answer.status_code, YES)


def test_every_door_has_its_row(app):
    assert {row for row, _, _ in doors(app)} == set(TABLE)


@pytest.mark.parametrize("who", PEOPLE)
def test_a_role_opens_what_its_row_says_and_nothing_else(app, blog, who):
    client = signed_in(app, who)
    found = {
        row: asked(client, row.split()[0], path_of(app, endpoint, arguments))
        for row, endpoint, arguments in doors(app)
    }
    assert found == {row: told[PEOPLE.index(who)] for row, told in TABLE.items()}


@pytest.mark.parametrize("who", [*PEOPLE, "anonymous"])
def test_what_a_role_may_not_decide_stays_as_it_is(app, blog, who):
    client = visitor(app) if who == "anonymous" else signed_in(app, who)
    comment = rows(app, Comment)[0]
    fields = {
        "version": comment.version,
        "status": "spam",
        "text": "Mine",
        "name": "",
        "website": "",
    }
    token = {} if who == "anonymous" else {"csrf": csrf_of(client)}
    allowed = who in ("moderator", "owner")
    for path in ("", "/edit", "/answer"):
        now = rows(app, Comment)[0]
        sent = {**token, **fields, "version": now.version}
        answer = client.post(f"/queue/{comment.public_id}{path}", data=sent, headers=OWN_FORM)
        if not allowed:
            assert answer.status_code == (403 if who == "anonymous" else 404)
    changed = rows(app, Comment)[0].version != comment.version
    assert changed is allowed

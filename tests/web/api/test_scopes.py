"""Every operation: the scope it asks for, and nothing of another site."""

import pytest

from models import Scope
from service.web.api import RESOURCES
from tests.building import found_demo_site
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import send_json

OPERATIONS = [one for resource in RESOURCES for one, _ in resource.operations]
CHANGES_ANYTHING = {"POST", "PUT", "PATCH", "DELETE"}
ONLY_LOOK = {"countReplay"}


def test_each_operation_refuses_a_key_without_its_scope(app):
    keys = {scope: Program(app, *(set(Scope) - {scope})) for scope in (Scope.READ, Scope.ADMIN)}
    others = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    keys[Scope.MODERATE] = Program(app, *(set(Scope) - {Scope.MODERATE}), site=others)
    keys[Scope.SUBMIT] = Program(app, *(set(Scope) - {Scope.SUBMIT}), site=others)
    for operation in OPERATIONS:
        path = operation.path.replace("{", "").replace("}", "")
        body = {} if operation.body else None
        answer = keys[operation.scope].ask(operation.method, path, json=body)

        assert (operation.name, answer.status_code) == (operation.name, 403)
        assert answer.json["scope"] == operation.scope.value


def test_what_only_reads_asks_for_no_more_and_what_changes_for_more():
    for operation in OPERATIONS:
        changes = operation.method in CHANGES_ANYTHING and operation.name not in ONLY_LOOK
        looks = operation.scope is Scope.READ
        assert not (changes and looks), operation.name


@pytest.fixture
def known(app_on_both):
    """Ids of things of a site, by the name of their place in a path."""
    program = Program(app_on_both)
    comment = send_json(visitor(app_on_both)).json["id"]
    url = "https://hooks.example.org/"
    endpoint = program.post("/endpoints", {"url": url}).json["id"]
    thread = program.get("/threads").json["items"][0]["id"]
    return {"id": comment, "endpoint": endpoint, "thread": thread, "site": "blog"}


def test_nothing_of_another_site_is_there(app_on_both, known):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    program = Program(app_on_both, site=other)
    bodies = {
        "changeEndpoint": {"url": "https://hooks.example.org/"},
        "addAlias": {"alias": "/a"},
        "mergeThread": {"into": "/a"},
        "startReplay": {"since": "2026-11-23T00:00:00Z", "only": "all"},
        "countReplay": {"since": "2026-11-23T00:00:00Z", "only": "all"},
        "decideComment": {"status": "spam", "version": 1},
        "undoDecision": {"decision": 1},
    }
    for operation in OPERATIONS:
        if not operation.places or operation.name == "mergeThread":  # its own test
            continue
        path = operation.path
        for place in operation.places:
            path = path.replace(f"{{{place}}}", known.get(place, "1"))
        body = bodies.get(operation.name, {}) if operation.body else None
        answer = program.ask(operation.method, path, json=body)
        assert (operation.name, answer.status_code) == (operation.name, 404), answer.text

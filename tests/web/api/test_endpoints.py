"""Endpoints made, changed, rested, tested and removed by a program."""

import pytest

from models import Delivery, DeliveryState, Endpoint, EndpointState
from service.db import transaction
from tests.building import rows
from tests.web.api.dispatch import deliver, release
from tests.web.api.programs import Program

URL = "https://hooks.example.org/in"


@pytest.fixture
def endpoint(program):
    """An endpoint, as its making answered it."""
    return program.post("/endpoints", {"url": URL, "types": ["comment.approved"]}).json


def test_an_endpoint_is_made_and_its_secret_shown_once(program, endpoint):
    assert endpoint["secret"].startswith("whsec_")
    shown = program.get(f"/endpoints/{endpoint['id']}").json
    assert shown == {name: value for name, value in endpoint.items() if name != "secret"}
    assert program.get("/endpoints").json == {"items": [shown]}


def test_a_build_hook_has_no_secret(program):
    made = program.post("/endpoints", {"url": URL, "kind": "build"}).json
    assert (made["kind"], made["secret"]) == ("build", "")
    assert program.post(f"/endpoints/{made['id']}/rotate", {}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://hooks.example.org/"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": URL, "types": ["comment.nothing"]}, "types.0"),
        ({"url": URL, "kind": "fax"}, "kind"),
        ({"url": URL, "kind": "build", "types": ["comment.spam"]}, "types"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused(app, body, field):
    answer = Program(app).post("/endpoints", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_an_endpoint_is_changed_paused_resumed_and_removed(program, endpoint):
    path = f"/endpoints/{endpoint['id']}"

    changed = program.ask("PUT", path, json={"url": f"{URL}/2"}).json
    assert (changed["url"], changed["types"]) == (f"{URL}/2", [])
    assert program.post(f"{path}/pause").json["state"] == "paused"
    assert program.post(f"{path}/test").status_code == 409
    assert program.post(f"{path}/resume", {}).json["state"] == "active"
    assert program.ask("DELETE", path).status_code == 204
    assert program.get(path).status_code == 404
    assert program.get("/endpoints").json == {"items": []}


def test_a_secret_is_followed_by_another_and_the_old_one_ended(program, endpoint):
    path = f"/endpoints/{endpoint['id']}"

    rotated = program.post(f"{path}/rotate", {"overlap_hours": 1}).json
    assert rotated["secret"] not in ("", endpoint["secret"])
    assert rotated["secret_version"] == 2
    assert program.post(f"{path}/revoke").json == {"ended": 1}
    assert program.post(f"{path}/rotate", {"overlap_hours": 169}).status_code == 422


def test_a_test_event_goes_to_that_endpoint(program, endpoint, app_on_both, clock):
    assert program.post(f"/endpoints/{endpoint['id']}/test").status_code == 204
    release(app_on_both, clock)

    [delivery] = program.get(f"/endpoints/{endpoint['id']}/deliveries").json["items"]
    assert (delivery["type"], delivery["origin"], delivery["state"]) == ("ping", "test", "due")
    assert deliver(app_on_both) == 1


def test_what_was_held_goes_out_when_the_program_says_so(program, endpoint, app_on_both, clock):
    path = f"/endpoints/{endpoint['id']}"
    program.post(f"{path}/test")
    release(app_on_both, clock)
    with app_on_both.app_context(), transaction() as session:
        row = session.merge(rows(app_on_both, Endpoint)[0])
        row.state = EndpointState.DISABLED
        session.merge(rows(app_on_both, Delivery)[0]).state = DeliveryState.HELD

    assert program.post(f"{path}/release").status_code == 409
    assert program.post(f"{path}/pause").status_code == 409
    assert program.post(f"{path}/resume", {}).json["state"] == "active"
    assert program.post(f"{path}/release").json == {"deliveries": 1}
    assert deliver(app_on_both) == 1

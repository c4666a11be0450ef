"""The cursor over events: all of them, in order, as webhooks carry them."""

import json

from models import Event, EventHorizon, Status
from service.db import transaction
from tests.building import found_demo_site, rows
from tests.web.api.dispatch import release
from tests.web.api.programs import Program
from tests.web.desk import move_to, send_json, site_of


def sent(reader, number=1):
    return [send_json(reader, comment=f"Number {one}.").json["id"] for one in range(number)]


def test_events_come_in_order_with_the_bytes_that_webhooks_carry(
    program, app_on_both, reader, clock
):
    [comment] = sent(reader)
    release(app_on_both, clock)
    move_to(app_on_both, site_of(app_on_both), comment, Status.APPROVED)
    release(app_on_both, clock)

    answer = program.get("/events?after=0")

    stored = rows(app_on_both, Event)
    assert [one["id"] for one in answer.json["items"]] == [event.public_id for event in stored]
    assert all(event.body in answer.data for event in stored)
    kinds = [one["body"]["type"] for one in answer.json["items"]]
    assert kinds == ["comment.created", "comment.approved"]
    assert answer.json["items"][1]["body"]["data"]["html"]


def test_what_can_still_be_taken_back_quietly_is_not_told(program, app_on_both, reader, clock):
    [comment] = sent(reader)
    release(app_on_both, clock)
    move_to(app_on_both, site_of(app_on_both), comment, Status.SPAM)

    first = program.get("/events").json
    assert [one["body"]["type"] for one in first["items"]] == ["comment.created"]
    release(app_on_both, clock)
    then = program.get(f"/events?after={first['next']}").json
    assert [one["body"]["type"] for one in then["items"]] == ["comment.spam"]


def test_a_long_backlog_is_read_a_part_at_a_time_and_then_polled(
    program, app_on_both, reader, clock
):
    ids = sent(reader, 5)
    release(app_on_both, clock)
    found, after = [], 0
    for _ in range(4):
        answer = program.get(f"/events?after={after}&limit=2").json
        found += [one["body"]["data"]["id"] for one in answer["items"]]
        after = answer["next"]

    assert found == ids
    quiet = program.get(f"/events?after={after}")
    assert quiet.json == {"items": [], "next": after}
    tag = quiet.headers["ETag"]
    assert program.get(f"/events?after={after}", If_None_Match=tag).status_code == 304


def test_events_of_another_site_and_tests_of_an_endpoint_are_not_among_them(
    app_on_both, reader, clock
):
    program = Program(app_on_both)
    made = program.post("/endpoints", {"url": "https://hooks.example.org/"}).json
    program.post(f"/endpoints/{made['id']}/test")
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    sent(reader)
    release(app_on_both, clock)

    assert Program(app_on_both, site=other).get("/events").json == {"items": [], "next": 0}
    kinds = [one["body"]["type"] for one in program.get("/events").json["items"]]
    assert kinds == ["comment.created"]


def test_who_asks_after_a_position_that_was_let_go_is_told_where_to_begin_anew(
    program, app_on_both, reader, clock
):
    sent(reader, 3)
    release(app_on_both, clock)
    with app_on_both.app_context(), transaction() as session:
        for event in rows(app_on_both, Event)[:2]:
            session.delete(session.merge(event))
        session.add(EventHorizon(site_id=1, position=2))

    answer = program.get("/events?after=1")
    assert (answer.status_code, answer.json["code"], answer.json["after"]) == (410, "gone", 2)
    rest = [one["position"] for one in program.get("/events?after=2").json["items"]]
    assert rest == [one["position"] for one in program.get("/events").json["items"]] == [3]


def test_what_was_erased_is_in_no_body(program, app_on_both, reader, clock):
    answer = send_json(reader, author="Canary Bird", comment="Secret words.")
    move_to(app_on_both, site_of(app_on_both), answer.json["id"], Status.APPROVED)
    release(app_on_both, clock)
    assert "Canary Bird" in program.get("/events").text

    program.post("/privacy/erase", {"comment": answer.json["id"], "with_text": True})
    release(app_on_both, clock)
    told = program.get("/events")
    assert [json.loads(event.body)["type"] for event in rows(app_on_both, Event)][-1:] == [
        told.json["items"][-1]["body"]["type"]
    ]
    assert not {"Canary", "Secret"} & set(told.text.replace('"', " ").split())

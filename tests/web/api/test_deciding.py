"""Programs decide: one comment, many, and back again; every move bears the key's name."""

import pytest
import sqlalchemy as sa

from models import ActorKind, AuditEntry, Comment, Decision, Event, Scope, Status
from service.db import transaction
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import move_to, send_json, site_of


@pytest.fixture
def program(app_on_both):
    return Program(app_on_both, Scope.READ, Scope.MODERATE)


@pytest.fixture
def comment(app_on_both):
    return send_json(visitor(app_on_both)).json["id"]


def decide(program, number, status="spam", version=1, **headers):
    body = {"status": status, "version": version, "why": "by a test"}
    return program.post(f"/comments/{number}/decision", body, **headers)


def test_a_decision_is_the_keys_own(app_on_both, program, comment):
    answer = decide(program, comment)

    assert answer.json == {
        "id": comment,
        "status": "spam",
        "version": 2,
        "decision": rows(app_on_both, Decision)[0].id,
    }
    [entry] = program.get(f"/comments/{comment}").json["history"]
    assert (entry["by"], entry["kind"], entry["why"]) == ("Build server", "key", "by a test")
    noted = [one for one in rows(app_on_both, AuditEntry) if one.act == "comment.spam"]
    assert [(one.actor_kind, one.subject["comment"]) for one in noted] == [(ActorKind.KEY, comment)]
    assert rows(app_on_both, Event)[-1].type == "comment.spam"


def test_where_it_stands_already_is_success_and_nothing_new(app_on_both, program, comment):
    decide(program, comment)
    again = decide(program, comment)

    assert (again.status_code, again.json["decision"], again.json["version"]) == (200, None, 2)
    assert len(rows(app_on_both, Decision)) == 1


def test_a_stale_look_gets_the_fresh_comment(app_on_both, program, comment):
    move_to(app_on_both, site_of(app_on_both), comment, Status.APPROVED)

    body = decide(program, comment)
    header = program.post(f"/comments/{comment}/decision", {"status": "spam"}, If_Match='"1-ab"')
    assert [(one.status_code, one.json["code"]) for one in (body, header)] == [
        (409, "stale_version"),
        (412, "precondition_failed"),
    ]
    assert body.json["comment"] == header.json["comment"]
    assert (body.json["comment"]["status"], body.json["comment"]["version"]) == ("approved", 2)


def test_the_etag_of_a_look_is_good_for_a_decision(program, comment):
    tag = program.get(f"/comments/{comment}").headers["ETag"]

    moved = program.post(f"/comments/{comment}/decision", {"status": "trash"}, If_Match=tag)
    assert (moved.status_code, moved.json["version"]) == (200, 2)
    blind = program.post(f"/comments/{comment}/decision", {"status": "spam"})
    assert (blind.status_code, list(blind.json["errors"])) == (422, ["version"])


def test_a_decision_is_taken_back_once(program, comment):
    number = decide(program, comment).json["decision"]

    back = program.post(f"/comments/{comment}/undo", {"decision": number})
    assert (back.status_code, back.json["status"]) == (200, "pending")
    again = program.post(f"/comments/{comment}/undo", {"decision": number})
    assert (again.status_code, again.json["comment"]["status"]) == (409, "pending")
    assert [one["undoes"] for one in again.json["comment"]["history"]] == [None, number]
    other = program.post(f"/comments/{comment}/undo", {"decision": number + 99})
    assert other.status_code == 404


def test_each_of_many_has_its_own_result(app_on_both, program):
    client = visitor(app_on_both)
    sent = [send_json(client, comment=f"Number {one}.").json["id"] for one in range(4)]
    move_to(app_on_both, site_of(app_on_both), sent[1], Status.SPAM)
    move_to(app_on_both, site_of(app_on_both), sent[2], Status.APPROVED)
    found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    chosen = [{"id": one, "version": 1} for one in [*sent, "nobodys"]]

    answer = program.post("/comments/decisions", {"status": "spam", "comments": chosen})
    assert [one["result"] for one in answer.json["results"]] == [
        "moved",
        "unchanged",
        "stale",
        "moved",
        "missing",
    ]
    assert [one["id"] for one in answer.json["results"]] == [*sent, "nobodys"]
    twice = {"status": "spam", "comments": chosen[:1] * 2}
    assert program.post("/comments/decisions", twice).status_code == 422


@pytest.fixture
def decided(app_on_both, program):
    """Many comments called spam in one call; their ids, and the numbers of the decisions."""
    client = visitor(app_on_both)
    sent = [send_json(client, comment=f"Number {one}.").json["id"] for one in range(4)]
    body = {"status": "spam", "comments": [{"id": one, "version": 1} for one in sent]}
    told = program.post("/comments/decisions", body).json["results"]
    return sent, [one["decision"] for one in told]


def take_back(program, numbers):
    return program.post("/comments/undo", {"decisions": numbers}).json["results"]


def test_many_decisions_are_taken_back_in_one_call(app_on_both, program, decided):
    sent, numbers = decided

    told = take_back(program, numbers)

    undone = rows(app_on_both, Decision, Decision.undoes_id.in_(numbers))
    assert sorted(one.undoes_id for one in undone) == numbers
    assert [(one["decision"], one["id"]) for one in told] == [*zip(numbers, sent, strict=True)]
    assert {(one["result"], one["status"], one["version"]) for one in told} == {
        ("moved", "pending", 3)
    }
    assert {one["undo"] for one in told} == {one.id for one in undone}
    held = rows(app_on_both, Event, Event.cancelled_at.is_(None))
    assert {event.type for event in held} == {"comment.created"}, "nobody outside hears of either"
    assert [one["result"] for one in take_back(program, numbers)] == ["unchanged"] * 4
    noted = [one.act for one in rows(app_on_both, AuditEntry) if one.act.startswith("comment.")]
    assert noted == ["comment.spam"] * 4 + ["comment.hold"] * 4


def test_what_was_decided_since_stays_and_is_told(app_on_both, program, decided, clock):
    sent, numbers = decided
    move_to(app_on_both, site_of(app_on_both), sent[1], Status.APPROVED)
    with app_on_both.app_context(), transaction() as session:
        gone = sa.update(Comment).where(Comment.public_id == sent[2])
        session.execute(gone.values(withdrawn_at=clock()))

    told = take_back(program, [*numbers[:3], numbers[3] + 99])

    assert [(one["result"], one["status"]) for one in told] == [
        ("moved", "pending"),
        ("stale", "approved"),
        ("gone", "spam"),
        ("missing", None),
    ]
    assert [one["by"] for one in told] == [None, "a rule", None, None]
    clock.move(days=8)
    [late] = take_back(program, numbers[3:])
    assert (late["result"], late["status"]) == ("late", "spam")


def test_decisions_of_another_site_are_not_taken_back(app_on_both, decided):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])

    told = take_back(Program(app_on_both, site=other), decided[1])

    assert [(one["result"], one["id"]) for one in told] == [("missing", None)] * 4


def test_what_is_no_list_of_decisions_is_refused(app):
    program = Program(app)
    for wrong in (None, [], "1", [1, 1], ["1"], [True], [0], [*range(1, 202)], [{"decision": 1}]):
        assert program.post("/comments/undo", {"decisions": wrong}).status_code == 422, wrong


def test_a_repeated_decision_happens_once_and_is_answered_alike(app_on_both, program, comment):
    first = decide(program, comment, Idempotency_Key="one")
    move_to(app_on_both, site_of(app_on_both), comment, Status.APPROVED)
    again = decide(program, comment, Idempotency_Key="one")
    other = decide(program, comment, status="trash", Idempotency_Key="one")

    assert (again.status_code, again.json) == (200, first.json)
    assert (other.status_code, list(other.json["errors"])) == (422, ["Idempotency-Key"])
    assert len(rows(app_on_both, Decision)) == 2


def test_another_sites_comment_is_not_there(app_on_both, comment):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    program = Program(app_on_both, site=other)

    assert decide(program, comment).status_code == 404
    assert program.post(f"/comments/{comment}/undo", {"decision": 1}).status_code == 404
    many = {"status": "spam", "comments": [{"id": comment, "version": 1}]}
    told = program.post("/comments/decisions", many).json["results"]
    assert [one["result"] for one in told] == ["missing"]
    assert rows(app_on_both, Decision) == []


def test_a_body_that_makes_no_sense_is_named_by_field(app):
    program = Program(app)
    one = {"id": "a", "version": 1}
    for more, fields in (
        ({"status": None, "comments": None}, {"status", "comments"}),
        ({"status": "gone", "comments": []}, {"status", "comments"}),
        ({"comments": "all"}, {"comments"}),
        ({"comments": [{"id": 1, "version": "1"}]}, {"comments.0.id", "comments.0.version"}),
        ({"comments": [{"id": "a"}]}, {"comments.0.version"}),
        ({"comments": [one, "a"]}, {"comments.1"}),
        ({"status": True, "more": 1}, {"status", "more"}),
        ({"comments": [{**one, "version": True}]}, {"comments.0.version"}),
        ({"comments": [one] * 201}, {"comments"}),
        ({"comments": [one] * 2}, {"comments"}),
    ):
        answer = program.post("/comments/decisions", {"status": "spam", "comments": [one], **more})
        assert (answer.status_code, set(answer.json["errors"])) == (422, fields)
    assert program.post("/comments/decisions", {}).json["errors"].keys() == {"status", "comments"}

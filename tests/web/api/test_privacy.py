"""A person's data, exported and erased by a program; his address is only ever asked for."""

import pytest
import sqlalchemy as sa

from models import ActorKind, AuditEntry, Comment, Contact, KeptAnswer, Status
from service.db import transaction
from tests.building import COMMENT, found_demo_site, rows
from tests.web.api.programs import Program
from tests.web.desk import move_to, send_json, site_of

ADDRESS = COMMENT["email"]


@pytest.fixture
def written(reader):
    """Ids of three comments of one person and, at the end, one of another."""
    ids = [send_json(reader, comment=f"Number {one}.").json["id"] for one in range(3)]
    return [*ids, send_json(reader, comment="Other.", email="b@example.org").json["id"]]


@pytest.mark.parametrize("named", ["comment", "address"])
def test_all_that_a_person_wrote_is_exported_but_his_address(program, written, named):
    whom = {"comment": written[1]} if named == "comment" else {"address": f" {ADDRESS.upper()} "}

    answer = program.post("/privacy/export", whom)

    assert [one["id"] for one in answer.json["items"]] == written[:3]
    assert answer.json["address_kept"] is True
    assert ADDRESS not in answer.text.lower()


def test_an_address_past_its_time_is_not_kept_though_it_is_still_there(program, written, clock):
    clock.move(days=91)

    answer = program.post("/privacy/export", {"comment": written[0]})

    assert answer.json["address_kept"] is False


def test_an_export_comes_in_parts(program, written):
    first = program.post("/privacy/export", {"address": ADDRESS, "limit": 2}).json
    rest = {"address": ADDRESS, "limit": 2, "cursor": first["next"]}
    second = program.post("/privacy/export", rest).json

    assert [one["id"] for one in [*first["items"], *second["items"]]] == written[:3]
    assert second["next"] is None


@pytest.mark.parametrize("named", ["comment", "address"])
def test_a_person_is_erased_and_nobody_else(program, app_on_both, written, named):
    whom = {"comment": written[0]} if named == "comment" else {"address": ADDRESS}
    move_to(app_on_both, site_of(app_on_both), written[0], Status.APPROVED)

    answer = program.post("/privacy/erase", {**whom, "with_text": True})

    assert answer.json == {"comments": 3}
    assert [(row.name, row.text) for row in rows(app_on_both, Comment)] == [
        *[("", "")] * 3,
        (COMMENT["author"], "Other."),
    ]
    assert len(rows(app_on_both, Contact)) == 1
    assert program.post("/privacy/erase", {**whom, "with_text": True}).json == {"comments": 0}


def test_who_wrote_without_an_address_is_named_by_his_comment(program, app_on_both, written):
    with app_on_both.app_context(), transaction() as session:
        session.execute(sa.update(Comment).values(contact_id=None))

    whom = {"comment": written[0]}
    assert [one["id"] for one in program.post("/privacy/export", whom).json["items"]] == [
        written[0]
    ]
    assert program.post("/privacy/erase", whom).json == {"comments": 1}
    assert rows(app_on_both, Comment)[0].text == "Number 0."


def test_the_log_says_that_somebody_asked_and_not_after_whom(program, app_on_both, written):
    program.post("/privacy/export", {"address": ADDRESS})
    program.post("/privacy/erase", {"address": ADDRESS}, Idempotency_Key="once")

    acts = [row for row in rows(app_on_both, AuditEntry) if row.act.startswith("person.")]
    assert [(row.actor_kind, row.act, row.subject) for row in acts] == [
        (ActorKind.KEY, "person.export", {"comments": 3}),
        (ActorKind.KEY, "person.erase", {"with_text": False}),
    ]
    assert rows(app_on_both, KeptAnswer) == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "comment"),
        ({"comment": "a", "address": ADDRESS}, 422, "comment"),
        ({"address": "nobody"}, 422, "address"),
        ({"address": 5}, 422, "address"),
        ({"comment": "nothing"}, 404, None),
    ],
)
def test_who_is_not_named_is_not_looked_for(app, body, status, field):
    for path in ("/privacy/export", "/privacy/erase"):
        answer = Program(app).post(path, body)
        assert answer.status_code == status
        assert field is None or list(answer.json["errors"]) == [field]
        assert ADDRESS not in answer.text


def test_a_person_is_one_of_the_keys_site(app_on_both, written):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    program = Program(app_on_both, site=other)

    assert program.post("/privacy/export", {"address": ADDRESS}).json["items"] == []
    assert program.post("/privacy/erase", {"address": ADDRESS}).json == {"comments": 0}
    assert program.post("/privacy/erase", {"comment": written[0]}).status_code == 404
    assert all(row.name for row in rows(app_on_both, Comment))

"""Programs hand comments in for readers, by the reader's own rules, and have texts scored."""

import pytest
import sqlalchemy as sa

from models import Comment, Scope
from models.base import Base
from service.db import db
from tests.building import COMMENT, rows
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import close_thread, send_json, set_policy, site_of, slow_down, without


@pytest.fixture
def program(app_on_both):
    return Program(app_on_both, Scope.SUBMIT)


def test_a_comment_is_held_and_answered_in_the_readers_words(app_on_both, program):
    answer = program.post("/comments", {**COMMENT, "lang": "de", "notify": False})

    assert (answer.status_code, answer.json["status"]) == (202, "held")
    by_hand = send_json(visitor(app_on_both), comment="Another.", lang="de").json
    assert answer.json["message"] == by_hand["message"]
    first, second = rows(app_on_both, Comment)
    assert answer.json["receipt"].rpartition("/")[2].startswith(first.public_id)
    assert (first.status, first.language) == (second.status, second.language)


def test_mistakes_come_all_at_once_in_the_authors_language(app_on_both, program):
    wrong = {"comment": "", "email": "ana@", "page": "/amazon", "lang": "de", "more": "1"}
    unknown = program.post("/comments", wrong).json["errors"]
    assert list(unknown) == ["more"]
    del wrong["more"]

    told = program.post("/comments", wrong).json["errors"]
    theirs = send_json(visitor(app_on_both), **{"author": "", **wrong}).json["errors"]
    assert told == theirs


def test_who_need_not_give_a_name_need_not_give_one_here(app_on_both, program):
    set_policy(app_on_both, site_of(app_on_both), require_name=False, require_email=False)

    answer = program.post("/comments", without("author", "email"))
    assert answer.status_code == 202
    assert "Thank you." in answer.json["message"]


def test_what_makes_no_comment_is_named_by_field(app):
    program = Program(app)
    for changed in (
        {"ip": "here"},
        {"notify": "yes"},
        {"page": "https://elsewhere.example.net/"},
        {"parent": "no id"},
        {"ticket": "t"},
        {"submission_id": "s"},
    ):
        answer = program.post("/comments", {**COMMENT, **changed})
        assert (answer.status_code, list(answer.json["errors"])) == (422, list(changed))


def test_a_closed_page_and_a_twin_are_refused(app_on_both, program):
    program.post("/comments", COMMENT)
    assert program.post("/comments", COMMENT).json["code"] == "duplicate_comment"
    close_thread(app_on_both)

    assert program.post("/comments", {**COMMENT, "comment": "Late."}).status_code == 410


def test_a_readers_network_has_its_own_pace_and_a_server_has_none(app_on_both, program):
    slow_down(app_on_both, 1)

    def send(number, **more):
        return program.post("/comments", {**COMMENT, "comment": f"Number {number}.", **more})

    assert [send(one).status_code for one in range(3)] == [202] * 3
    statuses = [send(10 + one, ip="198.51.100.7").status_code for one in range(2)]
    assert statuses == [202, 429]
    assert send(20, ip="2001:db8::1").status_code == 202


def test_no_address_of_a_reader_is_stored(app_on_both, program):
    program.post("/comments", {**COMMENT, "ip": "198.51.100.7"})

    assert "198.51.100.7" not in dump(app_on_both)


def test_a_repeated_submission_is_one_comment(app_on_both, program):
    first = program.post("/comments", COMMENT, Idempotency_Key="8e03978e-40d5")
    again = program.post("/comments", COMMENT, Idempotency_Key='"8e03978e-40d5"')
    other = {**COMMENT, "comment": "Other words."}

    assert (again.status_code, again.json) == (202, first.json)
    assert program.post("/comments", other, Idempotency_Key="8e03978e-40d5").status_code == 422
    assert program.post("/comments", other, Idempotency_Key=" ").status_code == 422
    assert len(rows(app_on_both, Comment)) == 1


def test_a_score_is_an_opinion_and_leaves_nothing_behind(app_on_both, program):
    program.post("/score", {"comment": "Warm up."})
    before = dump(app_on_both)
    spam = {"comment": "Buy cheap viagra at http://pills.example/ now!!!", "author": "Cheap pills"}

    bad, good = (program.post("/score", {**more, "page": "/amazon"}) for more in (spam, COMMENT))
    assert good.json["score"]["probability"] < 0.5 < bad.json["score"]["probability"]
    assert bad.json["score"]["reasons"]
    assert dump(app_on_both) == before


def dump(app):
    with app.app_context():
        tables = Base.metadata.sorted_tables
        return str([list(db.session().execute(sa.select(table))) for table in tables])


@pytest.mark.parametrize(
    ("letters", "status", "code"), [(200_000, 422, "invalid"), (262_144, 413, "body_too_large")]
)
def test_a_body_is_taken_up_to_the_cap_that_the_gate_names(app, letters, status, code):
    answer = Program(app).post("/score", {"text": "a" * letters})

    assert (answer.status_code, answer.json["code"]) == (status, code)

"""The model and the figures for programs."""

import pytest

from models import ActorKind, AuditEntry
from service.comments.moderate import Actor
from tests.building import make_moderator, rows
from tests.conftest import visitor
from tests.service.learning.test_lessons import fit, teach
from tests.web.api.programs import Program
from tests.web.desk import send_json


def test_before_anything_is_learned_the_base_model_judges(app):
    model = Program(app).get("/model").json

    assert (model["active"], model["weights"], model["learning"]) == (None, 0, True)
    assert "three approved comments" in model["alone"]
    assert Program(app).get("/model/candidates").json == {"items": []}


def test_the_card_says_what_the_base_model_is_made_of(app):
    card = Program(app).get("/model/card")
    assert card.json["text"].startswith("# The spam model")
    assert card.json["name"] == Program(app).get("/model").json["base"]


@pytest.fixture
def taught(app):
    """The application after six verdicts of each kind, learned and fitted."""
    teach(app, Actor(make_moderator(app, "Ana", operator=False), [1]))
    assert fit(app)
    return app


def test_a_program_goes_back_to_the_base_model_and_forth_again(taught):
    program = Program(taught)
    [candidate] = program.get("/model/candidates").json["items"]
    assert program.get(f"/model/candidates/{candidate['id']}").json == candidate
    assert (candidate["judges"], candidate["report"]["accepted"]) == (True, True)

    back = program.post("/model/roll-back", {"candidate": None}).json
    assert (back["active"], back["learning"]) == (None, False)
    forth = program.post("/model/roll-back", {"candidate": candidate["id"]}).json
    assert forth["active"] == candidate["id"]
    on = program.post("/model/learning", {"on": True}).json
    assert on["learning"] is True
    acts = [row for row in rows(taught, AuditEntry) if row.actor_kind is ActorKind.KEY]
    assert [row.act for row in acts] == ["model.roll_back", "model.roll_back", "model.resume"]


def test_a_way_back_that_is_none_is_refused(app):
    program = Program(app)
    assert program.post("/model/roll-back", {"candidate": 7}).status_code == 404
    assert program.get("/model/candidates/7").status_code == 404
    for path, field in (("/model/roll-back", "candidate"), ("/model/learning", "on")):
        answer = program.post(path, {})
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_figures_are_told_over_some_days(app):
    send_json(visitor(app))
    program = Program(app)

    week = program.get("/statistics").json
    assert (len(week["volume"]), week["volume"][-1]["pending"]) == (7, 1)
    assert program.get("/statistics?days=90").json["weekly"] is True
    assert program.get("/statistics?days=8").status_code == 422

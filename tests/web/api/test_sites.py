"""The key's site: looked at and changed."""

import pytest

from models import ActorKind, AuditEntry, Site
from tests.building import ORIGIN, rows
from tests.web.api.programs import Program


def test_a_program_sees_its_site(program):
    site = program.get("/sites/blog")

    assert program.get("/sites").json == {"items": [site.json]}
    assert (site.json["slug"], site.json["origins"]) == ("blog", [ORIGIN])
    assert site.json["policy"]["spam_tray_at"] is None
    again = program.get("/sites/blog", If_None_Match=site.headers["ETag"])
    assert again.status_code == 304


def test_what_is_sent_changes_and_what_is_left_out_stays(program, app_on_both):
    before = program.get("/sites/blog").json
    changed = program.ask(
        "PATCH", "/sites/blog", json={"policy": {"spam_tray_at": 0.9, "require_email": False}}
    )

    assert changed.json["policy"] == before["policy"] | {
        "spam_tray_at": 0.9,
        "require_email": False,
    }
    assert changed.json["name"] == before["name"]
    back = program.ask("PATCH", "/sites/blog", json={"name": "Z", "policy": {"spam_tray_at": None}})
    assert back.json["policy"] == before["policy"] | {"require_email": False}
    assert rows(app_on_both, Site)[0].name == "Z"
    acts = [row for row in rows(app_on_both, AuditEntry) if row.act == "site.change"]
    assert [row.actor_kind for row in acts] == [ActorKind.KEY, ActorKind.KEY]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"origins": []}, "origins"),
        ({"origins": ["blog.example.org"]}, "origins"),
        ({"policy": {"spam_tray_at": 1.5}}, "policy.spam_tray_at"),
        ({"policy": {"depth": None}}, "policy.depth"),
        ({"policy": {"depth": 9}}, "policy.depth"),
        ({"policy": {"close_after_days": 0}}, "policy.close_after_days"),
        ({"policy": {"language": "tlh"}}, "policy.language"),
        ({"policy": {"learn": True}}, "policy.learn"),
        ({"policy": None}, "policy"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(app, body, field):
    answer = Program(app).ask("PATCH", "/sites/blog", json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert rows(app, Site)[0].origins == [ORIGIN]

"""Programs look at comments: by the filters of the queue, and at what a moderator sees."""

import pytest

from models import Comment, Scope, Status
from service.db import transaction
from tests.building import rows
from tests.conftest import visitor
from tests.web.api.programs import Program
from tests.web.desk import move_to, path_of, send_json, site_of

SPAM = "Cheap pills, viagra and casino bonus: http://pills.example/ http://casino.example/"


@pytest.fixture
def program(app_on_both):
    return Program(app_on_both, Scope.READ, Scope.MODERATE)


@pytest.fixture
def sent(app_on_both, clock):
    """Three comments, a day apart, the second on another page and spam; the last is published."""
    client, found = visitor(app_on_both), []
    for words, page in (("The river rose.", "/amazon"), (SPAM, "/other"), ("It fell.", "/amazon")):
        found.append(send_json(client, comment=words, page=page).json["id"])
        clock.move(days=1)
    move_to(app_on_both, site_of(app_on_both), found[2], Status.APPROVED)
    return found


LISTS = {
    "": [2, 1, 0],
    "order=oldest": [0, 1, 2],
    "order=spam&limit=1": [1],
    "status=approved": [2],
    "status=pending&order=oldest": [0, 1],
    "status=trash": [],
    "page=/amazon": [2, 0],
    "page=/other": [1],
    "q=river": [0],
    "q=pills&status=pending": [1],
    "since=2026-11-24": [2, 1],
    "until=2026-11-24&order=oldest": [0, 1],
    "since=2026-11-24&until=2026-11-24": [1],
    "since=0001-01-01&until=9999-12-31": [2, 1, 0],
}


def test_lists_are_narrowed_like_the_queue(program, sent):
    found = {
        query: [sent.index(one["id"]) for one in program.get(f"/comments?{query}").json["items"]]
        for query in LISTS
    }
    assert found == LISTS


def test_every_order_goes_on_where_its_page_ended(program, sent):
    for query in ("order=spam", "order=fine", "q=e", "page=/amazon", "since=2026-11-23"):
        whole = [one["id"] for one in program.get(f"/comments?{query}").json["items"]]
        found, cursor = [], ""
        while cursor is not None:
            answer = program.get(f"/comments?{query}&limit=1{cursor and '&cursor='}{cursor}").json
            found += [one["id"] for one in answer["items"]]
            cursor = answer["next"]
        assert (query, found) == (query, whole)


def test_a_cursor_of_another_order_is_refused(program, sent):
    cursor = program.get("/comments?limit=1").json["next"]

    assert program.get(f"/comments?order=spam&cursor={cursor}").status_code == 422


def test_one_comment_shows_text_html_and_score(program, sent):
    told = program.get(f"/comments/{sent[1]}").json

    assert (told["text"], told["status"], told["page"]) == (SPAM, "pending", "/other")
    assert told["page_url"] == "https://blog.example.org/other"
    assert told["html"].startswith("<p>Cheap pills")
    assert told["score"]["reasons"]
    assert told["history"] == []
    assert "email" not in str(told)


def test_the_score_of_the_blind_sample_shows_once_somebody_decided(app_on_both, program, sent):
    with app_on_both.app_context(), transaction() as session:
        session.get_one(Comment, rows(app_on_both, Comment)[0].id).blind = True
    assert program.get(f"/comments/{sent[0]}").json["score"] is None
    assert program.get("/comments?q=river").json["items"][0]["score"] is None

    program.post(f"/comments/{sent[0]}/decision", {"status": "spam", "version": 1})
    assert program.get(f"/comments/{sent[0]}").json["score"]


def test_what_its_author_took_back_says_nothing_any_more(app_on_both, program):
    client = visitor(app_on_both)
    answer = send_json(client)
    client.post(path_of(answer.json["receipt"]), data={"action": "withdraw"})

    told = program.get(f"/comments/{answer.json['id']}").json
    assert told["withdrawn_at"]
    assert (told["name"], told["text"], told["html"], told["score"]) == ("", "", "", None)
    assert program.get("/comments").json["items"] == []
    refused = program.post(
        f"/comments/{answer.json['id']}/decision", {"status": "spam", "version": told["version"]}
    )
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")


def test_a_reply_names_what_it_answers(app_on_both, program, sent):
    answer = send_json(visitor(app_on_both), comment="So it did.", parent=sent[2])

    listed = program.get("/comments?limit=1").json["items"][0]
    assert (listed["id"], listed["parent"]) == (answer.json["id"], sent[2])
    assert program.get(f"/comments/{answer.json['id']}").json["parent"] == sent[2]

"""Pages: registered, described, closed, renamed and merged by a program."""

from models import Scope
from tests.building import ORIGIN
from tests.web.api.dispatch import release
from tests.web.api.programs import Program
from tests.web.desk import send_json

PAGE = f"{ORIGIN}/cocaine"


def registered(program, page=PAGE, **more):
    answer = program.post("/threads", {"page": page, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_page_is_registered_found_and_described(program, app_on_both, clock):
    made = registered(program, title="Cocaine", text="On the Amazon.")

    assert (made["page_url"], made["title"], made["registered"]) == (PAGE, "Cocaine", True)
    assert program.get(f"/threads?page={PAGE}").json["items"][0]["id"] == made["id"]
    assert program.get("/threads?page=/other").json["items"] == []
    answer = program.ask("PATCH", f"/threads/{made['id']}", json={"title": "Coca"})
    assert (answer.json["title"], answer.json["text"]) == ("Coca", "On the Amazon.")
    release(app_on_both, clock)
    bodies = [one["body"] for one in program.get("/events").json["items"]]
    told = [(body["type"], body["data"]["title"]) for body in bodies]
    assert told == [("thread.updated", "Cocaine"), ("thread.updated", "Coca")]


def test_a_page_that_was_changed_since_is_left_as_it_is(program):
    made = registered(program, title="Cocaine")
    path = f"/threads/{made['id']}"
    tag = program.get(path).headers["ETag"]
    change = {"method": "PATCH", "path": path, "headers": {"If-Match": tag}}

    assert program.ask(**change, json={"title": "Coca"}).status_code == 200
    answer = program.ask(**change, json={"title": "Cola"})

    assert (answer.status_code, answer.json["code"]) == (412, "precondition_failed")
    assert program.get(path).json["title"] == "Coca"


def test_a_page_of_another_site_or_a_title_too_long_is_named(program):
    for body, field in (
        ({"page": "https://other.example.org/"}, "page"),
        ({"page": PAGE, "title": "x" * 301}, "title"),
        ({}, "page"),
    ):
        answer = program.post("/threads", body)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    answer = program.get("/threads?page=https://other.example.org/")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["page"])


def test_who_may_moderate_closes_a_page_and_opens_it_again(program, app_on_both, reader):
    made = registered(program)
    moderator = Program(app_on_both, Scope.MODERATE)

    assert moderator.post(f"/threads/{made['id']}/close").json["closed"] is True
    assert send_json(reader, page=PAGE).status_code == 410
    assert moderator.post(f"/threads/{made['id']}/open").json["closed"] is False
    assert send_json(reader, page=PAGE).status_code == 202
    assert moderator.post("/threads/999/close").status_code == 404
    assert moderator.post("/threads/nothing/close").status_code == 404


def test_a_page_gets_another_name_and_loses_it(program):
    path = f"/threads/{registered(program)['id']}"

    added = program.post(f"{path}/aliases", {"alias": f"{ORIGIN}/old"})
    assert added.status_code == 201
    [alias] = added.json["aliases"]
    assert program.get(f"/threads?page={ORIGIN}/old").json["items"][0]["page_url"] == PAGE
    taken = program.post(f"{path}/aliases", {"alias": f"{ORIGIN}/old"})
    assert (taken.status_code, list(taken.json["errors"])) == (422, ["alias"])
    assert program.ask("DELETE", f"{path}/aliases/{alias['id']}").status_code == 204
    assert program.ask("DELETE", f"{path}/aliases/{alias['id']}").status_code == 404
    assert program.get(path).json["aliases"] == []


def test_a_page_is_merged_into_another(program, reader):
    target = registered(program, f"{ORIGIN}/new")
    source = registered(program, f"{ORIGIN}/old")
    number = send_json(reader, page=f"{ORIGIN}/old").json["id"]

    answer = program.post(f"/threads/{source['id']}/merge", {"into": f"{ORIGIN}/new"})

    assert (answer.json["id"], answer.json["comments"]) == (target["id"], 1)
    assert [alias["page"] for alias in answer.json["aliases"]] == [source["page"]]
    assert program.get(f"/comments/{number}").json["page"] == target["page"]
    assert program.get(f"/threads/{source['id']}").status_code == 404
    nowhere = program.post(f"/threads/{target['id']}/merge", {"into": "/nowhere"})
    assert (nowhere.status_code, list(nowhere.json["errors"])) == (422, ["into"])


def test_pages_are_listed_newest_first_a_part_at_a_time(program):
    made = [registered(program, f"{ORIGIN}/{number}")["id"] for number in range(5)]
    found, path = [], "/threads?limit=2"
    while path:
        answer = program.get(path)
        found += [one["id"] for one in answer.json["items"]]
        cursor = answer.json["next"]
        path = cursor and f"/threads?limit=2&cursor={cursor}"

    assert found == made[::-1]
    assert program.get("/threads?cursor=xyz").status_code == 422

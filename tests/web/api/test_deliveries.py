"""The log of deliveries for programs, and sending again."""

import pytest

from models import Scope
from service.http.guarded import SendError
from service.out import outbox
from service.out.outbox import Result
from service.web.context import HOUSE
from service.webhooks.deliveries import go_on
from tests.web.api.dispatch import deliver, release
from tests.web.api.programs import Program
from tests.web.desk import send_json

FAILED = Result(None, SendError("connect", "The connection was refused."))


@pytest.fixture
def hook(program, app_on_both, reader, clock):
    """An endpoint to which three events were delivered, as a path."""
    made = program.post("/endpoints", {"url": "https://hooks.example.org/"}).json["id"]
    for number in range(3):
        send_json(reader, comment=f"Number {number}.")
    release(app_on_both, clock)
    assert deliver(app_on_both) == 3
    return f"/endpoints/{made}"


def listed(program, path):
    return program.get(path).json["items"]


def test_a_delivery_is_shown_with_its_attempts(program, hook):
    first = listed(program, f"{hook}/deliveries")[0]
    whole = program.get(f"/deliveries/{first['id']}").json

    assert {name: whole[name] for name in first} == first
    assert (first["state"], first["outcome"], first["due_at"]) == ("done", "ok", None)
    [attempt] = whole["tries"]
    assert (attempt["number"], attempt["status"], attempt["excerpt"]) == (1, 200, "ok")
    assert program.get("/deliveries/dlv_nothing").status_code == 404


def test_deliveries_are_listed_by_what_became_of_them_a_part_at_a_time(
    program, hook, app_on_both, reader, clock
):
    send_json(reader, comment="One more.")
    release(app_on_both, clock)
    assert deliver(app_on_both, FAILED) == 1

    path = f"{hook}/deliveries"
    [failed] = listed(program, f"{path}?outcome=connect")
    assert (failed["state"], failed["attempts"]) == ("due", 1)
    assert failed["due_at"] is not None
    assert len(listed(program, f"{path}?state=done&type=comment.created")) == 3
    since = failed["created_at"].replace("+00:00", "Z")
    assert listed(program, f"{path}?since={since}&until=2100-01-01T00:00:00Z") == [failed]
    parts = program.get(f"{path}?limit=3").json
    rest = program.get(f"{path}?limit=3&cursor={parts['next']}").json
    assert [*parts["items"], *rest["items"]] == listed(program, path)
    assert (len(parts["items"]), rest["next"]) == (3, None)


@pytest.mark.parametrize(
    "query", ["state=lost", "since=today", "since=2026-11-23T12:00:00", "cursor=x", "outcome=x"]
)
def test_a_filter_that_makes_no_sense_is_named(app, query):
    program = Program(app)
    made = program.post("/endpoints", {"url": "https://hooks.example.org/"}).json["id"]
    answer = program.get(f"/endpoints/{made}/deliveries?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [query.partition("=")[0]])


def test_one_delivery_is_sent_again_under_the_same_id(program, hook, app_on_both):
    done = listed(program, f"{hook}/deliveries")[0]

    again = program.post(f"/deliveries/{done['id']}/replay").json

    assert again["id"] != done["id"]
    assert (again["event"], again["state"], again["origin"]) == (done["event"], "due", "replay")
    assert deliver(app_on_both) == 1
    refused = Program(app_on_both, Scope.READ).post(f"/deliveries/{done['id']}/replay")
    assert refused.status_code == 403


def test_a_range_is_counted_and_sent_again(program, hook, app_on_both, clock):
    span = {"since": "2026-11-23T00:00:00Z", "only": "all"}

    assert program.post(f"{hook}/replays/count", span).json == {"events": 3, "more": False}
    job = program.post(f"{hook}/replays", span)
    assert (job.status_code, job.json["finished_at"]) == (202, None)
    assert program.post(f"{hook}/replays", span).status_code == 409
    with app_on_both.app_context():
        assert go_on(app_on_both.extensions[HOUSE]) == 3
    [shown] = listed(program, f"{hook}/replays")
    assert (shown["id"], shown["deliveries"]) == (job.json["id"], 3)
    assert shown["finished_at"] is not None
    backwards = {**span, "until": "2026-11-22T00:00:00Z"}
    assert list(program.post(f"{hook}/replays", backwards).json["errors"]) == ["until"]


def test_a_replay_is_stopped(program, hook):
    job = program.post(f"{hook}/replays", {"since": "2026-11-23T00:00:00Z", "only": "all"}).json

    stopped = program.post(f"{hook}/replays/{job['id']}/stop").json
    assert (stopped["id"], stopped["finished_at"] is None) == (job["id"], False)
    assert program.post(f"{hook}/replays/rpl_nothing/stop").status_code == 404


def test_a_build_hook_has_no_range_to_send_again_and_is_called_once_instead(program, app_on_both):
    body = {"url": "https://build.example.org/", "kind": "build"}
    hook = f"/endpoints/{program.post('/endpoints', body).json['id']}"
    span = {"since": "2026-11-23T00:00:00Z", "only": "failed"}

    for path in ("/replays", "/replays/count"):
        refused = program.post(hook + path, span)
        assert (refused.status_code, refused.json["code"]) == (409, "conflict")
        assert "POST /endpoints/{endpoint}/test" in refused.json["detail"]
    assert program.post(f"{hook}/test").status_code == 204
    with app_on_both.app_context():
        outbox.release(app_on_both.extensions[HOUSE])
    [called] = listed(program, f"{hook}/deliveries")
    assert (called["origin"], called["type"], called["state"]) == ("test", "ping", "due")

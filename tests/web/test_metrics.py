"""What Prometheus is told, on both databases: the state of the boxes, to who has the token."""

import re
import threading
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from models import Delivery, DeliveryState, Endpoint, EndpointState
from service.db import db, transaction
from service.errors import SetupError
from service.figures.metrics import exposition
from service.figures.metrics_port import MetricsPort
from service.out.dispatcher import Dispatcher
from service.web.context import HOUSE
from tests.conftest import visitor
from tests.out.post_office import GOOD, REFUSED, PostOffice
from tests.out.receiver import PATIENCE
from tests.serving import free_port
from tests.web.desk import send_json

TOKEN = "a-token-for-prometheus"
HOOK = "http://127.0.0.1:9/hook"  # nobody is asked here: results are given by hand


def figures(text):
    """(name, labels) -> value, as Prometheus itself would read it."""
    return {
        (sample.name.removeprefix("gatepost_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def told(app, house=None):
    with app.app_context():
        return figures(exposition(house or app.extensions[HOUSE]).decode())


@pytest.fixture
def office(app_on_both, database_url, clock):
    """The outbox of a whole application."""
    return PostOffice(app_on_both, database_url, clock)


# The boxes


def test_it_is_told_for_how_long_the_oldest_delivery_is_due(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    office.elapse(100)

    found = told(office.app, office.house)

    assert found["oldest_due_seconds", "webhook"] == pytest.approx(100, abs=5)
    assert (found["deliveries", "due"], found["open_breakers",]) == (1, 0)


def test_an_endpoint_that_rests_or_is_paused_alarms_nobody(office):
    office.endpoint(HOOK)
    office.event()
    office.release()
    office.elapse(100)
    office.change(Endpoint, open_until=office.now() + timedelta(seconds=30))
    resting = told(office.app, office.house)
    office.change(Endpoint, open_until=None, state=EndpointState.PAUSED)
    paused = told(office.app, office.house)

    assert resting["open_breakers",] == 1
    assert resting["oldest_due_seconds", "webhook"] == 0
    assert paused["oldest_due_seconds", "webhook"] == 0
    assert (paused["endpoints", "paused"], paused["endpoints", "active"]) == (1, 0)


def test_deliveries_are_counted_by_state_and_those_done_are_not(office):
    office.endpoint(HOOK)
    office.events(6)
    office.release()
    wanted = (DeliveryState.DONE, DeliveryState.DEAD, DeliveryState.DEAD, DeliveryState.HELD)
    for delivery, state in zip(office.rows(Delivery), wanted, strict=False):
        with office.app.app_context(), transaction() as session:
            session.get_one(Delivery, delivery.id).state = state
    office.claim(free=1)

    found = told(office.app, office.house)

    counts = {state: found.get(("deliveries", state)) for state in DeliveryState}
    assert counts == {"due": 1, "leased": 1, "done": None, "dead": 2, "held": 1}


def test_an_event_whose_release_is_late_and_comments_that_wait_are_told(office):
    assert send_json(visitor(office.app)).status_code == 202
    office.event(hold=10)
    office.clock.move(seconds=15)

    found = told(office.app)

    assert found["oldest_due_seconds", "event"] == 15
    assert found["waiting", "event"] == 2
    assert found["comments_pending", "blog"] == 1


def test_no_question_for_the_figures_reads_what_is_long_over(office):
    asked = []
    with office.app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
        exposition(office.house)
        plans = [plan_of(*one) for one in asked if one[0].startswith("SELECT")]

    assert len(plans) > 10
    scanned = re.compile(r"(?:SCAN|Seq Scan on) (delivery|event|attempt|mail|notice)\b(?!.*INDEX)")
    assert [plan for plan in plans if scanned.search(plan)] == []


def plan_of(statement, parameters):
    """How the database would answer; PostgreSQL is told not to think an empty table cheap."""
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[3] for row in rows)
        connection.exec_driver_sql("SET enable_seqscan = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(row[0] for row in rows)


# This process


def test_attempts_lost_leases_delays_and_chores_are_counted(office):
    def tidy(_house):
        raise RuntimeError("broken on purpose")

    office.endpoint(HOOK)
    results = iter([REFUSED, GOOD])
    lost = threading.Event()

    def send(_claimed):
        if not lost.is_set():
            office.change(Delivery, token="of another")
            lost.set()
        return next(results)

    dispatcher = Dispatcher(office.app.app_context, office.house, send, chores=((0, tidy),))
    office.event()
    dispatcher.turn()
    assert lost.wait(PATIENCE)
    while not dispatcher.house.meter.attempts:
        lost.wait(0.01)
    office.change(Delivery, state=DeliveryState.DUE, due_at=office.now())
    dispatcher.turn()
    dispatcher.stop(PATIENCE)

    found = told(office.app, office.house)
    assert found["webhook_attempts_total", "connect"] == 1
    assert found["webhook_attempts_total", "ok"] == 1
    assert found["lost_leases_total",] == 1
    assert found["delivery_delay_seconds_count",] == 1
    assert found["delivery_delay_seconds_bucket", "0.1"] == 1
    assert found["chore_runs_total", "test_metrics.tidy"] == 2
    assert found["chore_failures_total", "test_metrics.tidy"] == 2


def test_while_the_database_is_away_the_counts_are_told_all_the_same(app):
    app.extensions[HOUSE].meter.attempted("ok", held=True, delay=3)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE event RENAME TO elsewhere"))

    found = told(app)

    assert found["database_up",] == 0
    assert ("waiting", "event") not in found
    assert found["delivery_delay_seconds_bucket", "5.0"] == 1


# Who is told


def test_without_a_token_there_is_no_such_door(client):
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, 401), (f"Bearer {TOKEN}x", 401), (TOKEN, 401), (f"Bearer {TOKEN}", 200)],
)
def test_the_door_opens_to_the_token_alone(make_app, sqlite_url, given, status):
    app = make_app(sqlite_url, metrics_token=TOKEN)

    answer = visitor(app).get("/metrics", headers={"Authorization": given} if given else {})

    assert answer.status_code == status
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("gatepost_database_up 1.0" in answer.text) is (status == 200)


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [("", "/metrics", 200), ("", "/", 404), (TOKEN, "/metrics", 401), (TOKEN, "/else", 404)],
)
def test_a_port_of_its_own_has_nothing_but_figures(make_app, sqlite_url, token, path, status):
    port = free_port()
    app = make_app(sqlite_url, metrics_token=token, metrics_port=port)
    own = MetricsPort(app.app_context, app.extensions[HOUSE])
    own.start()
    try:
        assert asked(f"http://127.0.0.1:{port}{path}")[0] == status
        if token:
            wanted = {"Authorization": f"Bearer {token}"}
            assert asked(f"http://127.0.0.1:{port}/metrics", wanted)[0] == 200
        with pytest.raises(SetupError, match="metrics_port"):
            MetricsPort(app.app_context, app.extensions[HOUSE]).start()
    finally:
        own.stop()


def asked(url, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()

"""A commit in one process wakes the dispatcher in another, through PostgreSQL itself."""

import time

import pytest
import sqlalchemy as sa

from models import Site
from service.db import db
from service.out.dispatcher import Dispatcher
from service.out.webhooks import sender
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.building import COMMENT, rows
from tests.conftest import visitor
from tests.out.receiver import PATIENCE, Receiver
from tests.serving import Worker, pause

POLL = 30  # seconds: whatever comes sooner was not found by polling
SOON = 5  # seconds; it takes some hundredths where nobody else needs the processor
LISTENING = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query = 'LISTEN gatepost'"
)
CUT = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def url(databases):
    url = databases.fresh("postgresql")
    yield url
    databases.drop(url)


@pytest.fixture
def receiver():
    with Receiver() as listening:
        yield listening


@pytest.fixture
def app(make_app, url):
    return make_app(url, webhook_allow=["127.0.0.1"], undo_hold=0, poll_interval=POLL)


@pytest.fixture
def hook(app, receiver):
    """An endpoint of the first site; its public id."""
    [site] = rows(app, Site)
    with app.app_context():
        made = add_endpoint(app.extensions[HOUSE], site.id, url=receiver.url("/hook"), types=[])
        return made.endpoint.public_id


def until_somebody_listens(app):
    end = time.monotonic() + PATIENCE
    with app.app_context():
        while not db.session.execute(LISTENING).scalar_one():
            assert time.monotonic() < end
            db.session.rollback()
            pause(0.02)


def comment(app, number):
    body = {**COMMENT, "comment": f"Number {number} of these."}
    assert visitor(app).post("/s/blog/comments", json=body).status_code == 202


def test_a_commit_in_the_web_process_wakes_a_worker_in_another(app, url, hook, receiver, tmp_path):
    worker = Worker(
        tmp_path,
        url,
        poll_interval=POLL,
        webhook_allow="127.0.0.1",
        key_ring=app.extensions[HOUSE].settings.key_ring,
    )
    with worker:
        until_somebody_listens(app)
        began = time.monotonic()
        for number in range(3):
            comment(app, number)
            receiver.wait_for(1)
        assert time.monotonic() - began < SOON


@pytest.fixture
def dispatcher(app, hook):
    house = app.extensions[HOUSE]
    running = Dispatcher(app.app_context, house, sender(house), chores=())
    running.start()
    yield running
    running.stop(PATIENCE)


def test_an_ear_that_lost_the_database_listens_again_and_missed_nothing(app, receiver, dispatcher):
    until_somebody_listens(app)
    with app.app_context():
        db.session.execute(CUT)
    db_away = time.monotonic()
    comment(app, 1)
    receiver.wait_for(1)
    comment(app, 2)
    receiver.wait_for(1)
    assert time.monotonic() - db_away < SOON

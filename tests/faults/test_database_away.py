"""The database has no room, no time, or is gone: nothing is half stored and nothing is lost."""

import contextlib

import sqlalchemy as sa

from models import Comment, Delivery, DeliveryState, Event
from service.db import db, sqlite_driver
from service.out.dispatcher import Dispatcher
from tests.building import rows
from tests.conftest import visitor
from tests.faults.ground import ground_on
from tests.faults.test_waking import CUT
from tests.out.receiver import PATIENCE, Reply
from tests.web.desk import send_json

ROOM = 60  # pages of 4 KiB that are left


def test_a_full_disk_is_answered_503_and_leaves_no_comment_without_its_event(app):
    client = visitor(app)
    with app.app_context():
        full = db.session.execute(sa.text("PRAGMA page_count")).scalar_one() + ROOM

        def fill(connection, *_):
            connection.execute(f"PRAGMA max_page_count={full}")

        sa.event.listen(db.engine, "checkout", fill)
        db.session.rollback()
    answers = []
    while 503 not in answers:
        text = f"Number {len(answers)}: " + f"{len(answers)} " * 3000
        answers.append(send_json(client, comment=text).status_code)
        assert len(answers) < ROOM
    stored = len(rows(app, Comment)), len(rows(app, Event))
    with app.app_context():
        sa.event.remove(db.engine, "checkout", fill)
        sa.event.listen(
            db.engine, "checkout", lambda one, *_: one.execute("PRAGMA max_page_count=1000000")
        )

    assert answers[:-1] == [202] * (len(answers) - 1)
    assert stored == (len(answers) - 1, len(answers) - 1)
    assert send_json(client, comment="There is room again.").status_code == 202


def test_a_database_somebody_else_holds_is_answered_503_and_stores_nothing(make_app, sqlite_url):
    app = make_app(sqlite_url, busy_timeout=0.2)
    client = visitor(app)
    # By the same library: two in one process do not see each other's locks.
    with contextlib.closing(sqlite_driver.connect(sa.make_url(sqlite_url).database)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = send_json(client)
        other.rollback()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert (rows(app, Comment), rows(app, Event)) == ([], [])
    assert send_json(client).status_code == 202
    assert len(rows(app, Event)) == 1


def test_deliveries_under_way_outlive_every_connection_to_postgresql(databases, tmp_path):
    url = databases.fresh("postgresql")
    with ground_on(url, tmp_path) as ground:
        gate = ground.receiver.gate()
        for place in range(4):
            ground.receiver.script(f"/{place}", [Reply(gate=gate)])
            ground.endpoint(ground.receiver.url(f"/{place}"))
        ground.events(10)
        dispatcher = Dispatcher(ground.app.app_context, ground.house, ground.send, chores=())
        dispatcher.start()
        try:
            ground.receiver.wait_for(16)
            with ground.app.app_context():
                db.session.execute(CUT)
            gate.set()
            ground.until_done(40)
        finally:
            dispatcher.stop(PATIENCE)
        assert ground.count(Delivery.state != DeliveryState.DONE) == 0
        assert len(ground.receiver.received) == 40
    databases.drop(url)

"""What takes its process down each time stops after its attempts; what was missed comes once."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
import sqlalchemy as sa

from models import AtOnce, Delivery, DeliveryState, Digest, Mail, Notice
from service.db import db, transaction
from service.logs import JsonLines
from service.mail import notices
from service.out import mail, outbox, smtp
from service.out.outbox import SCHEDULE
from service.out.postman import Postman
from tests.building import rows
from tests.conftest import visitor
from tests.out.post_office import GOOD
from tests.out.wishes import come, house, past, want
from tests.web.desk import send_json, site_of
from tests.web.staff import hire

HOOK = "http://127.0.0.1:9/hook"


def test_a_delivery_that_kills_whoever_sends_it_is_given_up_and_the_next_goes_out(office):
    office.endpoint(HOOK)
    office.event()
    office.release()

    for number in range(1, len(SCHEDULE) + 2):
        [claimed] = office.claim()  # and then the worker is gone
        assert claimed.attempt == number
        office.elapse(8.1)

    assert office.claim() == []
    given_up = office.the(Delivery)
    assert (given_up.state, given_up.attempts) == (DeliveryState.DEAD, len(SCHEDULE) + 1)
    office.event()
    assert office.round(GOOD) == 1


def test_a_mail_that_kills_whoever_sends_it_is_given_up(make_house, database_url, mailbox, clock):
    app = make_house(database_url)
    assert send_json(visitor(app), notify="yes").status_code == 202
    with app.app_context():
        outbox.release(house(app))

    for _ in range(len(smtp.SCHEDULE) + 1):
        assert len(claim_mail(app)) == 1  # and then the worker is gone
        lease_ends(app, clock)
    [last] = claim_mail(app)
    with app.app_context():
        mail.post(house(app), last)

    [row] = rows(app, Mail)
    assert (row.due_at, row.sent_at, row.error) == (None, None, "no attempt came to an end")
    assert mailbox.empty


def test_a_mail_whose_writing_takes_its_process_down_is_given_up_unwritten(make_house, sqlite_url):
    app = make_house(sqlite_url)
    assert send_json(visitor(app), notify="yes").status_code == 202
    with app.app_context():
        outbox.release(house(app))
    spoil(app, "mail", rows(app, Mail)[0].id, attempts=len(smtp.SCHEDULE) + 1, kind="?")

    with app.app_context():
        for last in mail.claim(house(app)):
            mail.post(house(app), last)
        columns = Mail.due_at, Mail.error
        assert db.session.execute(sa.select(*columns)).one() == (None, "no attempt came to an end")


def claim_mail(app):
    with app.app_context():
        return mail.claim(house(app))


def lease_ends(app, clock):
    # On PostgreSQL leases run by the server's own clock.
    clock.move(seconds=120)
    if not house(app).settings.on_sqlite:
        with app.app_context(), transaction() as session:
            session.execute(sa.update(Mail).values(due_at=sa.func.now() - timedelta(seconds=1)))


def test_three_hours_of_missed_digests_are_one_though_two_look_at_once(
    make_house, database_url, clock
):
    app = make_house(database_url)
    want(app, digest=Digest.HOURLY)
    come(app)

    def gathered(_worker):
        with app.app_context():
            return notices.gather(house(app))

    clock.move(hours=3)
    with ThreadPoolExecutor(2) as pool:
        first = sum(pool.map(gathered, range(2)))
    again = gathered(0)
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Notice).values(due_at=None, sent_at=clock()))
    clock.move(hours=1)

    assert (first, again, gathered(0)) == (1, 0, 1)
    assert len(rows(app, Notice)) == 2


def spoil(app, table, row, **value):
    """Let a row be one that this code does not know how to write or send."""
    columns = [sa.column(name) for name in ("id", *value)]
    with app.app_context(), transaction() as session:
        session.execute(sa.update(sa.table(table, *columns)).where(columns[0] == row).values(value))


def two_authors(app):
    for address in ("first@reader.example.org", "second@reader.example.org"):
        assert send_json(visitor(app), notify="yes", comment=address[:6], email=address).status_code
    with app.app_context():
        outbox.release(house(app))


def two_moderators(app):
    for name in ("First", "Second"):
        want(app, hire(app, site_of(app), name), at_once=AtOnce.ALL)
    come(app)
    with app.app_context():
        house(app).now.move(minutes=2)
        notices.gather(house(app))


SPOILT = {
    "written to an author": lambda app: spoil(app, "mail", rows(app, Mail)[0].id, kind="?"),
    "written to a moderator": lambda app: spoil(app, "notice", rows(app, Notice)[0].id, kind="?"),
    "sent to a moderator": lambda app: spoil(
        app, "moderator", rows(app, Notice)[0].moderator_id, email="first\n@staff.example.org"
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_mail_that_our_own_fault_stops_uses_up_its_attempts_and_the_others_go_out(
    make_house, database_url, mailbox, journal, what
):
    app = make_house(database_url)
    verb, _, _, whom = what.split()
    table, prepare = (Mail, two_authors) if whom == "author" else (Notice, two_moderators)
    prepare(app)
    SPOILT[what](app)

    attempts = []
    for _ in range(len(smtp.SCHEDULE) + 1):
        post_all(app)
        attempts.append(one_in_error(app, table))
        fall_due(app, table)

    assert mailbox.next()["To"].startswith("second@")
    assert mailbox.empty
    assert [number for number, _, _ in attempts] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {error for _, error, _ in attempts} == {smtp.INTERNAL}
    assert [waits for _, _, waits in attempts] == [True] * 7 + [False]
    told = [line for line in journal.all() if line.levelno >= logging.WARNING]
    assert [line.getMessage() for line in told] == [f"a mail could not be {verb}"] * 8
    assert [line for line in told if "@" in JsonLines().format(line)] == []


def post_all(app):
    """One round of the thread that sends all mail."""
    over = Event()
    postman = Postman(app.app_context, replace(house(app), wake=over.set))
    with app.app_context():
        postman.round(house(app))
    assert over.wait(30)
    postman.stop()


def one_in_error(app, table):
    columns = table.attempts, table.error, table.due_at.is_not(None)
    with app.app_context():
        return db.session.execute(sa.select(*columns).where(table.error != "")).one()


def fall_due(app, table):
    with app.app_context(), transaction() as session:
        waits = sa.update(table).where(table.due_at.is_not(None))
        session.execute(waits.values(due_at=past()))

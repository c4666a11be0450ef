"""What takes its process down each time stops after its attempts; what was missed comes once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from models import Delivery, DeliveryState, Digest, Mail, Notice
from service import notices
from service.db import transaction
from service.out import mail, outbox, smtp
from service.out.outbox import SCHEDULE
from tests.building import rows
from tests.conftest import visitor
from tests.out.post_office import GOOD
from tests.out.wishes import come, house, want
from tests.web.desk import send_json

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

"""kill -9 in the middle of a range that is sent again: nothing is skipped, nothing made twice."""

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from models import (
    Delivery,
    DeliveryState,
    Endpoint,
    Event,
    EventCursor,
    EventType,
    Origin,
    ReplayJob,
    ReplayOnly,
)
from service.app import create_app
from service.db import db, transaction
from service.web.context import HOUSE
from service.webhooks import deliveries
from service.webhooks.endpoints import add_endpoint
from tests.building import found_demo_site, rows
from tests.out.receiver import Receiver
from tests.serving import Service

NUMBER = 130


def events_that_never_arrived(app, site):
    """Events of a while ago, released, without a delivery."""
    now = app.extensions[HOUSE].now()
    row = {"site_id": site.id, "type": EventType.APPROVED, "body": b"{}"}
    row |= {"occurred_at": now, "release_at": now}
    with app.app_context(), transaction() as session:
        session.execute(
            sa.insert(Event),
            [
                {**row, "public_id": f"evt_{number}", "position": number}
                for number in range(1, NUMBER + 1)
            ],
        )
        session.execute(sa.update(EventCursor).values(position=NUMBER))


def test_a_replay_goes_on_where_it_was_killed(tmp_path, database_url):
    url = database_url if database_url.startswith("postgresql") else ""
    service = Service(
        tmp_path, url, webhook_allow="127.0.0.0/8", delivery_deadline=3, delivery_lease=6
    )
    app = create_app(service.settings())
    house, site = app.extensions[HOUSE], found_demo_site(app)
    with Receiver() as receiver:
        with app.app_context():
            add_endpoint(house, site.id, url=receiver.url("/hook"), types=[])
        events_that_never_arrived(app, site)
        since, until = house.now() - timedelta(hours=1), house.now() + timedelta(hours=1)
        with app.app_context():
            name = rows(app, Endpoint)[0].public_id
            deliveries.replay_since(house, site.id, name, since, until, ReplayOnly.FAILED)

        with service:
            receiver.wait_for(40)
            service.kill()
            told = {one.message_id for one in receiver.received}
            assert len(told) < NUMBER
            service.start()
            while len(told) < NUMBER:
                told.add(receiver.wait_for(1)[0].message_id)
            service.stop()

    made = rows(app, Delivery)
    assert len(made) == len({one.event_id for one in made}) == NUMBER
    assert {one.origin for one in made} == {Origin.REPLAY}
    assert Counter(one.state for one in made)[DeliveryState.DONE] >= NUMBER - 4
    assert rows(app, ReplayJob)[0].number == NUMBER
    with app.app_context():
        db.engine.dispose()

"""What is long over is let go in small batches; what is open or held stays, however old."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Attempt, Delivery, DeliveryState, Event, EventHorizon
from service.db import db, transaction
from service.housekeeping import tidy
from service.queries import housekeeping
from service.queries.events import horizon
from tests.out.post_office import GOOD

HOOK = "http://127.0.0.1:9/hook"
LONG = 90  # days; PostgreSQL dates deliveries by its own clock, which is not that of the test


def delivered(office, *states):
    """One event a state, each with a delivery in that state and one attempt; `None` = undone."""
    office.endpoint(HOOK)
    ids = office.events(len(states))
    if None in states:
        office.change(Event, release_at=office.clock() + timedelta(seconds=10))
        with office.app.app_context(), transaction() as session:
            undone = sa.update(Event).where(Event.public_id == ids[states.index(None)])
            session.execute(undone.values(cancelled_at=office.clock()))
        office.clock.move(seconds=10)
    office.release()
    kept = [state for state in states if state is not None]
    for delivery, state in zip(office.rows(Delivery), kept, strict=True):
        with office.app.app_context(), transaction() as session:
            session.get_one(Delivery, delivery.id).state = state
            session.add(
                Attempt(delivery_id=delivery.id, number=1, at=office.clock(), milliseconds=5)
            )
    return ids


def age(office, days):
    """Let everything grow so many days older."""
    by = timedelta(days=days)
    with office.app.app_context(), transaction() as session:
        for table, columns in ((Event, ("release_at",)), (Delivery, ("created_at",))):
            for row in session.scalars(sa.select(table)):
                for column in columns:
                    setattr(row, column, getattr(row, column) - by)
        for attempt in session.scalars(sa.select(Attempt)):
            attempt.at -= by


def let_go(office):
    with office.app.app_context():
        return tidy(office.house)


def public_ids(office):
    return [event.public_id for event in office.rows(Event)]


def horizon_of(office, site):
    with office.app.app_context():
        return horizon(db.session(), site)


def test_attempts_go_after_thirty_days_and_all_else_stays(office):
    delivered(office, DeliveryState.DONE)
    age(office, 29)
    young = let_go(office), len(office.attempts())
    age(office, 2)

    assert young == (0, 1)
    assert (let_go(office), len(office.attempts())) == (1, 0)
    assert (office.states(), len(office.rows(Event))) == ([DeliveryState.DONE], 1)
    assert horizon_of(office, office.site) == 0


def test_events_go_with_their_deliveries_but_never_what_is_open(office):
    states = [DeliveryState.DONE, DeliveryState.HELD, DeliveryState.DEAD, DeliveryState.DUE, None]
    _done, _held, _dead, due, _undone = delivered(office, *states)
    age(office, LONG)

    let_go(office)

    assert office.states() == [DeliveryState.DUE]
    assert public_ids(office) == [due]


def test_what_is_held_is_kept_as_long_as_an_event_is(office):
    (held,) = delivered(office, DeliveryState.HELD)
    age(office, 50)
    let_go(office)
    kept = office.states()
    age(office, LONG)
    let_go(office)

    assert kept == [DeliveryState.HELD]
    assert held not in public_ids(office)


def test_how_far_back_a_site_is_told_is_known_and_no_position_is_given_twice(office):
    delivered(office, DeliveryState.DONE, DeliveryState.DONE)
    other = office.add_site()
    office.events(1, site_id=other)
    office.release()
    age(office, LONG)
    young = office.event()

    let_go(office)
    office.release()

    assert horizon_of(office, office.site) == 2
    assert horizon_of(office, other) == 3
    assert [event.position for event in office.rows(Event)] == [4]
    assert public_ids(office) == [young]
    assert horizon_of(office, office.add_site()) == 0
    assert len(office_horizons(office)) == 2


def office_horizons(office):
    with office.app.app_context():
        return db.session.scalars(sa.select(EventHorizon)).all()


def test_a_batch_has_at_most_five_hundred_rows_of_a_kind(office):
    office.endpoint(HOOK)
    office.events(501)
    while office.release():
        pass
    office.change(Delivery, state=DeliveryState.DONE)
    age(office, LONG)

    # No event is looked for while there are more deliveries: nearly all would be found to stay.
    assert [let_go(office) for _ in range(4)] == [500, 501, 1, 0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_kept_is_not_read_to_find_what_goes(office):
    office.endpoint(HOOK)
    office.event()
    office.round(GOOD)
    asked = []
    with office.app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
        tidy(office.house)
        plans = [
            row[3]
            for statement, values in asked
            if statement.startswith(("SELECT delivery.", "SELECT event."))
            for row in db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", values
            )
        ]

    assert len(plans) >= 6
    assert [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_database_is_not_held_to_find_what_goes(office):
    delivered(office, DeliveryState.DONE, DeliveryState.HELD)
    age(office, LONG)
    locked, asked = [], []
    with office.app.app_context():
        sa.event.listen(db.engine, "after_cursor_execute", lambda *args: asked.append(args[2]))
        tidy(office.house)
    for statement in asked:
        if statement == "BEGIN IMMEDIATE":
            locked.append([])
        elif statement.startswith(("DELETE", "UPDATE")):
            locked[-1].append(statement)

    # One lock each for what is held, an attempt, its deliveries and events: none for what is not.
    assert len(locked) == 4
    assert all(changes for changes in locked)


def test_an_event_that_is_sent_again_as_it_is_let_go_stays(office):
    delivered(office, DeliveryState.DONE)
    age(office, LONG)
    (event,) = office.rows(Event)
    with office.app.app_context():
        past = housekeeping.events(office.clock() - timedelta(days=60))
        with transaction() as session:
            gone = housekeeping.let_go(session, past, [event.id])

    assert gone == 0
    assert public_ids(office) == [event.public_id]

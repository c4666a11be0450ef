"""A million attempts let go beside a busy dispatcher, and what each purge costs a writer."""

import contextlib
import dataclasses
import statistics
import threading
import time
from datetime import timedelta

import sqlalchemy as sa
import sqlalchemy.orm

from models import Attempt, Delivery, DeliveryState, Event, EventCursor
from service.db import db, transaction
from service.figures.metrics import exposition
from service.housekeeping import tidy
from service.out.dispatcher import Dispatcher
from service.queries.housekeeping import BATCH
from tests.faults.ground import listening, settled
from tests.out.post_office import GOOD
from tests.serving import pause

TRIES = 10  # attempts a delivery
DAYS = 90  # ago were the deliveries whose attempts are gone
TRIED_DAYS = 20  # ago were the others
HELD_DAYS = 30  # what is held goes when events do, after 60
MOST = 100  # milliseconds that a purge may hold the database, and that a writer may wait


def series(number):
    """The numbers 1 to `number`, made by the database."""
    first = sa.select(sa.literal(1).label("n")).cte("s", recursive=True)
    return first.union_all(sa.select(first.c.n + 1).where(first.c.n < number))


def copy(session, table, source, **changes):
    """Insert rows like one that is there, with some columns changed, as often as `source` says."""
    columns = [column for column in table.__table__.c if column.name != "id"]
    values = [changes.get(column.name, column) for column in columns]
    rows = sa.select(
        *[sa.type_coerce(value, c.type) for value, c in zip(values, columns, strict=True)]
    )
    names = [column.name for column in columns]
    session.execute(sa.insert(table).from_select(names, source(rows), include_defaults=False))


def fill(ground, attempts):
    """Write deliveries whose attempts are gone, then as many with theirs; return the endpoint."""
    hook = ground.endpoint(ground.receiver.url("/hook"))
    ground.event()
    ground.round(GOOD)
    model = [ground.the(table).id for table in (Event, Delivery, Attempt)]
    number = attempts // TRIES
    for days, first, tries in ((DAYS, 2, 0), (TRIED_DAYS, number + 2, TRIES)):
        with ground.app.app_context(), transaction() as session:
            past = ground.clock() - timedelta(days=days)
            records(session, model, past, number=number, first=first, tries=tries)
            session.execute(sa.update(EventCursor).values(position=first + number))
            session.execute(sa.update(Attempt).where(Attempt.id == model[2]).values(at=past))
    ground.vacuum()
    return hook


def records(session, model, past, *, number, first, tries):
    """Write so many events of that moment, each with its delivery and attempts."""
    many, few = series(number), series(tries)
    old, whose = sa.orm.aliased(Event), sa.orm.aliased(Delivery)
    copy(
        session,
        Event,
        lambda rows: rows.select_from(sa.join(Event, many, sa.true())).where(Event.id == model[0]),
        public_id=sa.literal("evt_old") + sa.cast(many.c.n + first, sa.String),
        position=many.c.n + first - 1,
        occurred_at=past,
        release_at=past,
    )
    copy(
        session,
        Delivery,
        lambda rows: rows.select_from(sa.join(Delivery, old, old.occurred_at == past)).where(
            Delivery.id == model[1]
        ),
        public_id=sa.literal("dlv_old") + sa.cast(old.id, sa.String),
        event_id=old.id,
        created_at=past,
    )
    if tries:
        copy(
            session,
            Attempt,
            lambda rows: rows.select_from(
                sa.join(Attempt, whose, whose.created_at == past).join(few, sa.true())
            ).where(Attempt.id == model[2]),
            delivery_id=whose.id,
            number=few.c.n,
            at=past,
        )


class Writer:
    """Writes an event every few milliseconds and notes how long each took, in seconds."""

    def __init__(self, ground):
        self.ground, self.took = ground, []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.wait(0.02):
            began = time.monotonic()
            self.ground.event()
            self.took.append(time.monotonic() - began)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@contextlib.contextmanager
def noting_locks(engine, purger):
    """Note how long each transaction of one thread held the database: seconds, and those worked."""
    held, began = [], {}

    def start(_connection, _cursor, statement, *_):
        # What waits for its turn holds nothing yet.
        if threading.get_ident() == purger and statement.startswith(word):
            began.setdefault(purger, (time.monotonic(), time.thread_time()))

    def end(_connection):
        if threading.get_ident() == purger and purger in began:
            start, worked = began.pop(purger)
            held.append((time.monotonic() - start, time.thread_time() - worked))

    on_sqlite = engine.dialect.name == "sqlite"
    word, moment = ("BEGIN", "after") if on_sqlite else ("DELETE", "before")
    with listening(engine, {f"{moment}_cursor_execute": start, "commit": end}):
        yield held


def growth(ground, attempts=1_000_000, purges=200, most=MOST):
    """Endless growth: retention beside a busy dispatcher and a writer."""
    hook = fill(ground, attempts)
    held_ids = hold_three(ground, hook)
    scraped = [scrape_seconds(ground) for _ in range(5)]
    with settled():
        took, locks, gone = beside_work(ground, purges)
    p99 = statistics.quantiles(took, n=100)[-1] * 1000
    longest, worked = (max(numbers) * 1000 for numbers in zip(*locks, strict=True))
    kept = ground.rows(Delivery, Delivery.id.in_(held_ids))
    assert [one.state for one in kept] == [DeliveryState.HELD] * 3
    most_gone = min(2 * purges * BATCH, 2 * attempts // TRIES), min(purges * BATCH, attempts)
    assert gone == list(most_gone), f"{gone} rows are gone of {most_gone}"
    assert len(ground.receiver.received) > 0
    assert max(longest, p99) < most, f"longest lock {longest:.0f} ms, p99 {p99:.0f} ms"
    return (
        f"{gone[0]:,} deliveries and events gone, then {gone[1]:,} of {attempts:,} attempts,"
        f" longest lock {longest:.0f} ms"
        f" ({worked:.0f} of work), a writer beside it p99 {p99:.0f} ms,"
        f" scrape {statistics.median(scraped) * 1000:.0f} ms"
    )


def beside_work(ground, purges):
    """Purge beside a dispatcher; return how long writes took, locks, and how many rows went."""
    dispatcher = Dispatcher(ground.app.app_context, ground.house, ground.send, chores=())
    dispatcher.start()
    with ground.app.app_context():
        engine = db.engine
    took, locks, gone = [], [], []
    try:
        # First deliveries and events; then attempts are kept for fewer days than theirs.
        for kept, times in ((TRIED_DAYS + 1, 2 * purges), (TRIED_DAYS - 1, purges)):
            with Writer(ground) as writer, noting_locks(engine, threading.get_ident()) as held:
                gone.append(purge(ground, times, kept))
                pause(0.1)
            took += writer.took
            locks += held
    finally:
        dispatcher.stop(5)
    return took, locks, gone


def hold_three(ground, hook):
    """Leave three deliveries held, not for as long as events are kept; return their ids."""
    ground.events(3, endpoint_id=hook)
    ground.release()
    held_ids = [one.id for one in ground.rows(Delivery, Delivery.state == DeliveryState.DUE)]
    with ground.app.app_context(), transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(held_ids))
            .values(state=DeliveryState.HELD, created_at=ground.clock() - timedelta(days=HELD_DAYS))
        )
    return held_ids


def purge(ground, times, attempt_days):
    """Purge so many times; return how many rows went."""
    settings = dataclasses.replace(ground.house.settings, attempt_days=attempt_days)
    house, gone = dataclasses.replace(ground.house, settings=settings), 0
    for _ in range(times):
        with ground.app.app_context():
            gone += tidy(house)
    return gone


def scrape_seconds(ground):
    began = time.monotonic()
    with ground.app.app_context():
        exposition(ground.house)
    return time.monotonic() - began

"""Where faults are tried: an outbox on a database of its own, real workers, a real receiver."""

import contextlib
import gc
import json
import time
import urllib.request
from datetime import UTC, datetime

import sqlalchemy as sa

from models import Delivery, DeliveryState
from service.db import db
from service.serving import settle
from tests.databases import bare_app, kind_of
from tests.out.post_office import DELIVERY_SETTINGS, PostOffice
from tests.out.receiver import Receiver
from tests.serving import Worker, free_port, pause

THREADS = DELIVERY_SETTINGS["delivery_threads"]
PATIENCE = 180.0  # seconds until a whole fault must be over


def now():
    return datetime.now(UTC)


class Ground(PostOffice):
    """An outbox whose deliveries real processes make, started and ended as a fault wants it."""

    def __init__(self, app, url, folder, receiver, **settings):
        super().__init__(app, url, now, **settings)
        self.url, self.folder, self.receiver = url, folder, receiver
        self.settings = {**DELIVERY_SETTINGS, "webhook_allow": "127.0.0.1", **settings}
        self.workers = []

    @property
    def kind(self):
        return kind_of(self.url)

    def worker(self):
        """A worker that is started; whoever is left at the end is stopped."""
        folder = self.folder / f"worker{len(self.workers)}"
        folder.mkdir()
        ring = self.folder / "keys" / "gatepost.keys"
        values = {"key_ring": ring, "metrics_port": free_port(), "port": 0, "host": "127.0.0.1"}
        made = Worker(folder, self.url, **{**values, **self.settings})
        self.workers.append(made)
        return made.start()

    def vacuum(self):
        """Let PostgreSQL look through its tables, as it does by itself within a minute."""
        if self.kind == "postgresql":
            with self.app.app_context(), db.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(sa.text("VACUUM ANALYZE"))

    def count(self, *conditions):
        with self.app.app_context():
            query = sa.select(sa.func.count()).select_from(Delivery).where(*conditions)
            return db.session.scalar(query)

    def until(self, question, patience=PATIENCE):
        """Ask until the answer is yes; return after how many seconds."""
        began = time.monotonic()
        while not question():
            assert time.monotonic() < began + patience, "it took too long"
            pause(0.05)
        return time.monotonic() - began

    def until_arrived(self, number):
        """Wait until so many requests came in all; the start of a process may take its time."""
        return self.until(lambda: len(self.receiver.received) >= number)

    def until_done(self, number):
        return self.until(lambda: self.count(Delivery.state == DeliveryState.DONE) == number)

    def stop_all(self):
        for worker in self.workers:
            worker.stop()


def attempts_of(worker):
    """How many webhook attempts a worker's log tells of."""
    lines = map(json.loads, filter(None, worker.log.read_text().splitlines()))
    return sum(line["message"] == "webhook attempted" for line in lines)


def figure_of(worker, name):
    """One figure of a worker, from its own port."""
    url = f"http://127.0.0.1:{worker.environment['GATEPOST_METRICS_PORT']}/metrics"
    with urllib.request.urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    [found] = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(found)


@contextlib.contextmanager
def settled():
    """Collect garbage as a process that serves does, not as one that runs tests."""
    before = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@contextlib.contextmanager
def listening(engine, ears):
    """Hear an engine's events, each by its name, for as long as the block goes on."""
    for name, hear in ears.items():
        sa.event.listen(engine, name, hear)
    try:
        yield
    finally:
        for name, hear in ears.items():
            sa.event.remove(engine, name, hear)


@contextlib.contextmanager
def ground_on(url, folder, **settings):
    """A ground on a database with tables; its workers and its receiver end with the block."""
    with Receiver() as receiver, bare_app(url) as app:
        ground = Ground(app, url, folder, receiver, **settings)
        try:
            yield ground
        finally:
            ground.stop_all()

"""Faults as functions: each does its worst, checks what must hold and says what it measured.

The suite calls them small, `python -m tests.checks.faults` in full size.
"""

import contextlib
import random
import signal
import statistics
import threading
import time
from collections import Counter

from models import Attempt, Delivery, DeliveryState, Event
from service.db import db
from service.out.dispatcher import Dispatcher
from service.out.outbox import CAP
from tests.faults.ground import THREADS, attempts_of, figure_of, listening, settled
from tests.out.receiver import Reply


def rollback(ground, times=1000):
    """A cause that fails after its event was written."""
    chance = random.Random(1)
    ground.endpoint(ground.receiver.url("/hook"))

    def fail():
        raise chance.choice([RuntimeError, KeyError, OSError, KeyboardInterrupt])

    for _ in range(times):
        with contextlib.suppress(RuntimeError, KeyError, OSError, KeyboardInterrupt):
            ground.events(1, after=fail)
    ground.release()
    left = len(ground.rows(Event)), ground.count(), len(ground.receiver.received)
    assert left == (0, 0, 0)
    return f"{times} failures: 0 events, 0 deliveries, 0 requests"


def crash_after_commit(ground, number=200):
    """The process dies between the commit and the wake-up."""
    ground.endpoint(ground.receiver.url("/hook"))
    sent = ground.events(number)
    began = time.monotonic()
    ground.worker()
    ground.until_arrived(1)
    first = time.monotonic() - began
    ground.until_done(number)
    assert {one.message_id for one in ground.receiver.received} == set(sent)
    return f"{number}/{number}, the first {first:.1f} s after the start of the process"


def kill_storm(ground, number=1500, kills=10):
    """kill -9 of the worker, again and again."""
    for place in range(5):
        ground.endpoint(ground.receiver.url(f"/{place}"))
    ground.events(number // 5)
    for kill in range(kills):
        worker = ground.worker()
        ground.until_arrived((kill + 1) * number // (kills + 1))
        worker.kill()
    ground.worker()
    ground.until_done(number)
    keys = Counter((one.path, one.message_id) for one in ground.receiver.received)
    repeats = sum(keys.values()) - len(keys)
    assert len(keys) == number
    assert repeats <= kills * THREADS
    assert ground.count(Delivery.state == DeliveryState.LEASED) == 0
    return f"{number}/{number} after {kills} kills, {repeats} repeated, none left leased"


def sharing(ground, number=3000, workers=5):
    """Several processes empty one box."""
    for place in range(20):
        ground.endpoint(ground.receiver.url(f"/{place}"))
    ours = [ground.worker() for _ in range(workers)]
    ground.until(lambda: all(worker_is_up(worker) for worker in ours))
    ground.events(number // 20)
    seconds = ground.until_done(number)
    ground.stop_all()
    assert len(ground.receiver.received) == number
    shares = [attempts_of(worker) / number for worker in ours]
    log = "".join(worker.log.read_text() for worker in ours)
    assert "eadlock" not in log
    if ground.kind == "sqlite":
        assert max(shares) == 1.0, "on SQLite one works and the others stand by"
    else:
        assert min(shares) > 0.1
    told = " ".join(f"{share:.0%}" for share in shares)
    return f"{number}/{number} once each in {seconds:.1f} s, shares {told}, no deadlock"


def worker_is_up(worker):
    try:
        return figure_of(worker, "gatepost_database_up") == 1
    except OSError:
        return False


def zombie(ground, number=16):
    """A worker stops breathing past its lease, another delivers, the first comes back."""
    gate = ground.receiver.gate()
    for place in range(4):
        ground.receiver.script(f"/{place}", [Reply(gate=gate)] * CAP + [Reply()])
        ground.endpoint(ground.receiver.url(f"/{place}"))
    first = ground.worker()
    ground.until(lambda: worker_is_up(first))
    ground.events(number // 4)
    ground.until_arrived(number)
    first.process.send_signal(signal.SIGSTOP)
    second = ground.worker()
    ground.until_done(number)
    first.process.send_signal(signal.SIGCONT)
    ground.until(lambda: len(ground.rows(Attempt, Attempt.lease_lost)) == number)
    assert ground.count(Delivery.state == DeliveryState.DONE) == number
    lost = figure_of(first, "gatepost_lost_leases_total")
    assert lost == number
    ids = {(one.path, one.message_id) for one in ground.receiver.received}
    assert len(ids) == number
    if ground.kind == "sqlite":
        rests_again(ground, second)
    return f"{number}/{number} done, {lost:.0f} late marks refused and counted, ids unchanged"


def rests_again(ground, second):
    """On SQLite the second worked while the first gave no sign of life, and no longer."""
    ground.until(lambda: "is back" in second.log.read_text())
    before = attempts_of(second)
    done = ground.count(Delivery.state == DeliveryState.DONE)
    ground.events(1)
    ground.until_done(done + 4)
    assert attempts_of(second) == before


class Timed(Dispatcher):
    """A dispatcher that notes what each claim took: seconds in all, and in the database's hands."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.claims, self.queries = [], []
        self.claiming, self.began, self.asked = 0, 0.0, []

    def _claim(self):
        self.claiming, self.asked, start = threading.get_ident(), [], time.monotonic()
        claimed = super()._claim()
        self.claiming = 0
        if self.asked:
            self.claims.append(time.monotonic() - start)
            self.queries.append(sum(self.asked))
        return claimed

    def before(self, *_):
        if threading.get_ident() == self.claiming:
            self.began = time.monotonic()

    def after(self, *_):
        if threading.get_ident() == self.claiming:
            self.asked.append(time.monotonic() - self.began)


def dead_endpoint(ground, dead=10_000, good=500, most=50):
    """A backlog at an endpoint that hangs, and others that want theirs.

    Args:
        most: milliseconds that the questions of a claim may take, but for one in twenty.
    """
    ground.receiver.script("/dead", [Reply(gate=ground.receiver.gate())])
    at_dead = ground.endpoint(ground.receiver.url("/dead"))
    ground.events(dead, endpoint_id=at_dead)
    for place in range(20):
        hook = ground.endpoint(ground.receiver.url(f"/{place}"))
        ground.events(good // 20, endpoint_id=hook)
    while ground.release():
        pass
    assert ground.count() == dead + good
    ground.vacuum()
    dispatcher = Timed(ground.app.app_context, ground.house, ground.send, chores=())
    with ground.app.app_context():
        engine = db.engine
    ears = {"before_cursor_execute": dispatcher.before, "after_cursor_execute": dispatcher.after}
    with settled(), listening(engine, ears):
        began = time.monotonic()
        dispatcher.start()
        try:
            ground.until_done(good)
            seconds = time.monotonic() - began
        finally:
            dispatcher.stop(5)
    tried = len(ground.receiver.at("/dead"))
    whole, asked = (
        statistics.quantiles(taken, n=20)[-1] * 1000
        for taken in (dispatcher.claims, dispatcher.queries)
    )
    assert seconds < 30
    assert tried <= 20
    assert asked < most, f"the questions of a claim took {asked:.0f} ms"
    assert len(ground.receiver.received) - tried == good
    return (
        f"{good} good ones in {seconds:.1f} s beside {dead:,} dead, {tried} tried there,"
        f" questions of a claim p95 {asked:.0f} ms, a claim with its waits {whole:.0f}"
    )


def restart(ground, server, number=50, away=5.0):
    """PostgreSQL crashes with deliveries under way and comes back."""
    gate = ground.receiver.gate()
    for place in range(20):
        ground.receiver.script(f"/{place}", [Reply(gate=gate)])
        ground.endpoint(ground.receiver.url(f"/{place}"))
    ours = [ground.worker() for _ in range(4)]
    ground.until(lambda: all(worker_is_up(worker) for worker in ours))
    ground.events(10)
    ground.until_arrived(number)
    server.restart(away)
    back = time.monotonic()
    gate.set()
    ground.until(lambda: database_answers(ground))
    ground.until_done(200)
    seconds = time.monotonic() - back
    assert all(worker.process.poll() is None for worker in ours), "no worker had to be restarted"
    repeats = len(ground.receiver.received) - 200
    assert repeats <= number + 4 * THREADS
    return f"200/200, {repeats} repeated, all done {seconds:.1f} s after it was back"


def database_answers(ground):
    try:
        ground.count()
    except Exception:  # noqa: BLE001 - whatever it says while it is away
        return False
    return True

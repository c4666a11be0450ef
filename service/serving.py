"""Putting the parts to work: server, dispatcher, worker, and the link for the first owner."""

import gc
import signal
import threading
from collections.abc import Callable

from flask import Flask

from config import Settings
from service import logs
from service.app import Outside, create_app, utc_now
from service.comments import batches
from service.db import db, wal_in_use
from service.figures.metrics_port import MetricsPort
from service.http import server
from service.http.front import Front
from service.http.gate import gate_of
from service.mail import notices
from service.opening import setup_token
from service.out import health
from service.out.dispatcher import CHORES, Dispatcher
from service.out.postman import Postman
from service.out.trainer import Trainer
from service.out.webhooks import sender
from service.records import audit_seals
from service.web.context import HOUSE
from service.webhooks import deliveries

LEARN_EVERY = MAIL_EVERY = 0.2  # seconds
BATCH_EVERY = 0.2  # seconds
NOTICES_EVERY = 1.0  # seconds
SEAL_EVERY = 60.0  # seconds
HEALTH_EVERY = 30.0  # seconds
COLLECT = (20_000, 20, 20)
"""Objects that may be made before Python looks for cycles among the youngest, and how many such
looks before it looks among older ones: at its own 700, 10 and 10 it spends a sixth of a page's
time on looking at what stays anyway."""


class Bell:
    """Wakes the dispatcher once there is one; until then it is silent."""

    def __init__(self) -> None:
        self.ring: Callable[[], None] = lambda: None

    def __call__(self) -> None:
        """Wake it."""
        self.ring()


def make(settings: Settings) -> tuple[Flask, Dispatcher]:
    """Return the application and a dispatcher that its deeds wake; it learns beside delivering.

    Raises:
        SetupError: what the operator has to mend.
    """
    bell = Bell()
    app = create_app(settings, Outside(wake=bell))
    house = app.extensions[HOUSE]
    trainer, postman = Trainer(app.app_context, house), Postman(app.app_context, house)
    chores = (
        *CHORES,
        (LEARN_EVERY, trainer.learn),
        (LEARN_EVERY, trainer.train),
        (NOTICES_EVERY, notices.gather),
        (MAIL_EVERY, postman.round),
        (BATCH_EVERY, batches.go_on),
        (BATCH_EVERY, deliveries.go_on),
        (SEAL_EVERY, audit_seals.seal),
        (HEALTH_EVERY, health.look_after),
    )

    def stop_chores() -> None:
        trainer.stop()
        postman.stop()

    dispatcher = Dispatcher(app.app_context, house, sender(house), chores, stop_chores)
    bell.ring = dispatcher.wake
    return app, dispatcher


def serve(settings: Settings, announce: Callable[[], None] | None = None) -> int:
    """Serve until told to stop and return the exit code.

    Args:
        announce: called when the port is bound; None = print the address.
    """
    logs.configure(settings.log_level)
    app, dispatcher = make(settings)
    run(app, dispatcher, settings, announce or (lambda: _say(app, settings)))
    return 0


def settle() -> None:
    """Spare the garbage collector what stays for good: modules, routes, the model."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def run(
    app: Flask, dispatcher: Dispatcher, settings: Settings, announce: Callable[[], None]
) -> None:
    """Serve an application with its dispatcher beside it, until told to stop."""
    front = Front(
        app.wsgi_app,
        gate_of(settings),
        threads=settings.threads,
        deadline=settings.body_deadline,
        trusted_proxies=settings.trusted_proxies,
    )
    port = MetricsPort(app.app_context, dispatcher.house)
    port.start()
    if settings.dispatcher:
        dispatcher.start()
    settle()
    try:
        server.serve(
            front, host=settings.host, port=settings.port, drain=settings.drain, ready=announce
        )
    finally:
        dispatcher.stop(settings.drain)
        port.stop()


def work(settings: Settings) -> int:
    """Deliver webhooks until told to stop; on PostgreSQL any number of workers may run."""
    logs.configure(settings.log_level)
    app, dispatcher = make(settings)
    port = MetricsPort(app.app_context, dispatcher.house)
    port.start()
    stopping = threading.Event()
    for number in server.STOP_SIGNALS:
        signal.signal(number, lambda _number, _frame: stopping.set())
    dispatcher.start()
    settle()
    stopping.wait()
    dispatcher.stop(settings.drain)
    port.stop()
    return 0


def setup_link(settings: Settings) -> str | None:
    """Return a fresh link for the first owner, None when there is one already."""
    app = create_app(settings)
    with app.app_context():
        return _link(settings)


def _link(settings: Settings) -> str | None:
    token = setup_token(utc_now())
    # In the fragment, which browsers send to nobody: no log and no Referer ever holds it.
    return None if token is None else f"{settings.base_url}/setup#token={token}"


def _say(app: Flask, settings: Settings) -> None:
    with app.app_context():
        link = _link(settings)
        slow = settings.on_sqlite and not wal_in_use(db.engine)
    print(f"Open {link or settings.base_url + '/queue'}", flush=True)  # noqa: T201 - the one line run.py promises
    if slow:
        print(  # noqa: T201 - said once at start, as ADR 0002 promises
            "Note: this SQLite library is too old for a write-ahead log; writes are slower."
            " Installing the extra 'sqlite' brings a newer one.",
            flush=True,
        )

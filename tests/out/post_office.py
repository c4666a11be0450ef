"""A house with nothing but its outbox: builders, a clock to move, and a look at the rows."""

import json
import secrets
from datetime import timedelta

import sqlalchemy as sa

from models import (
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Event,
    EventType,
    Policy,
    Site,
)
from service.db import db, transaction
from service.house import House
from service.http.guarded import Answer, SendError
from service.keys import Key, KeyRing
from service.out import outbox
from service.out.result import Result
from service.out.webhooks import sender
from tests.databases import settings_for

RING = KeyRing([Key(1, "webhook", "active", "2026-11-23", b"k" * 32)])
DELIVERY_SETTINGS = {
    "webhook_allow": ["127.0.0.1"],
    "delivery_deadline": 3.0,
    "delivery_lease": 8.0,
    "delivery_threads": 16,
    "poll_interval": 0.05,
}
LEASED = {
    Delivery: ("due_at", "created_at", "first_at"),
    Endpoint: ("open_until", "failing_since", "last_failed_at", "check_at"),
}
"""Moments by the clock of leases."""
GOOD = Result(Answer(200, {}, "ok", 5, "127.0.0.1"))
REFUSED = Result(None, SendError("connect", "The connection was refused."))


def random_token(length: int) -> str:
    return secrets.token_hex(length)[:length]


def answered(status: int, **headers: str) -> Result:
    """What an attempt gives when the receiver answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Result(Answer(status, named, "", 5, "127.0.0.1"))


class PostOffice:
    """The outbox of one site on one database.

    Args:
        app: an application with a database.
        clock: the house's clock.
    """

    def __init__(self, app, url, clock, **settings) -> None:
        self.app = app
        self.clock = clock
        self.house = House(
            settings=settings_for(url, **{**DELIVERY_SETTINGS, **settings}),
            ring=RING,
            scorer=None,
            now=clock,
            token=random_token,
            wake=lambda: None,
        )
        self.send = sender(self.house)
        self.site = self.add_site()

    def add(self, row):
        """Store a row and return its number."""
        with self.app.app_context(), transaction() as session:
            session.add(row)
            session.flush()
            return row.id

    def add_site(self) -> int:
        policy = Policy().to_json()
        now = self.clock()
        return self.add(
            Site(slug=random_token(12), name="S", origins=[], stored_policy=policy, created_at=now)
        )

    def endpoint(self, url: str, **changes) -> int:
        values = {
            "public_id": f"end_{random_token(12)}",
            "site_id": self.site,
            "url": url,
            "types": [],
            "state": EndpointState.ACTIVE,
            "created_at": self.clock(),
        }
        return self.add(Endpoint(**{**values, **changes}))

    def event(self, *, hold: float = 0.0, **changes) -> str:
        """Write an event that may leave in `hold` seconds; return its public id."""
        [public_id] = self.events(1, hold=hold, **changes)
        return public_id

    def events(self, number: int, *, hold=0.0, after=lambda: None, **changes) -> list[str]:
        """Write several events in one transaction, in which `after` runs last."""
        now = self.clock()
        made = []
        for _ in range(number):
            values = {
                "public_id": f"evt_{random_token(26)}",
                "site_id": self.site,
                "type": EventType.APPROVED,
                "body": json.dumps({"type": "comment.approved", "data": {"n": "ß"}}).encode(),
                "occurred_at": now,
                "release_at": now + timedelta(seconds=hold),
            }
            made.append(Event(**{**values, **changes}))
        with self.app.app_context(), transaction() as session:
            session.add_all(made)
            session.flush()
            after()
        return [event.public_id for event in made]

    def release(self) -> int:
        with self.app.app_context():
            return outbox.release(self.house)

    def claim(self, free: int = 16):
        with self.app.app_context():
            return outbox.claim(self.house, free)

    def mark(self, claimed, result) -> bool:
        with self.app.app_context():
            return outbox.mark(self.house, claimed, result)

    def round(self, result=None) -> int:
        """Release, claim and mark once, with this result or by really sending; how many."""
        self.release()
        claimed = self.claim()
        for one in claimed:
            self.mark(one, result or self.send(one))
        return len(claimed)

    def elapse(self, seconds: float) -> None:
        """Let time pass: our clock moves on.

        PostgreSQL's own clock rules leases and cannot be moved, so there the rows grow older.
        """
        self.clock.move(seconds=seconds)
        with self.app.app_context(), transaction() as session:
            if session.get_bind().dialect.name == "sqlite":
                return
            by = sa.literal(timedelta(seconds=seconds), sa.Interval)
            for table, moments in LEASED.items():
                older = {name: getattr(table, name) - by for name in moments}
                session.execute(sa.update(table).values(older))

    def now(self):
        """The moment by which leases run."""
        with self.app.app_context():
            return outbox.queries.lease_clock(db.session(), self.clock())

    def rows(self, table, *conditions):
        with self.app.app_context():
            return list(db.session.scalars(sa.select(table).where(*conditions).order_by(table.id)))

    def change(self, table, **values) -> None:
        """Change all rows of a table, as another process would."""
        with self.app.app_context(), transaction() as session:
            session.execute(sa.update(table).values(**values))

    def states(self) -> list[DeliveryState]:
        return [delivery.state for delivery in self.rows(Delivery)]

    def attempts(self) -> list[Attempt]:
        return self.rows(Attempt)

    def the(self, table):
        """The only row of a table."""
        [row] = self.rows(table)
        return row

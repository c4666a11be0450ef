"""A site with very many comments, written straight into the tables."""

import random
from datetime import timedelta

import sqlalchemy as sa

from models import Comment, Contact, QueueCount, Status, Thread
from service.db import db, transaction
from service.web.context import HOUSE

CHUNK = 5000
THREADS = 200
BUSY, BUSY_SHARE = 7, 0.2
"""One page has a fifth of all, so that its own list is as long as any other."""
CONTACTS = 2000
WORDS = (
    "river boat leaf market cartel village grandmother coffee report garden winter engine"
    " letter mountain harvest bridge evening school doctor bread"
)
REASONS = [
    {"name": "word", "text": "the word “river”", "weight": -0.8},
    {"name": "rest", "text": "everything else together", "weight": 0.4},
    {"name": "base", "text": "before anything was read", "weight": -1.1},
]
SHELVES = (("fine", 0.08), ("unsure", 0.5), ("spam", 0.97))


def crowd(app, site, number, *, waiting=None):
    """Give a site `number` comments; `waiting` of them wait, by default a tenth."""
    chance = random.Random(number)
    waiting = number // 10 if waiting is None else waiting
    house = app.extensions[HOUSE]
    with app.app_context():
        ground = _ground(house, site)
        for first in range(0, number, CHUNK):
            rows = [
                _row(at, number, waiting, chance, ground)
                for at in range(first, min(first + CHUNK, number))
            ]
            with transaction() as session:
                session.execute(sa.insert(Comment), rows)
                _search(session, rows)
        _count(site)


def _ground(house, site):
    now = house.now()
    with transaction() as session:
        threads = [
            Thread(
                site_id=site.id,
                page=f"/page-{one}",
                title=f"Page {one}",
                registered=True,
                created_at=now,
            )
            for one in range(THREADS)
        ]
        contacts = [
            Contact(
                uid=one.to_bytes(16, "big"),
                site_id=site.id,
                first_day=now.date(),
                last_day=now.date(),
                seen=5,
                approved=3,
                rejected=1,
            )
            for one in range(CONTACTS)
        ]
        session.add_all([*threads, *contacts])
        session.flush()
        return site, now, [one.id for one in threads], [one.id for one in contacts]


def _row(at, number, waiting, chance, ground):
    site, now, threads, contacts = ground
    words = " ".join(chance.choices(WORDS.split(), k=30))
    # Those that wait are spread over the years, as on a site whose moderator sleeps.
    waits = at % max(1, number // max(1, waiting)) == 0
    status = (
        Status.PENDING
        if waits
        else chance.choice([Status.APPROVED] * 6 + [Status.SPAM, Status.TRASH])
    )
    shelf, score = chance.choice(SHELVES)
    return {
        "id": at + 1,
        "public_id": f"c{at:015d}",
        "site_id": site.id,
        "thread_id": threads[BUSY] if chance.random() < BUSY_SHARE else chance.choice(threads),
        "contact_id": chance.choice(contacts),
        "status": status,
        "version": 1,
        "name": f"Reader {at}",
        "website": "https://reader.example.net/" if at % 5 == 0 else "",
        "text": f"Number {at}: {words}.",
        "language": "en",
        "by_owner": False,
        "created_at": now - timedelta(seconds=number - at),
        "probability": score,
        "band": shelf,
        "shelf": shelf,
        "listed_score": score,
        "links": int(at % 5 == 0),
        "reasons": REASONS,
        "model": "base",
        "note": "",
        "signals": {},
        "known_language": True,
        "blind": False,
        "likeness": at.to_bytes(16, "big"),
    }


def _search(session, rows):
    sqlite = session.get_bind().dialect.name == "sqlite"
    values = [{"id": row["id"], "words": f"{row['name']} {row['text']}".lower()} for row in rows]
    statement = (
        "INSERT INTO comment_search (rowid, words) VALUES (:id, :words)"
        if sqlite
        else "INSERT INTO comment_search VALUES (:id, to_tsvector('simple', :words))"
    )
    session.execute(sa.text(statement), values)


def _count(site):
    with transaction() as session:
        counted = sa.select(Comment.status, Comment.shelf, sa.func.count()).where(
            Comment.site_id == site.id
        )
        totals = {}
        for status, shelf, number in session.execute(
            counted.group_by(Comment.status, Comment.shelf)
        ):
            key = (status, shelf if status is Status.PENDING else "")
            totals[key] = totals.get(key, 0) + number
        session.execute(sa.delete(QueueCount))
        for (status, shelf), number in totals.items():
            session.add(QueueCount(site_id=site.id, status=status, shelf=shelf, number=number))
    if db.engine.dialect.name != "sqlite":
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))

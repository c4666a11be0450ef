"""kill -9 of the whole service under writers, again and again: what was acknowledged is there.

    python -m tests.checks.kill_storm [--kills 200] [--database-url postgresql+psycopg://...]

Each writer sends comments with an Idempotency-Key and repeats what was not answered. At the end
every acknowledged comment must stand in the database once, with its event.
"""

import argparse
import contextlib
import http.client
import random
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from service.app import create_app
from service.db import db, sqlite_driver
from tests.building import found_demo_site
from tests.serving import Service, pause

WRITERS = 8
GIVE_UP = 30.0  # seconds for one comment to be acknowledged at last


@dataclass
class Ledger:
    """What the writers know."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def write_until(stop: threading.Event, service: Service, ledger: Ledger, writer: int) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        _acknowledged(service, ledger, f"{writer}-{number}", str(uuid.uuid4()))


def _acknowledged(service: Service, ledger: Ledger, label: str, key: str) -> None:
    body = {
        "comment": f"Comment {label} says {key}",
        "author": f"Writer {label}",
        "email": f"writer{label}@example.org",
        "page": "/storm",
    }
    end = time.monotonic() + GIVE_UP
    tries = 0
    while time.monotonic() < end:
        tries += 1
        try:
            status, answer = service.post_json("/s/storm/comments", body, {"Idempotency-Key": key})
        except (OSError, http.client.HTTPException, ValueError):
            pause(0.01)
            continue
        if status == 503:
            pause(0.01)
            continue
        with ledger.lock:
            ledger.repeats += tries > 1
            if status == 202:
                ledger.acknowledged[key] = answer["id"]
            else:
                ledger.wrong.append(f"{label}: {status} {answer}")
        return
    with ledger.lock:
        ledger.wrong.append(f"{label}: not acknowledged within {GIVE_UP} s")


def storm(folder: Path, *, kills: int, database_url: str = "", seed: int = 1) -> dict[str, int]:
    """Run the storm and return its figures.

    Raises:
        AssertionError: something acknowledged is lost, doubled or without its event.
    """
    chance = random.Random(seed)
    service = Service(
        folder,
        database_url,
        submissions_burst=1_000_000,
        submissions_per_minute=1_000_000,
        site_burst=1_000_000,
        site_per_minute=1_000_000,
        undo_hold=0,
    )
    app = create_app(service.settings())
    found_demo_site(app, slug="storm", origins=["http://storm.example.org"])
    ledger, stop = Ledger(), threading.Event()
    service.start()
    writers = [
        threading.Thread(target=write_until, args=(stop, service, ledger, number))
        for number in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for _ in range(kills):
        pause(chance.uniform(0.2, 0.6))
        service.kill()
        service.start()
    stop.set()
    for writer in writers:
        writer.join()
    service.stop()
    figures = _check(app, ledger)
    with app.app_context():
        db.engine.dispose()
    return figures


def _check(app, ledger: Ledger) -> dict[str, int]:
    assert not ledger.wrong, ledger.wrong[:5]
    with app.app_context():
        rows = db.session.execute(
            sa.text(
                "SELECT c.public_id, count(e.id) FROM comment c LEFT JOIN event e ON"
                " e.comment_id = c.id AND e.type = 'comment.created' GROUP BY c.public_id"
            )
        ).all()
        if db.engine.dialect.name == "sqlite":
            assert _integrity(db.engine.url.database) == ["ok"]
    stored = dict(list(map(tuple, rows)))
    lost = [public_id for public_id in ledger.acknowledged.values() if public_id not in stored]
    doubled = len(stored) - len(set(ledger.acknowledged.values()))
    without_event = [public_id for public_id, events in stored.items() if events != 1]
    assert not lost, f"lost: {lost[:5]}"
    assert doubled == 0, f"{doubled} more comments than keys"
    assert not without_event, f"not one event: {without_event[:5]}"
    return {
        "acknowledged": len(ledger.acknowledged),
        "repeated": ledger.repeats,
        "stored": len(stored),
        "lost": 0,
        "doubled": 0,
        "without event": 0,
    }


def _integrity(path: str) -> list[str]:
    """What SQLite says of the file, asked on a connection that was not open during the storm.

    One that made the full-text table, and read nothing from it since, remembers it as empty and
    calls the words of others "checksum mismatch" (FTS5 of SQLite 3.53.4).
    """
    with contextlib.closing(sqlite_driver.connect(path)) as connection:
        return [row[0] for row in connection.execute("PRAGMA integrity_check")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database-url", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        figures = storm(Path(folder), kills=chosen.kills, database_url=chosen.database_url)
        print({**figures, "kills": chosen.kills, "seconds": round(time.monotonic() - began, 1)})
    return 0


if __name__ == "__main__":
    sys.exit(main())

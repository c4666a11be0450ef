"""The queue at full size: `python -m tests.checks.queue --comments 1000000`.

Prints what a page of each list costs, lets a scripted moderator in a real browser decide 500
comments by keys, and lets two moderators decide 1,000 comments the opposite way at once.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from models import Comment, Role
from service.app import Outside, create_app
from service.serving import settle
from tests.bench.crowd import crowd
from tests.browser.night_shift import NightShift, percentile
from tests.building import found_demo_site, rows
from tests.chromium import executable
from tests.conftest import Clock, scorer, settings_of, visitor
from tests.databases import KINDS, Databases
from tests.opposites import assert_one_winner_each, decide_opposite
from tests.web.staff import hire, sign_in

LISTS = (
    "/queue",
    "/queue?band=spam",
    "/queue?order=spam",
    "/queue?status=approved",
    "/queue?status=all",
    "/queue?link=yes",
    "/queue?link=yes&badge=first",
    "/queue?q=number+1000&status=all",
    "/queue?page=/page-7",
    "/queue?since=2026-11-21&until=2026-11-23&status=all",
    "/queue/changes?since=2026-11-23T12:00:00%2B00:00",
)


def house_of(folder, url, number):
    """A house with so many comments, and its owner Ana signed in: (application, client)."""
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(settings_of(folder, url), Outside(now=Clock(), scorer=scorer()))
    site = found_demo_site(app)
    crowd(app, site, number, waiting=max(number // 10, 400))
    hire(app, site, role=Role.OWNER)
    client = visitor(app)
    sign_in(client)
    settle()
    return app, client


def milliseconds(work):
    """Milliseconds that each of 41 runs of some work took."""
    taken = []
    for _ in range(41):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def told(taken):
    """The middle and the late of what it took, in words."""
    return f"p50 {statistics.median(taken):6.1f} ms  p95 {percentile(taken, 0.95):6.1f} ms"


def always_the_same():
    """Work that no list has a part in: how much it takes and varies is the machine's."""
    json.loads(json.dumps([{"number": one, "words": ["river"] * 5} for one in range(4_000)]))


def time_lists(folder, databases, kind, number):
    """Print what each list costs among so many comments."""
    _app, client = house_of(folder / f"{kind}{number}", databases.fresh(kind), number)
    print(f"{kind:10s} {'work that is always the same':76s} {told(milliseconds(always_the_same))}")
    for path in LISTS:
        answer = client.get(path)
        assert answer.status_code == 200
        shown = answer.text.count("<article")
        taken = milliseconds(lambda path=path: client.get(path))
        print(f"{kind:10s} {number:9,d} {path:55s} {shown:2d} cards {told(taken)}")


def night_shift(folder, comments, decisions):
    """Let a scripted moderator decide by keys; print how long he waits."""
    shift = NightShift(folder / "shift", comments=comments, waiting=decisions + 100)
    with shift.service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        shift.open_queue(page)
        began = time.perf_counter()
        waits, bare = shift.decide(page, decisions)
        took = time.perf_counter() - began
        wrong = shift.wrong_or_lost()
        browser.close()
    print(
        f"{decisions} decisions by keys among {comments:,} comments in {took:.0f} s:"
        f" {len(wrong)} wrong or lost, {shift.events()} events, key to next card"
        f" p50 {statistics.median(waits):.0f} ms, p95 {percentile(waits, 0.95):.0f} ms"
        f" (two bare frames: p95 {percentile(bare, 0.95):.0f} ms)"
    )


def opposites(folder, databases, kind, number):
    """Let two moderators decide the same comments at once, the opposite way."""
    place = folder / f"two-{kind}"
    place.mkdir()
    settings = settings_of(place, databases.fresh(kind))
    app = create_app(settings, Outside(now=Clock(), scorer=scorer()))
    site = found_demo_site(app)
    crowd(app, site, number, waiting=number)
    ids = [one.public_id for one in rows(app, Comment)]
    people = [hire(app, site, name) for name in ("Ana", "Bob")]
    won, refused = decide_opposite(app, site, people, ids)
    assert_one_winner_each(app, ids, won, refused)
    print(f"{kind}: {len(ids)} opposite verdicts, one winner, one event and one told each")


def main():
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--decisions", type=int, default=500)
    parser.add_argument("--opposites", type=int, default=1_000)
    parser.add_argument("--postgresql", action="store_true", help="time the lists there as well")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gatepost-queue-"))
    databases = Databases(folder)
    try:
        for kind in KINDS if chosen.postgresql else KINDS[:1]:
            for number in (1_000, chosen.comments):
                time_lists(folder, databases, kind, number)
        night_shift(folder, chosen.comments, chosen.decisions)
        for kind in KINDS:
            opposites(folder, databases, kind, chosen.opposites)
    finally:
        databases.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

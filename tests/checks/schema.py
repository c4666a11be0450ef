"""Schemathesis over the whole API for as long as somebody likes to wait.

    python -m tests.checks.schema --examples 200

Prints how often each operation gave each status, and each fault with the request that showed it.
"""

import argparse
import contextlib
import random
import tempfile
from pathlib import Path

from service.app import Outside, create_app
from tests.building import found_demo_site
from tests.conftest import Clock, scorer, settings_of
from tests.databases import KINDS, Databases, closing_all
from tests.web.api.asking import Inquiry, name_of
from tests.web.api.world import PATIENT, World


def main():
    """Ask every operation; returns how many showed a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=200, help="requests an operation")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--operation", default="", help="this one alone")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as open_ones:
        databases = Databases(Path(folder))
        open_ones.callback(databases.close)
        clock = Clock()
        url = databases.fresh(chosen.database)
        settings = settings_of(Path(folder), url, **PATIENT)
        app = create_app(settings, Outside(now=clock, scorer=scorer()))
        open_ones.enter_context(closing_all(app))
        found_demo_site(app)
        inquiry = Inquiry(World(app, clock), examples=chosen.examples, seed=chosen.seed)
        wanted = [one for one in inquiry.operations() if chosen.operation in ("", name_of(one))]
        faults = sum(not fine(inquiry, operation) for operation in wanted)
    print(f"{len(wanted)} operations, {sum(inquiry.seen.values())} requests, {faults} with a fault")
    return faults


def fine(inquiry, operation):
    """Ask one operation and say whether it showed no fault."""
    fault = None
    try:
        inquiry.ask(operation)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are asked too
        fault = error
    name = name_of(operation)
    counts = {status: number for (who, status), number in inquiry.seen.items() if who == name}
    print(name, dict(sorted(counts.items())), flush=True)
    if fault is not None:
        told = [fault, *getattr(fault, "exceptions", ())]
        print("\n".join(str(one) for one in told), flush=True)
    return fault is None


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))

"""A process that brings databases up to date as a first start does, one for each line it reads.

It answers each address with one line: "done", or what went wrong. With a number as argument it
kills itself before that many statements of its first migration are through.
"""

import os
import signal
import sys

import sqlalchemy as sa

from service import migrate
from tests.databases import engine_of


def bring_up(url: str, statements: int | None) -> str:
    with engine_of(url) as engine:
        if statements is not None:
            die_after(engine, statements)
        try:
            migrate.current(engine)  # a first start asks this before it makes its keys
            migrate.migrate(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reads it
            return f"{type(error).__name__}: {error}".replace("\n", " ")
    return "done"


def die_after(engine: sa.Engine, statements: int) -> None:
    left = iter(range(statements))

    @sa.event.listens_for(engine, "before_cursor_execute")
    def count(*_: object) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    limit = int(sys.argv[1]) if sys.argv[1:] else None
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    for line in sys.stdin:
        print(bring_up(line.strip(), limit), flush=True)  # noqa: T201 - the answer

"""Fresh databases for tests, copied from templates that our own migrations made once."""

import contextlib
import itertools
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from flask import Flask

from config import Settings, load
from service import db, migrate
from tests.postgresql import PostgreSQL
from tests.serving import pause

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
TEMPLATE = "template"
LAST_THREADS = 5.0  # seconds that threads of a test may take to give back their connections


class Databases:
    """Gives out databases, each used by one test; a kind nobody asks for is never started.

    Args:
        folder: where the SQLite files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._exit = contextlib.ExitStack()
        self._server: PostgreSQL | None = None
        self._templates: set[Kind] = set()

    def fresh(self, kind: Kind) -> str:
        """The address of a new database with all tables and no rows."""
        self._make_template(kind)
        name = f"test{next(self._numbers)}"
        if kind == "sqlite":
            shutil.copyfile(self._file(TEMPLATE), self._file(name))
        else:
            self.server.run(f'CREATE DATABASE {name} TEMPLATE "{TEMPLATE}" STRATEGY FILE_COPY')
        return self._url(kind, name)

    def empty(self, kind: Kind) -> str:
        """The address of a new database without any table."""
        name = f"test{next(self._numbers)}"
        if kind == "postgresql":
            self.server.run(f"CREATE DATABASE {name}")
        return self._url(kind, name)

    def drop(self, url: str) -> None:
        """Throw one of ours away, whoever still uses it."""
        address = sa.make_url(url)
        if address.get_backend_name() == "postgresql":
            self.server.run(f"DROP DATABASE {address.database} WITH (FORCE)")
            return
        for path in self._folder.glob(f"{Path(address.database or '').name}*"):
            path.unlink()

    @property
    def server(self) -> PostgreSQL:
        """The PostgreSQL server, started when first asked for."""
        if self._server is None:
            self._server = self._exit.enter_context(PostgreSQL())
        return self._server

    def close(self) -> None:
        """Stop the server."""
        self._exit.close()

    def _make_template(self, kind: Kind) -> None:
        if kind in self._templates:
            return
        if kind == "postgresql":
            self.server.run(f'CREATE DATABASE "{TEMPLATE}"')
        with engine_of(self._url(kind, TEMPLATE)) as engine:
            migrate.migrate(engine)
        self._templates.add(kind)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def _url(self, kind: Kind, name: str) -> str:
        return f"sqlite:///{self._file(name)}" if kind == "sqlite" else self.server.url(name)


def kind_of(url: str) -> Kind:
    """Which kind of database an address names."""
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def settings_for(url: str, **changes: object) -> Settings:
    """Settings as shipped, with this database."""
    return load({}, database_url=url, **changes)


@contextlib.contextmanager
def engine_of(url: str, **changes: object) -> Generator[sa.Engine]:
    """An engine with our options and connections set up as in the service."""
    settings = settings_for(url, **changes)
    engine = sa.create_engine(settings.database, **db.engine_options(settings))
    db.prepare(engine, settings)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def bare_app(url: str, **changes: object) -> Generator[Flask]:
    """A Flask application with this database and nothing else."""
    settings = settings_for(url, **changes)
    app = Flask("bare")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = db.engine_options(settings)
    db.db.init_app(app)
    with app.app_context():
        db.prepare(db.db.engine, settings)
    with closing_all(app):
        share_statements(app)
        yield app


SHARED: dict[Kind, sa.Engine] = {}
"""The first engine of each kind: its dialect and its compiled statements serve the others too."""


def share_statements(app: Flask) -> None:
    """Let an application use the statements that others before it compiled, as one service would.

    SQLAlchemy keeps them by dialect, and each engine has its own.
    """
    with app.app_context():
        engine = db.db.engine
        kind = kind_of(str(engine.url))
        if kind not in SHARED:
            engine.connect().close()  # a dialect learns with the first connection what it talks to
    first = SHARED.setdefault(kind, engine)
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache  # noqa: SLF001 - there is no other way in


@contextlib.contextmanager
def closing_all(app: Flask) -> Generator[None]:
    """Let no connection of an application outlive the test.

    A thread that is just ending still holds one: disposing before it has given it back would
    leave that one to the garbage collector, which complains of it in some later test.
    """
    with app.app_context():
        engine = db.db.engine
    try:
        yield
    finally:
        end = time.monotonic() + LAST_THREADS
        while engine.pool.checkedout() and time.monotonic() < end:
            pause(0.01)
        engine.dispose()

"""What every test may ask for."""

import contextlib
import functools
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from werkzeug.test import EnvironBuilder

from config import load
from models.spam import load_base
from service.app import Outside, create_app
from service.serving import settle
from service.text.scoring import Scorer
from tests.building import found_demo_site
from tests.databases import KINDS, Databases, closing_all, share_statements
from tests.postgresql import roomy
from tests.routes import compile_once

BASE_URL = "https://comments.example.org"

compile_once()


def pytest_collection_finish():
    """Collect garbage as rarely as the service does: what is imported and collected now stays."""
    settle()


@pytest.fixture(scope="session")
def databases():
    """The maker of databases, in memory; its PostgreSQL starts when a test first needs it."""
    with tempfile.TemporaryDirectory(prefix="gatepost-sqlite-", dir=roomy()) as folder:
        maker = Databases(Path(folder))
        yield maker
        maker.close()


@pytest.fixture(params=KINDS)
def database_url(request, databases):
    """A fresh database with all tables, once on each kind."""
    url = databases.fresh(request.param)
    yield url
    databases.drop(url)


@pytest.fixture
def sqlite_url(databases):
    """A fresh SQLite database with all tables."""
    url = databases.fresh("sqlite")
    yield url
    databases.drop(url)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move it on by a timedelta's words: `move(seconds=10)`."""
        self.now += timedelta(**by)


@pytest.fixture
def clock():
    """The clock of the application under test."""
    return Clock()


def settings_of(folder, database_url, **changes):
    """Settings for tests: a host of our own, all in one folder, no pace and no chance."""
    values = {
        "base_url": BASE_URL,
        "data_dir": str(folder / "data"),
        "key_ring": str(folder / "keys" / "gatepost.keys"),
        "database_url": database_url,
        "submissions_burst": 100_000,
        "submissions_per_minute": 100_000,
        "site_burst": 100_000,
        "site_per_minute": 100_000,
        "blind_sample": 0.0,
    }
    return load({}, **{**values, **changes})


class CompiledTemplates(BytecodeCache):
    """Templates compiled once for all applications of a run, not once for each."""

    def __init__(self):
        self.compiled = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket):
        self.compiled[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = CompiledTemplates()


def hash_quickly(app):
    """Spare the tests the tenth of a second that guessing a password shall cost.

    What it costs in the service is asked by tests/web/moderator/test_setup.py.
    """
    cheap = {"argon2__time_cost": 1, "argon2__memory_cost": 8}
    app.extensions["security"].pwd_context.update(**cheap)


@pytest.fixture
def make_app(tmp_path, clock):
    """Makes applications with a site `blog` of the origin https://blog.example.org."""
    with contextlib.ExitStack() as open_ones:

        def make(database_url, **changes):
            outside = Outside(now=clock, scorer=scorer())
            app = create_app(settings_of(tmp_path, database_url, **changes), outside)
            app.jinja_env.bytecode_cache = TEMPLATES
            open_ones.enter_context(closing_all(app))
            share_statements(app)
            hash_quickly(app)
            found_demo_site(app)
            return app

        yield make


@pytest.fixture
def app(make_app, sqlite_url):
    """The application on SQLite."""
    return make_app(sqlite_url)


@pytest.fixture
def app_on_both(make_app, database_url):
    """The application, once on each kind of database."""
    return make_app(database_url)


@functools.cache
def scorer():
    """The shipped model, loaded once for all tests."""
    return Scorer(load_base())


@pytest.fixture
def client(app):
    """A browser without JavaScript, on SQLite."""
    return visitor(app)


@pytest.fixture
def client_on_both(app_on_both):
    """A browser without JavaScript, once on each kind of database."""
    return visitor(app_on_both)


class Visitor(FlaskClient):
    """A browser without JavaScript that calls the service by its own name."""

    def open(self, *args, **options):
        if not (args and isinstance(args[0], EnvironBuilder)):
            options.setdefault("base_url", BASE_URL)
        return super().open(*args, **options)


def visitor(app):
    """A fresh browser."""
    app.test_client_class = Visitor
    return app.test_client()

"""What every test may ask for."""

import pytest

from tests.databases import KINDS, Databases


@pytest.fixture(scope="session")
def databases(tmp_path_factory):
    """The maker of databases; its PostgreSQL starts with the first test that needs it."""
    maker = Databases(tmp_path_factory.mktemp("databases"))
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

"""A program that may do everything, once on each kind of database."""

import pytest

from tests.conftest import visitor
from tests.web.api.programs import Program


@pytest.fixture
def program(app_on_both):
    """A program with a key of every scope."""
    return Program(app_on_both)


@pytest.fixture
def reader(app_on_both):
    """A reader's browser."""
    return visitor(app_on_both)

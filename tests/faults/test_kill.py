"""kill -9 under writers: what was acknowledged stands there once, with its event.

The long form is a command of its own: python -m tests.checks.kill_storm --kills 200
"""

import pytest

from tests.checks.kill_storm import storm


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 10), ("postgresql", 5)])
def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path, databases, kind, kills):
    url = databases.fresh(kind) if kind == "postgresql" else ""

    figures = storm(tmp_path, kills=kills, database_url=url)

    assert figures["acknowledged"] > kills
    assert figures["stored"] == figures["acknowledged"]
    if url:
        databases.drop(url)

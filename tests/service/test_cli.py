"""The command line as an operator types it."""

import subprocess
import sys

import pytest

from tests.serving import ROOT, Service


def gatepost(*arguments, environment=None):
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def environment(tmp_path):
    return Service(tmp_path).environment


def test_a_wrong_setting_stops_the_start_and_says_which(environment):
    done = gatepost("serve", environment={**environment, "GATEPOST_COLOUR": "red"})
    assert done.returncode == 78
    assert done.stderr == "gatepost: unknown setting: colour (in the environment)\n"


def test_a_database_that_cannot_be_opened_stops_the_start_without_a_traceback(environment):
    wrong = {**environment, "GATEPOST_DATABASE_URL": "sqlite:////proc/nowhere/gatepost.db"}
    done = gatepost("migrate", environment=wrong)
    assert done.returncode == 78
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


def test_setup_prints_a_fresh_link_with_the_code_behind_the_hash(environment):
    first, second = (gatepost("setup", environment=environment).stdout for _ in range(2))
    assert first.startswith(environment["GATEPOST_BASE_URL"] + "/setup#token=")
    assert first != second

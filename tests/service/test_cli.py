"""The command line as an operator types it."""

import json
import subprocess
import sys

import pytest

from tests.serving import ROOT, Service


def gatepost(*arguments, environment=None, typed=""):
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=ROOT,
        env=environment,
        input=typed,
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


def test_comments_are_scored_line_by_line_in_their_order():
    rows = [
        {"id": 1, "text": "The part about the river stayed with me.", "author": "Ana", "url": ""},
        {
            "id": 2,
            "text": "Buy cheap viagra http://pills.example.com",
            "author": "Pills",
            "url": None,
        },
    ]
    done = gatepost("model", "score", typed="\n".join(map(json.dumps, rows)))
    fine, spam = map(json.loads, done.stdout.splitlines())
    assert (fine["id"], spam["id"]) == (1, 2)
    assert fine["probability"] < 0.5 < spam["probability"]
    assert fine["band"] in ("fine", "unsure")
    assert sum(reason["weight"] for reason in spam["reasons"]) == pytest.approx(
        spam["logit"], abs=0.01
    )


def test_a_line_that_is_no_comment_is_named():
    done = gatepost("model", "score", typed='{"text": "fine"}\nnot json\n')
    assert done.returncode == 1
    assert "line 2" in done.stderr


def test_a_damaged_model_is_refused_in_words(tmp_path):
    file = tmp_path / "model.npz"
    file.write_bytes(b"no model")
    done = gatepost("model", "score", "--model", str(file), typed='{"text": "fine"}')
    assert done.returncode == 78
    assert "model cannot be used" in done.stderr


def test_the_card_says_what_the_model_learned_from():
    assert "What it learned from" in gatepost("model", "card").stdout

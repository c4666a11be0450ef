"""A model file that is refused costs its owner the file, never the service."""

import contextlib
import logging
import pickle
import shutil

import pytest
import sqlalchemy as sa

from models import Comment
from models.spam import base_path, load_base
from service.app import create_app
from service.db import db
from service.web.context import HOUSE
from tests.building import found_demo_site
from tests.conftest import settings_of
from tests.databases import closing_all

ADVERTISEMENT = {
    "comment": "Play casino now, cheap pills, http://pills-casino24.shop http://slots-777.vip",
    "author": "casino bonus",
    "email": "ann@example.org",
    "page": "https://blog.example.org/2026/a",
}


@pytest.fixture
def started(tmp_path, sqlite_url, caplog):
    """Start the service on a model file; return the application."""
    caplog.set_level(logging.WARNING, "gatepost")
    with contextlib.ExitStack() as open_ones:

        def start(model):
            app = create_app(settings_of(tmp_path, sqlite_url, model=str(model)))
            open_ones.enter_context(closing_all(app))
            found_demo_site(app)
            return app

        yield start


@pytest.fixture
def path(tmp_path):
    """A sound model file of the owner's."""
    path = tmp_path / "mine.npz"
    shutil.copyfile(base_path(), path)
    return path


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-1000])


def changed(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x41
    path.write_bytes(content)


def pickled(path):
    path.write_bytes(pickle.dumps({"weights": [1.0]}))


def emptied(path):
    path.write_bytes(b"")


def put_away(path):
    path.unlink()


def made_a_folder(path):
    path.unlink()
    path.mkdir()


def test_a_sound_file_is_used_and_nothing_is_said(started, path, caplog):
    app = started(path)

    assert app.extensions[HOUSE].scorer.model.name == load_base().name
    assert "refused" not in caplog.text


@pytest.mark.parametrize("damage", [cut_off, changed, pickled, emptied, put_away, made_a_folder])
def test_a_refused_file_is_named_in_the_log_and_the_shipped_model_serves(
    started, path, caplog, damage
):
    damage(path)

    app = started(path)

    (told,) = [record for record in caplog.records if "refused" in record.getMessage()]
    assert told.levelno == logging.ERROR
    assert told.getMessage().startswith("this spam model is refused: mine.npz: ")
    assert told.getMessage().endswith("; the shipped one is used")
    assert app.extensions[HOUSE].scorer.model.name == load_base().name


def test_comments_are_scored_though_the_file_is_refused(started, path):
    cut_off(path)
    app = started(path)

    answer = app.test_client().post(
        "/s/blog/comments",
        json=ADVERTISEMENT,
        headers={"Origin": "https://blog.example.org", "Accept": "application/json"},
        base_url="https://comments.example.org",
    )

    assert answer.status_code == 202, answer.text
    with app.app_context():
        comment = db.session.scalars(sa.select(Comment)).one()
    assert comment.probability > 0.5

"""A client that a stranger's tool makes of our document works against a live Gatepost."""

import importlib
import subprocess
import sys
import time

import pytest

from service.app import create_app
from service.db import db
from tests.building import COMMENT, found_demo_site
from tests.serving import Service, pause
from tests.web.api.programs import key_for

PATIENCE = 10.0  # seconds


@pytest.fixture
def live(tmp_path):
    """A Gatepost in a process of its own, and a key of its site."""
    folder = tmp_path / "house"
    folder.mkdir()
    service = Service(folder, undo_hold=0)
    app = create_app(service.settings())
    site = found_demo_site(app)
    key = key_for(app, site=site)
    with app.app_context():
        db.engine.dispose()
    with service:
        yield service, key


@pytest.fixture
def generated(live, tmp_path, monkeypatch):
    """The package that openapi-python-client makes, ready to be imported as `gatepost_client`."""
    service, _key = live
    (tmp_path / "openapi.json").write_bytes(service.get("/api/v1/openapi.json")[1])
    (tmp_path / "config.yaml").write_text("post_hooks: []\n")  # it is not read by people
    done = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
            "--fail-on-warning", "--path", tmp_path / "openapi.json",
            "--config", tmp_path / "config.yaml", "--output-path", tmp_path / "gatepost_client",
        ],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"gatepost_client.{name}")
    for name in [one for one in sys.modules if one.startswith("gatepost_client")]:
        del sys.modules[name]


def test_a_generated_client_submits_lists_decides_and_reads_the_event(live, generated):
    service, key = live
    models = generated("models")
    client = generated("client").AuthenticatedClient(f"{service.base_url}/api/v1", key)

    def ask(resource, operation, *places, **more):
        asked = generated(f"api.{resource}.{operation}")
        return asked.sync_detailed(*places, client=client, **more).parsed

    with client:
        body = models.SubmitCommentBody(**COMMENT)
        sent = ask("comments", "submit_comment", body=body, idempotency_key="once")
        again = ask("comments", "submit_comment", body=body, idempotency_key="once")
        assert again.id == sent.id

        [listed] = ask("comments", "list_comments").items
        assert isinstance(listed, models.ListedComment)
        assert (listed.id, listed.status, listed.text) == (sent.id, "pending", COMMENT["comment"])

        status = models.DecideCommentBodyStatus("approved")
        body = models.DecideCommentBody(status, version=listed.version)
        decided = ask("comments", "decide_comment", listed.id, body=body)
        assert decided.status is models.CommentStatus.APPROVED

        kinds, after, end = [], 0, time.monotonic() + PATIENCE
        while len(kinds) < 2 and time.monotonic() < end:
            told = ask("events", "list_events", after=after)
            kinds += [one.body.type_ for one in told.items]
            after = told.next_
            pause(0.05)
        assert kinds == ["comment.created", "comment.approved"]

        refused = ask("comments", "get_comment", "nothing")
        assert isinstance(refused, models.Problem)
        assert (refused.status, refused.code) == (404, "not_found")

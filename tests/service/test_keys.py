"""The key ring: made once, private, and never shown."""

import json
import stat
from datetime import date

import pytest

from service.app import create_app
from service.db import db
from service.errors import SetupError
from service.keys import USES, FileKeys, create
from tests.conftest import settings_of

TODAY = date(2026, 11, 23)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "gatepost.keys"
    create(file, today=TODAY)
    return file


def rewrite(path, change):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("\n".join(map(json.dumps, lines)))


def test_a_fresh_ring_has_one_active_key_for_each_use(path):
    ring = FileKeys(path).load()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = {ring.active(use).secret for use in USES}
    assert len(secrets) == len(USES)
    assert {len(secret) for secret in secrets} == {32}


def test_a_ring_is_never_overwritten(path):
    before = path.read_bytes()
    with pytest.raises(SetupError, match="there already"):
        create(path, today=TODAY)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_no_key_shows_when_it_is_printed(path):
    ring = FileKeys(path).load()
    key = ring.active("email")
    for shown in (repr(key), str(key), f"{key}", repr(ring)):
        assert key.secret.hex() not in shown
        assert repr(key.secret) not in shown


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_ring_that_others_can_read_is_refused(path, mode):
    path.chmod(mode)
    with pytest.raises(SetupError, match="chmod 600"):
        FileKeys(path).load()


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[0].pop("key"),
        lambda lines: lines[0].update(key="not base64!"),
        lambda lines: lines[0].update(key="AAAA"),
        lambda lines: lines[0].update(use="something"),
        lambda lines: lines[0].update(state="resting"),
        lambda lines: lines[0].update(kid="one"),
        lambda lines: lines.clear(),
    ],
    ids=["no key", "no base64", "short", "use", "state", "number", "empty"],
)
def test_a_garbled_ring_is_refused_with_what_to_do(path, change):
    rewrite(path, change)
    with pytest.raises(SetupError, match=r"backup|wrong size"):
        FileKeys(path).load()


def test_a_destroyed_key_opens_nothing(path):
    rewrite(path, lambda lines: lines[0].update(state="destroyed", key=""))
    ring = FileKeys(path).load()
    assert ring.get("email", 1) is None
    assert ("email", 1) not in ring.known_answers()
    with pytest.raises(SetupError, match="no active key"):
        ring.active("email")


def started(folder, url):
    app = create_app(settings_of(folder, url))
    with app.app_context():
        db.engine.dispose()


def test_a_start_with_another_ring_is_refused(tmp_path, sqlite_url):
    started(tmp_path, sqlite_url)
    ring = tmp_path / "keys" / "gatepost.keys"
    ring.rename(ring.with_name("old"))
    with pytest.raises(SetupError, match="missing"):
        create_app(settings_of(tmp_path, sqlite_url))
    create(ring, today=TODAY)
    with pytest.raises(SetupError, match="not the one"):
        create_app(settings_of(tmp_path, sqlite_url))
    ring.unlink()
    ring.with_name("old").rename(ring)
    started(tmp_path, sqlite_url)

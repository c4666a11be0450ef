"""The operator's way back for a moderator who is locked out."""

import re

import pytest
import sqlalchemy as sa

from models import ActorKind, AuditEntry, Authenticator, Passkey, PasswordReset, RecoveryCode, Site
from service.cli import main
from service.db import db
from service.errors import NotFoundError
from service.housekeeping import tidy
from service.staff.credentials import reset_account
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import BASE_URL, visitor
from tests.web.device import Device
from tests.web.factor import set_up_app
from tests.web.moderator.test_passkeys import add
from tests.web.staff import OWN_FORM, PASSWORD, hire, sign_in

NEW = "boats rest until noon"


@pytest.fixture
def ana(app_on_both, clock):
    """Ana's browser, signed in, with an app and a passkey."""
    hire(app_on_both, rows(app_on_both, Site)[0])
    client = visitor(app_on_both)
    sign_in(client)
    set_up_app(client, clock)
    add(client, Device())
    return client


@pytest.fixture
def ana_alone(app, client):
    """Ana's browser, signed in with the password alone."""
    hire(app, rows(app, Site)[0])
    sign_in(client)
    return client


def reset(app):
    with app.app_context():
        return reset_account(app.extensions[HOUSE], " Ana@Staff.example.org ")


def begin_anew(client, token, password=NEW):
    return client.post("/reset", data={"token": token, "password": password}, headers=OWN_FORM)


def is_in(client):
    return client.get("/queue").status_code == 200


def test_a_reset_takes_factors_sessions_and_the_old_password_away(app_on_both, ana):
    done = reset(app_on_both)

    assert (done.factors, done.sessions) == (2, 1)
    assert not is_in(ana)
    for table in (Authenticator, Passkey, RecoveryCode):
        assert rows(app_on_both, table) == []
    assert sign_in(visitor(app_on_both)).status_code == 422
    told = rows(app_on_both, AuditEntry, AuditEntry.actor_kind == ActorKind.OPERATOR)
    assert [one.act for one in told] == ["account.reset", "account.sessions_end"]


def test_the_link_sets_a_new_password_once(app_on_both, ana):
    token = reset(app_on_both).token
    client = visitor(app_on_both)
    assert begin_anew(client, token, "short").status_code == 422

    answer = begin_anew(client, token)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert is_in(client)
    assert begin_anew(visitor(app_on_both), token).status_code == 422
    assert sign_in(visitor(app_on_both), password=NEW).headers["Location"] == "/queue"
    assert sign_in(visitor(app_on_both), password=PASSWORD).status_code == 422


def test_the_link_is_good_for_an_hour_and_the_newest_alone(app_on_both, clock, ana):
    older, newer = (reset(app_on_both).token for _ in range(2))
    assert begin_anew(visitor(app_on_both), older).status_code == 422
    clock.move(hours=1)
    assert begin_anew(visitor(app_on_both), newer).status_code == 422

    with app_on_both.app_context():
        tidy(app_on_both.extensions[HOUSE])
        assert db.session.scalars(sa.select(PasswordReset)).all() == []


def test_the_page_needs_no_session_and_shows_no_code(client):
    page = client.get("/reset")
    assert page.status_code == 200
    assert 'src="/static/setup.js"' in page.text
    assert begin_anew(client, "made up").status_code == 422


def test_an_unknown_address_is_told(app):
    with app.app_context(), pytest.raises(NotFoundError):
        reset_account(app.extensions[HOUSE], "nobody@staff.example.org")


def test_the_operator_types_it_and_is_given_the_link(app, ana_alone, monkeypatch, capfd):
    for name in ("data_dir", "key_ring", "database_url", "base_url"):
        value = str(getattr(app.extensions[HOUSE].settings, name))
        monkeypatch.setenv(f"GATEPOST_{name.upper()}", value)

    assert main(["account", "reset", "nobody@staff.example.org"]) == 1
    assert "There is no account" in capfd.readouterr().err
    assert main(["account", "reset", "ana@staff.example.org"]) == 0
    said = capfd.readouterr().out
    assert "Removed: the password, 0 second factors, 1 sessions." in said
    assert re.search(rf"^{BASE_URL}/reset#token=\S+$", said, re.MULTILINE)
    assert not is_in(ana_alone)

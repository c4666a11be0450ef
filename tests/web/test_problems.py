"""Refusals and faults, for programs and for people; health."""

import logging

import pytest
import sqlalchemy as sa

from service.db import db
from tests.conftest import visitor
from tests.web.desk import site_of
from tests.web.staff import hire, sign_in

JSON = {"Accept": "application/json"}


@pytest.fixture
def broken(app):
    """A visitor of an application with a fault inside."""

    def fault():
        raise RuntimeError("secret inside")

    app.add_url_rule("/fault", view_func=fault)
    return visitor(app)


@pytest.mark.parametrize("headers", [JSON, {"Accept": "text/html"}])
def test_a_fault_of_ours_shows_a_number_and_nothing_else(broken, headers, caplog):
    with caplog.at_level(logging.ERROR, "gatepost"):
        answer = broken.get("/fault", headers=headers)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    number = caplog.records[-1].error_id
    assert f"number {number}" in answer.text


def test_a_program_gets_a_problem_document(client):
    answer = client.get("/s/nowhere/thread.json?page=/a", headers=JSON)
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is no such site.",
    }


def test_a_person_gets_a_page(client):
    answer = client.get("/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.content_type.startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_page_forbids_scripts_of_others_and_framing(client):
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_another_host_name_is_not_answered(client):
    answer = client.get("/healthz", base_url="https://evil.example.com")
    assert answer.status_code == 400


def test_it_is_alive_and_ready(client):
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["checks"] == {"database": True, "migrations": True, "model": True}


def test_it_is_not_ready_with_an_older_database(app, client):
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json["checks"]["migrations"] is False


def test_a_database_that_is_away_is_a_503_with_when_to_come_back(app, client):
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE site RENAME TO elsewhere"))
    answer = client.get("/s/blog/thread.json?page=/a", headers=JSON)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "elsewhere" not in answer.text


GERMAN = {"Accept": "text/html", "Accept-Language": "de"}


@pytest.fixture
def bob(app):
    """A moderator, signed in; his browser prefers another language than his pages speak."""
    hire(app, site_of(app), "Bob")
    client = visitor(app)
    sign_in(client, "Bob")
    return client


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/sites/blog/endpoints", 403, "Your role on this site does not include that."),
        ("/queue/nosuchcomment", 404, "There is no such comment."),
        ("/sites/other", 404, "There is no such site."),
        ("/queue/some/where/else", 404, "There is no such page."),
        ("/queue/undo/x", 404, "There is no such page."),
        ("/logout", 405, "This address does not take that method."),
        ("/queue?status=odd", 400, "The status is pending"),
    ],
)
def test_a_moderator_is_refused_on_a_page_of_his_own_with_a_way_back(bob, path, status, words):
    answer = bob.get(path, headers=GERMAN)

    assert answer.status_code == status
    assert words in answer.text
    assert '<html lang="en">' in answer.text
    assert '<a href="/queue">Back to the queue</a>' in answer.text
    assert "<bdi>Bob</bdi>" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/queue/some/where", "/sites", "/setup"])
def test_who_is_signed_out_is_led_to_signing_in(app, path):
    hire(app, site_of(app), "Bob")
    client = visitor(app)
    answer = client.post(path, data={"status": "spam"}, headers=GERMAN)

    assert answer.status_code in (403, 404)
    assert '<a href="/login">Sign in</a>' in answer.text
    assert "Back to the queue" not in answer.text


def test_a_reader_is_refused_in_his_own_language_and_led_to_no_door_of_staff(bob):
    for path in ("/s/nowhere/form?page=/a", "/nowhere"):
        answer = bob.get(path, headers=GERMAN)
        assert answer.status_code == 404
        assert '<html lang="de"' in answer.text
        assert "/queue" not in answer.text


def test_a_database_that_is_away_is_told_to_a_moderator_too(app, bob):
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE membership RENAME TO elsewhere"))
    for path in ("/queue/some/where/else", "/queue"):
        assert bob.get(path).status_code in (404, 503)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("TRACE", "/", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/s/blog/comments", "OPTIONS, POST"),
        ("PUT", "/api/v1/comments", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_who_asks_by_a_method_that_is_not_taken_is_told_which_are(client, method, path, allowed):
    answer = client.open(path, method=method, json={})

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)

"""A moderator's own mail: set by its forms, off by default, and plain about what is wrong."""

import re
from datetime import UTC, datetime, time

import pytest
import sqlalchemy as sa

from models import AtOnce, Digest, Moderator, Notice, NoticeKind, Role, Watch
from service.db import db, transaction
from tests.building import found_demo_site, join, rows
from tests.conftest import visitor
from tests.web.desk import site_of
from tests.web.staff import hire, sign_in, submit_form

FORM = {
    "action": "save",
    "site": "blog",
    "at_once": "fine",
    "digest": "weekly",
    "digest_hour": "17",
    "digest_weekday": "4",
    "quiet_from": "22:30",
    "quiet_until": "07:00",
}
SERVER = {"smtp_host": "127.0.0.1", "mail_from": "comments@service.example"}


@pytest.fixture
def app_on_both(make_app, database_url):
    return make_app(database_url, **SERVER)


@pytest.fixture
def app(make_app, sqlite_url):
    return make_app(sqlite_url, **SERVER)


def enter(app, role=Role.MODERATOR):
    hire(app, site_of(app), role=role)
    client = visitor(app)
    sign_in(client)
    return client


def watches(app):
    with app.app_context():
        return list(db.session.scalars(sa.select(Watch)))


def test_nothing_is_switched_on_until_one_does(app):
    client = enter(app)
    page = client.get("/notices").text

    assert "You get no mail about comments unless you switch it on here." in page
    assert "No mail is switched on." in page
    assert "ana@staff.example.org" in page
    assert 'href="/notices"' in client.get("/queue").text
    assert "Nobody gets mail about the site unless" in client.get("/sites/blog/team").text
    assert watches(app) == []


def test_what_is_chosen_is_kept_and_shown(app_on_both):
    app = app_on_both
    client = enter(app)
    submit_form(client, "/notices", action="zone", time_zone="Europe/Berlin")
    answer = submit_form(client, "/notices", **FORM)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices?saved=blog")
    page = client.get("/notices?saved=blog").text
    [watch] = watches(app)
    assert (watch.at_once, watch.digest) == (AtOnce.FINE, Digest.WEEKLY)
    assert (watch.quiet_from, watch.quiet_until) == (time(22, 30), time(7))
    assert watch.digest_due_at == datetime(2026, 11, 27, 16, tzinfo=UTC)  # Friday, 17:00 there
    assert "Saved." in page
    assert re.findall(r'<option value="([a-z0-9]+)" selected>', page) == [
        "fine", "weekly", "17", "4",
    ]  # fmt: skip
    assert "<option selected>Europe/Berlin</option>" in page
    assert 'value="22:30"' in page

    submit_form(client, "/notices", action="zone", time_zone="America/New_York")
    [watch] = watches(app)
    assert watch.digest_due_at == datetime(2026, 11, 27, 22, tzinfo=UTC)
    submit_form(client, "/notices", **{**FORM, "at_once": "off", "digest": "off"})
    [watch] = watches(app)
    assert (watch.due_at, watch.digest_due_at) == (None, None)


@pytest.mark.parametrize(
    ("changes", "said", "field"),
    [
        ({"quiet_until": ""}, "Enter both ends of the quiet hours, or neither", "quiet_until"),
        ({"quiet_from": ""}, "Enter both ends of the quiet hours, or neither", "quiet_from"),
        ({"quiet_from": "07:00"}, "Quiet hours end at another time", "quiet_until"),
        ({"quiet_from": "late"}, "Enter a time like 22:00, or nothing", "quiet_from"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_what_was_typed_stays(app, changes, said, field):
    client = enter(app)
    answer = submit_form(client, "/notices", **{**FORM, **changes})

    assert answer.status_code == 422
    assert f'<a href="#{field}-blog">{said}' in answer.text
    assert f'id="{field}-blog-error"' in answer.text
    assert '<option value="weekly" selected>' in answer.text
    assert watches(app) == []


def test_an_unknown_time_zone_is_refused(app):
    client = enter(app)
    answer = submit_form(client, "/notices", action="zone", time_zone="Mars/Olympus")

    assert answer.status_code == 422
    assert '<a href="#time_zone">Choose a time zone' in answer.text
    assert rows(app, Moderator, Moderator.name == "Ana")[0].time_zone == "UTC"


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "burn"},
        {"at_once": "always"},
        {"digest": "yearly"},
        {"digest_hour": "24"},
        {"digest_weekday": "-1"},
        {"digest_hour": "noon"},
    ],
)
def test_what_the_page_does_not_offer_is_refused(app, changes):
    assert submit_form(enter(app), "/notices", **{**FORM, **changes}).status_code == 400
    assert watches(app) == []


def test_another_s_site_and_one_that_he_only_sees_are_not_there(app):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    client = enter(app, Role.VIEWER)

    assert "you do on no site" in client.get("/notices").text
    for slug in ("blog", "other", "none"):
        for action in ("save", "test"):
            answer = submit_form(client, "/notices", **{**FORM, "site": slug, "action": action})
            assert answer.status_code == 404
    assert watches(app) == []


def test_a_test_mail_is_written_and_not_too_many(app_on_both):
    app = app_on_both
    client = enter(app)
    for _ in range(3):
        answer = submit_form(client, "/notices", **{**FORM, "action": "test"})
        assert answer.headers["Location"] == "/notices?sent=blog"
    assert "The test mail is on its way." in client.get("/notices?sent=blog").text
    assert submit_form(client, "/notices", **{**FORM, "action": "test"}).status_code == 429

    assert [one.kind for one in rows(app, Notice)] == [NoticeKind.TEST] * 3
    [watch] = watches(app)
    assert (watch.at_once, watch.digest) == (AtOnce.OFF, Digest.OFF)


def test_without_a_mail_server_the_page_says_what_to_set(make_app, sqlite_url):
    app = make_app(sqlite_url)
    client = enter(app)
    page = client.get("/notices").text

    assert "This service sends no mail" in page
    assert "smtp_host" in page
    assert 'name="at_once"' not in page
    assert submit_form(client, "/notices", **FORM).status_code == 409


def test_a_refused_address_shows_until_the_form_is_saved_again(app):
    client = enter(app)
    submit_form(client, "/notices", **FORM)
    with app.app_context(), transaction() as session:
        watch = session.scalars(sa.select(Watch)).one()
        watch.failed_at, watch.failure = watch.digest_since, "refused with 550"

    assert "refuses your address for good (refused with 550)" in client.get("/notices").text
    submit_form(client, "/notices", **FORM)
    assert "for good" not in client.get("/notices").text


def test_every_site_has_a_form_of_its_own(app):
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    client = enter(app)
    join(app, rows(app, Moderator, Moderator.name == "Ana")[0].id, other.id, Role.OWNER)
    submit_form(client, "/notices", **{**FORM, "site": "other"})

    page = client.get("/notices").text
    assert len(set(re.findall(r'id="at_once-(\w+)"', page))) == 2
    assert [watch.site_id for watch in watches(app)] == [other.id]

"""What owners and moderators change about a page is an event, in the transaction of the change."""

import json

import pytest

from models import Event, EventType, Thread
from service.db import db
from service.errors import InvalidError
from service.sites import changes, threads
from service.web.context import HOUSE
from tests.building import rows
from tests.service.comments.test_submit import take
from tests.web.desk import site_of

TEXT = "Nine workers speak about their work."


def describe(app, page="/amazon", title="Amazon", text=TEXT):
    with app.app_context():
        return changes.describe_page(
            app.extensions[HOUSE], site_of(app), page, title=title, text=text
        ).id


def told(app):
    """The data of every event about a page, oldest first."""
    found = rows(app, Event, Event.type == EventType.PAGE)
    return [json.loads(event.body)["data"] for event in found]


def test_every_change_of_a_page_is_told_with_its_keys_and_public_title(app_on_both):
    app = app_on_both
    house, site = app.extensions[HOUSE], site_of(app)
    thread = describe(app)
    old = describe(app, "/old", title="", text="")
    with app.app_context():
        threads.set_closed(house, site.id, thread, shut=True)
        threads.set_closed(house, site.id, thread, shut=False)
        threads.add_alias(house, site, thread, "/amazonia")
        [alias] = threads.queries.aliases_of(db.session(), thread)
        threads.drop_alias(house, site, thread, alias.id)
        threads.merge(house, site, old, "/amazon")

    events = told(app)
    assert events[0] == {
        "site": "blog", "page": "/amazon", "title": "Amazon", "version": 1, "closed": False,
        "change": "described", "name": None,
    }  # fmt: skip
    assert (events[1]["page"], events[1]["title"]) == ("/old", None)
    assert [(one["change"], one["name"], one["closed"]) for one in events[2:]] == [
        ("closed", None, True),
        ("opened", None, False),
        ("named", "/amazonia", False),
        ("unnamed", "/amazonia", False),
        ("merged", "/old", False),
    ]
    versions = [one["version"] for one in events if one["page"] == "/amazon"]
    assert versions == sorted(set(versions))
    assert events[-1]["version"] == rows(app, Thread)[0].version
    assert not any(TEXT.encode() in event.body for event in rows(app, Event))


def test_what_changes_nothing_and_what_is_refused_tells_nothing(app_on_both):
    app = app_on_both
    house, site = app.extensions[HOUSE], site_of(app)
    thread = describe(app)
    before = len(told(app))

    describe(app)
    with app.app_context():
        threads.set_closed(house, site.id, thread, shut=False)
        with pytest.raises(InvalidError):
            threads.add_alias(house, site, thread, "/amazon")

    assert len(told(app)) == before == 1
    describe(app, text="Other words.")
    assert len(told(app)) == 2


def test_a_title_that_a_reader_sent_is_not_told(app):
    take(app, page="/amazon", title="What a reader's browser said")
    with app.app_context():
        thread = rows(app, Thread)[0].id
        threads.set_closed(app.extensions[HOUSE], site_of(app).id, thread, shut=True)

    assert told(app)[0]["title"] is None
    assert all(b"reader's browser" not in event.body for event in rows(app, Event))

"""Looking changes nothing: every page and every mailed link, opened by a browser with scripts."""

import re

import pytest
import sqlalchemy as sa

from models import AtOnce, Batch, Comment, Delivery, Digest, Endpoint, Role, Thread
from models.base import Base
from service.db import db
from service.out import mail, outbox
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.browser.test_story import DESKTOP
from tests.building import COMMENT, rows
from tests.conftest import Visitor
from tests.live import live
from tests.out.mailbox import Mailbox, links
from tests.out.wishes import run as run_notices
from tests.out.wishes import want
from tests.serving import free_port
from tests.web.api.programs import key_for
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire, sign_in, submit_form

EXEMPT: dict[str, set[str]] = {
    "staff_session": {"seen_at"},
    "api_key": {"used_at"},
    "rate_bucket": {"tokens", "filled_at"},
}
"""Columns of when something was last seen or how often it was used, by table.

`seen_at` is when a moderator's session last asked for anything: it ends after a long pause.
`used_at` is when a key last opened a door, for the owner who wonders whether it is needed; how
fast it asks is counted in a bucket.
"""


@pytest.fixture
def place(make_app, sqlite_url, clock):
    """A house in use on a port of its own: (application, base address, paths, mailed links)."""
    base = f"http://127.0.0.1:{free_port()}"
    with Mailbox() as mailbox:
        app = make_app(
            sqlite_url,
            base_url=base,
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="none",
            mail_from="comments@service.example",
        )
        app.test_client_class = type(
            "Caller",
            (Visitor,),
            {"open": lambda self, *args, **more: Visitor.open(self, *args, base_url=base, **more)},
        )
        mailed = furnish(app, mailbox, clock)
        with live(app, base):
            yield app, base, paths_of(app), mailed


def furnish(app, mailbox, clock):
    """Give the house one of everything; return the links of its mails, to readers and to staff."""
    site = site_of(app)
    want(app, hire(app, site, role=Role.OWNER), at_once=AtOnce.ALL, digest=Digest.HOURLY)
    with app.app_context():
        add_endpoint(app.extensions[HOUSE], site.id, url="https://hooks.example.org/", types=[])
    for words in ("The first of two.", "The second of two."):
        sent = app.test_client().post(
            "/s/blog/comments", json={**COMMENT, "comment": words, "notify": "yes"}
        )
        assert sent.status_code == 202, sent.json
    with app.app_context():
        outbox.release(app.extensions[HOUSE])
        for envelope in mail.claim(app.extensions[HOUSE]):
            mail.post(app.extensions[HOUSE], envelope)
    mailed = links(mailbox.next()) + links(mailbox.next())
    clock.move(hours=1)
    run_notices(app)
    mailed += links(mailbox.next()) + links(mailbox.next())
    ana = app.test_client()
    sign_in(ana)
    last = rows(app, Comment)[-1]
    submit_form(ana, "/queue/chosen", **{"status": "approved", "chosen[]": f"{last.public_id}:1"})
    receipt = sent.json["receipt"]
    return [*mailed, receipt, mailed[0].replace("/confirm/", "/unsubscribe/")]


def paths_of(app):
    """Every address that can be looked at, from the map of doors."""
    comment, thread = rows(app, Comment)[0], rows(app, Thread)[0]
    named = {"slug": "blog", "number": thread.id, "token": "x", "filename": "queue.js"}
    named |= {"id": comment.public_id, "site": "blog", "thread": thread.id}
    named["endpoint"] = rows(app, Endpoint)[0].public_id
    named["endpoint_id"] = named["endpoint"]
    named["delivery_id"] = named["delivery"] = rows(app, Delivery)[0].public_id
    others = {
        "acts.show_batch": Batch,
        "endpoints.show": Endpoint,
        "endpoints.change": Endpoint,
    }
    found = []
    for rule in app.url_map.iter_rules():
        table = others.get(rule.endpoint)
        public_id = comment.public_id if table is None else rows(app, table)[0].public_id
        values = {**named, "public_id": public_id}
        built = app.url_map.bind("").build(
            rule.endpoint, {n: values.get(n, 1) for n in rule.arguments}
        )
        found.append((built, rule.methods))
    return found


def dump(app):
    """All rows of all tables, the exempt columns left out, and the full-text index."""
    found = {}
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            columns = [one for one in table.c if one.name not in EXEMPT.get(table.name, set())]
            found[table.name] = sorted(map(repr, db.session.execute(sa.select(*columns))))
        words = db.session.execute(sa.text("SELECT rowid, words FROM comment_search"))
        found["comment_search"] = sorted(map(repr, words))
        db.session.rollback()
    return found


QUERIES = ("", "?page=/amazon", "?q=first&status=all&link=no", "?to=spam", "?since=2026-11-23")


@pytest.mark.parametrize("who", ["anybody", "owner", "program"])
def test_no_get_head_or_options_changes_anything(place, who):
    app, _base, paths, mailed = place
    client = app.test_client()
    headers = {}
    if who == "owner":
        sign_in(client)
    if who == "program":
        headers = {"Authorization": f"Bearer {key_for(app)}"}
        assert client.get("/api/v1/comments", headers=headers).status_code == 200
        paths = [(path, methods) for path, methods in paths if path.startswith("/api/")]
    before = dump(app)
    for path, methods in [*paths, *((re.sub("^http://[^/]+", "", one), {"GET"}) for one in mailed)]:
        for method in {"GET", "HEAD", "OPTIONS"} & {*methods, "HEAD", "OPTIONS"}:
            for query in QUERIES:
                answer = client.open(path + query, method=method, headers=headers)
                assert answer.status_code < 500, (method, path + query)
                answer.close()
    assert dump(app) == before


def test_no_page_or_mailed_link_opened_with_scripts_changes_anything(place, browser):
    app, base, paths, mailed = place
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(f"{base}/login")
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/queue*")
    before = dump(app)
    looked = [base + path for path, methods in paths if "GET" in methods and "." not in path]
    for address in [*looked, *mailed]:
        page.goto(address, wait_until="load")
        page.wait_for_timeout(50)  # what a script would do at once
    page.context.close()
    assert dump(app) == before

"""Check my embed in a real browser, on a page with two things to mend.

The picture goes to the folder named by GATEPOST_PICTURES (docs/images when they are renewed), else
to a temporary one.
"""

import os
from pathlib import Path

import pytest
from flask import render_template
from playwright.sync_api import expect

from models import Role
from service.sites.changes import change_site
from service.web.context import HOUSE
from tests.browser.barriers import barriers
from tests.live import live
from tests.serving import free_port
from tests.web.desk import site_of
from tests.web.loopback import loopback
from tests.web.staff import PASSWORD, hire

DESKTOP = {"width": 1200, "height": 900}
NARROW = {"width": 320, "height": 640}
PAGE = "<html lang=en><title>The Amazon</title><main><h1>The Amazon</h1>Boats leave at dawn.</main>"


@pytest.fixture
def pictures(tmp_path):
    folder = os.environ.get("GATEPOST_PICTURES")
    return Path(folder) if folder else tmp_path


@pytest.fixture
def blog(make_app, sqlite_url):
    """A blog with the snippet, and the service it belongs to, where Olga owns the site."""
    service = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=service, webhook_allow="127.0.0.0/8")
    site = site_of(app)
    hire(app, site, "Olga", Role.OWNER)
    with loopback() as blog, live(app, service):
        with app.app_context():
            change_site(
                app.extensions[HOUSE],
                site.id,
                name=site.name,
                origins=[blog.origin],
                policy=site.policy,
            )
        with app.test_request_context():
            snippet = render_template("reader/snippet.html", site="blog", base_url=service)
        blog.put("/amazon/", PAGE + snippet, Content_Security_Policy="form-action 'self'")
        blog.service = service
        yield blog


@pytest.fixture
def olga(browser, blog):
    """The owner's browser, signed in, on the tab."""
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(f"{blog.service}/login?next=/sites/blog/check")
    page.get_by_label("Email address").fill("olga@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Address of the page").fill(f"{blog.origin}/amazon/")
    page.get_by_role("button", name="Check", exact=True).click()
    yield page
    page.context.close()


def test_what_to_mend_can_be_read_by_all_on_any_screen(olga, pictures):
    expect(olga.get_by_role("heading", name="2 problems, 1 warning")).to_be_visible()
    olga.screenshot(path=pictures / "check-desktop.png", full_page=True)
    for viewport in (DESKTOP, NARROW):
        olga.set_viewport_size(viewport)
        assert barriers(olga) == []
        wide = olga.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"]


def test_a_test_comment_is_sent_and_its_card_opened(olga):
    olga.get_by_role("button", name="Send a marked test comment").click()

    olga.get_by_role("link", name="Open its card").click()

    expect(olga.get_by_text("Test comment from Check my embed")).to_be_visible()
    expect(olga.get_by_role("button", name="Trash")).to_be_visible()

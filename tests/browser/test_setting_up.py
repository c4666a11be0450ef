"""The first owner's way in a real browser: from the printed link to a published test comment.

The pictures go to the folder named by GATEPOST_PICTURES (docs/images when they are renewed), else
to a temporary one.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers, rules_for
from tests.browser.test_story import DESKTOP
from tests.live import live
from tests.serving import free_port
from tests.web.loopback import loopback
from tests.web.staff import PASSWORD, fresh_setup

NARROW = {"width": 320, "height": 640}
PAGE = "<html lang=en><title>The river</title><main><h1>The river</h1>Boats leave at dawn.</main>"


@pytest.fixture
def place(make_app, sqlite_url):
    """A house that nobody claimed yet, and a blog: (application, address, blog)."""
    service = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=service, webhook_allow="127.0.0.0/8")
    with loopback() as blog, live(app, service):
        yield app, service, blog


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport=DESKTOP)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def looked_at(page, pictures, name):
    """No barrier in light and dark, on a desk and on the narrowest phone; a picture is kept."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        for viewport in (NARROW, DESKTOP):
            page.set_viewport_size(viewport)
            assert barriers(page, rules_for(scheme)) == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= viewport["width"]
    page.screenshot(path=pictures / f"{name}-desktop.png", full_page=True)


def test_from_the_printed_link_to_a_published_test_comment(place, page, pictures):
    app, service, blog = place
    page.goto(f"{service}/setup#token={fresh_setup(app)}")
    become_owner(page)
    expect(page.get_by_text("Step 1 of 4")).to_be_visible()
    looked_at(page, pictures, "setup-site")
    page.get_by_label("Name", exact=True).fill("River")
    page.get_by_label("Address", exact=True).fill(blog.origin)
    page.get_by_role("button", name="Add the site and go on").click()

    expect(page.get_by_text("Step 2 of 4")).to_be_visible()
    looked_at(page, pictures, "setup-rules")
    page.get_by_role("button", name="Save and go on").click()

    expect(page.get_by_text("Step 3 of 4")).to_be_visible()
    paste(page, blog)
    page.get_by_label("Address of the page").fill(f"{blog.origin}/river/")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", name="0 problems")).to_be_visible()
    page.get_by_text("Where it goes in WordPress").click()
    looked_at(page, pictures, "setup-page")
    page.get_by_role("link", name="Go on to the first test comment").click()

    expect(page.get_by_label("Page", exact=True)).to_have_value("/river/")
    looked_at(page, pictures, "setup-comment")
    page.get_by_role("button", name="Send a test comment").click()

    expect(page.get_by_role("heading", name="Your test comment waits")).to_be_visible()
    looked_at(page, pictures, "setup-queue")
    page.get_by_role("button", name="Approve: comment by Gatepost check").click()
    expect(page.locator("#toast")).to_contain_text("Approved")
    page.goto(f"{blog.origin}/river/")
    expect(page.locator(".gp-text")).to_contain_text("sent to see whether comments arrive")


def become_owner(page):
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Become the owner").click()


def paste(page, blog):
    """Copy the snippet by its button, and put it on a page of the blog."""
    page.get_by_role("button", name="Copy the snippet").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.count("/path/of/this/page/") == 4  # three to replace, and the note that says so
    blog.put("/river/", PAGE + copied.replace("/path/of/this/page/", "/river/"))

"""The page of keys and the page about the API in a real browser, on a phone."""

import re

import pytest

from models import Role
from tests.browser.barriers import barriers
from tests.live import live
from tests.serving import free_port
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire

PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture
def place(make_app, sqlite_url):
    base = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=base)
    hire(app, site_of(app), role=Role.OWNER)
    with live(app, base):
        yield base


def test_a_key_is_made_and_copied_on_a_phone_and_axe_finds_nothing(place, browser, pictures):
    context = browser.new_context(viewport=PHONE, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{place}/login?next=/sites/blog/keys")
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert lines_of_tabs(page) == 1
    place_of_tab = page.get_by_role("link", name="Keys", exact=True).bounding_box()
    assert place_of_tab["x"] + place_of_tab["width"] <= PHONE["width"], "scrolled to where it is"
    page.set_viewport_size(DESKTOP)
    assert lines_of_tabs(page) == 1
    page.set_viewport_size(PHONE)
    page.get_by_label("Which program gets it").fill("Build server")
    page.get_by_label("read", exact=True).check()
    page.get_by_role("button", name="Make the key").click()

    shown = page.get_by_label("Key", exact=True)
    assert shown.input_value().startswith("gpk_")
    page.get_by_role("button", name="Copy the key").click()
    page.get_by_role("status").filter(has_text=re.compile("Copied|selected")).wait_for()
    page.screenshot(path=pictures / "keys-phone.png", full_page=True)
    for path in (None, "/api/v1/"):
        if path:
            page.goto(f"{place}{path}")
        assert barriers(page, None) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    context.close()


def lines_of_tabs(page):
    tabs = page.get_by_role("navigation", name="Blog").get_by_role("link")
    return len({one["y"] for one in (tab.bounding_box() for tab in tabs.all())})

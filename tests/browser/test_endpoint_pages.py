"""The pages of endpoints in a real browser: readable on any screen, from adding one to its end."""

import pytest
from playwright.sync_api import expect

from models import Endpoint, Role
from service.app import Outside, create_app
from tests.browser.test_model_pages import DESKTOP, NARROW, assert_no_barrier
from tests.browser.test_rules_pages import signed_in
from tests.building import found_demo_site, rows
from tests.conftest import Clock, scorer, settings_of
from tests.databases import closing_all
from tests.live import live
from tests.serving import free_port
from tests.web.staff import hire

URL = "https://hooks.example.org/services/" + "x" * 80


@pytest.fixture(scope="module")
def served(databases, tmp_path_factory):
    """The application and address of a served site that Olga owns."""
    address = f"http://127.0.0.1:{free_port()}"
    url = databases.fresh("sqlite")
    settings = settings_of(tmp_path_factory.mktemp("house"), url, base_url=address)
    app = create_app(settings, Outside(now=Clock(), scorer=scorer()))
    with closing_all(app):
        hire(app, found_demo_site(app), "Olga", Role.OWNER)
        with live(app, address):
            yield app, address
    databases.drop(url)


def test_an_endpoint_is_added_looked_after_and_removed(browser, served):
    app, address = served
    page = signed_in(browser, address, viewport=NARROW, color_scheme="dark")

    def press(button, says):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("status")).to_contain_text(says)

    page.goto(f"{address}/sites/blog/endpoints")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter an address")
    assert_no_barrier(page)
    page.get_by_label("Address").fill(URL)
    page.get_by_label("comment.approved").check()
    press("Add the endpoint", "Added.")
    press("Make a new secret", "Rotated.")
    page.get_by_role("button", name="Show the secrets").click()
    expect(page.locator("code.secret")).to_have_count(2)
    assert_no_barrier(page)
    press("End the older ones now", "have ended")
    press("Pause", "Paused.")
    press("Resume", "Resumed.")

    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    page.get_by_role("link", name="All endpoints").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text(URL)
    assert_no_barrier(page)
    page.get_by_role("link", name="Secrets, pause, test").click()
    press("Remove this endpoint", "Removed.")
    assert rows(app, Endpoint)[-1].removed_at is not None
    page.context.close()

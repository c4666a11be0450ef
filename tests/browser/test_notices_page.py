"""The page of one's own mail in a real browser, on a phone, without a script."""

import pytest

from models import Role
from tests.browser.barriers import barriers
from tests.building import found_demo_site, join
from tests.live import live
from tests.serving import free_port
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def place(make_app, sqlite_url):
    base = f"http://127.0.0.1:{free_port()}"
    server = {"smtp_host": "127.0.0.1", "mail_from": "comments@service.example"}
    app = make_app(sqlite_url, base_url=base, **server)
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    join(app, hire(app, site_of(app)), other.id, Role.OWNER)
    with live(app, base):
        yield base


def test_mail_is_set_on_a_phone_without_scripts_and_axe_finds_nothing(place, browser, pictures):
    context = browser.new_context(viewport=PHONE, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{place}/login?next=/notices")
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/notices")
    plain = browser.new_context(
        viewport=PHONE, java_script_enabled=False, storage_state=context.storage_state()
    ).new_page()
    plain.goto(f"{place}/notices")
    other = plain.get_by_role("region", name="Other")
    other.get_by_label("At once").select_option("All that wait")
    other.get_by_label("Quiet from").fill("22:00")
    other.get_by_role("button", name="Save").click()
    assert plain.get_by_role("alert").inner_text().endswith("or neither")

    other = plain.get_by_role("region", name="Other")
    other.get_by_label("Quiet until").fill("07:00")
    other.get_by_role("button", name="Save").click()

    assert plain.get_by_role("status").inner_text() == "Saved."
    page.goto(f"{place}/notices")
    page.screenshot(path=pictures / "notices-phone.png")
    assert barriers(page, None) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.get_by_role("region", name="Other").get_by_label("At once").input_value() == "all"
    plain.context.close()
    context.close()

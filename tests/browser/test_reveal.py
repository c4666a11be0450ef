"""An owner reveals an author's address in a real browser; the page keeps it nowhere."""

from playwright.sync_api import expect

from models import Comment, Role
from tests.browser.test_setting_up import looked_at, page, place  # noqa: F401 - fixtures
from tests.building import COMMENT, rows
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire


def test_the_address_is_shown_once_to_anybody_who_can_read(place, page, pictures):  # noqa: F811 - fixtures
    app, service, _blog = place
    hire(app, site_of(app), "Olga", Role.OWNER)
    sent = app.test_client().post("/s/blog/comments", json=COMMENT, base_url=service)
    assert sent.status_code == 202
    card = f"/queue/{rows(app, Comment)[0].public_id}"
    page.goto(f"{service}/login?next={card}")
    page.get_by_label("Email address").fill("olga@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.locator("summary", has_text="s address").click()
    page.get_by_role("button", name="Reveal the address").click()
    page.get_by_label("Why you look").select_option(label="To answer the author by mail")
    looked_at(page, pictures, "reveal-ask")
    page.get_by_role("button", name="Reveal the address").click()

    expect(page.locator(".revealed")).to_have_text(COMMENT["email"])
    looked_at(page, pictures, "reveal")
    assert COMMENT["email"] not in page.url
    page.get_by_role("link", name="Back to the comment").click()
    expect(page.get_by_role("heading", name="Comment", exact=True)).to_be_visible()
    assert COMMENT["email"] not in page.content()
    page.goto(f"{service}/queue/some/where/else")
    looked_at(page, pictures, "refused")

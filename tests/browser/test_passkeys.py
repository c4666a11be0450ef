"""Passkeys in a real browser with Chromium's virtual device; every page of signing in, by axe."""

import re

import pytest
from playwright.sync_api import expect

from models import Site
from tests.browser.barriers import barriers
from tests.browser.test_story import DESKTOP, PHONE
from tests.building import rows
from tests.live import live
from tests.serving import free_port
from tests.web.factor import Phone
from tests.web.staff import PASSWORD, hire

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def base(make_app, sqlite_url):
    """A house at a name that browsers take for passkeys."""
    base = f"http://localhost:{free_port()}"
    app = make_app(sqlite_url, base_url=base)
    hire(app, rows(app, Site)[0])
    with live(app, base):
        yield base


@pytest.fixture
def page(browser):
    """A page whose browser has a device that keeps passkeys."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield page
    context.close()


def sign_in(page, base):
    page.goto(f"{base}/login")
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def look_over(page, pictures, name):
    """Axe finds nothing, in either light, and a phone needs no sideways scrolling."""
    for scheme, size, kind in (("light", DESKTOP, "desktop"), ("dark", PHONE, "phone")):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=pictures / f"account-{name}-{kind}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)


def add_passkey(page, name):
    page.get_by_label("Name of a new passkey").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def make_the_first(page, base, pictures):
    """Sign in by password and make a passkey, the first second factor."""
    sign_in(page, base)
    page.get_by_role("link", name="Ana").click()
    look_over(page, pictures, "empty")
    add_passkey(page, "laptop")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    look_over(page, pictures, "codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("laptop added")).to_be_visible()


def test_a_passkey_is_made_used_alone_used_beside_the_password_and_removed(base, page, pictures):
    make_the_first(page, base, pictures)

    sign_out(page)
    look_over(page, pictures, "login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{base}/queue")

    sign_out(page)
    sign_in(page, base)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    look_over(page, pictures, "second")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{base}/queue")

    page.goto(f"{base}/login/again?next=/account")
    look_over(page, pictures, "again")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{base}/account")
    look_over(page, pictures, "full")
    add_passkey(page, "the same device")
    expect(page.get_by_text("has a passkey for your account already")).to_be_visible()
    page.get_by_role("button", name="Remove the passkey laptop").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()

    page.set_viewport_size(PHONE)  # the bar of a phone has no room for the button
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey was not accepted")).to_be_visible()
    sign_in(page, base)
    expect(page).to_have_url(f"{base}/queue")


def test_an_app_is_set_up_from_the_picture_and_its_key(base, browser, clock, pictures):
    page = browser.new_context(viewport=DESKTOP, java_script_enabled=False).new_page()
    sign_in(page, base)
    page.goto(f"{base}/account")
    page.get_by_role("button", name="Set up an app").click()
    key = page.locator("code.secret").inner_text()
    assert re.fullmatch(r"([A-Z2-7]{4} ?){8}", key)
    box = page.get_by_role("img", name="QR code of the key below").locator("svg").bounding_box()
    assert box["width"] == box["height"] >= 200
    phone = Phone(key, clock)
    page.get_by_label("The code it shows now").fill("000000")
    page.get_by_role("button", name="Switch it on").click()
    page.screenshot(path=pictures / "account-app.png", full_page=True)
    page.get_by_label("The code it shows now").fill(phone.code())
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    clock.move(minutes=1)

    sign_out(page)
    sign_in(page, base)
    page.get_by_label("Code").fill(phone.code())
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{base}/queue")
    page.context.close()

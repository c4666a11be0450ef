"""The whole way, as people see it: written, waiting, approved, on the page, told to the site.

The pictures of each step go to the folder named by GATEPOST_PICTURES (docs/images when they are
renewed), else to a temporary one.
"""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers, rules_for
from tests.serving import ROOT, free_port

DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    """A receiver of its own that verifies; yields (url, secret file, process)."""
    port, secret = free_port(), tmp_path_factory.mktemp("verifier") / "secret"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.verifier", str(port), str(secret)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield f"http://127.0.0.1:{port}/hook", secret, process
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture(scope="module")
def staff(browser, demo):
    """The owner's browser, signed in with what the demo printed."""
    page = browser.new_context(viewport=DESKTOP).new_page()
    who, password = re.search(r"as (\S+) with the password (\S+)", demo.lines[0]).groups()
    page.goto(f"{demo.service}/login")
    page.get_by_label("Email address").fill(who)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{demo.service}/queue")
    yield page
    page.context.close()


def subscribe(page, demo, verifier):
    """Add the verifier as an endpoint and give it the secret; returns its process."""
    url, secret, process = verifier
    page.goto(f"{demo.service}/sites/demo/endpoints")
    page.get_by_label("Address").fill(url)
    page.get_by_label("comment.approved").check()
    page.get_by_role("button", name="Add the endpoint").click()
    page.get_by_role("button", name="Show the secrets").click()
    secret.write_text(page.locator("code.secret").inner_text())
    return process


def write(page, name, text):
    page.locator("#comment").fill(text)
    page.locator("#author").fill(name)
    page.locator("#email").fill(f"{name.lower()}@example.org")
    page.get_by_role("button", name="Post Comment").click()


def approve(page, demo, name):
    page.goto(f"{demo.service}/queue")
    page.get_by_role("button", name=f"Approve: comment by {name}").click()
    expect(page.locator(".undo")).to_contain_text(f"Approved: comment by {name}")


def next_verified(process):
    return process.stdout.readline().strip()


def test_from_the_readers_page_to_the_sites_webhook(browser, demo, staff, verifier, pictures):
    process = subscribe(staff, demo, verifier)
    reader = browser.new_context(viewport=DESKTOP).new_page()
    reader.goto(demo.blog)
    reader.wait_for_load_state("networkidle")
    reader.locator("#respond").scroll_into_view_if_needed()
    reader.screenshot(path=pictures / "reader-form.png")
    write(reader, "Iracema", "My father worked on that river. **Thank you** for writing it down.")
    thanks = "Thank you, Iracema. Your comment is awaiting moderation."
    expect(reader.get_by_text(thanks)).to_be_visible()
    reader.get_by_text(thanks).evaluate("element => element.scrollIntoView({block: 'center'})")
    reader.screenshot(path=pictures / "reader-thanks.png")

    plain = browser.new_context(viewport=DESKTOP, java_script_enabled=False).new_page()
    plain.goto(demo.blog)
    write(plain, "Benedikt", "Who buys the leaves, and at what price? That is the question.")
    expect(plain.get_by_role("heading", level=1)).to_be_visible()
    assert "/thanks" in plain.url
    plain.screenshot(path=pictures / "reader-thanks-without-javascript.png")

    staff.goto(f"{demo.service}/queue")
    staff.screenshot(path=pictures / "queue-desktop.png")
    for name in ("Iracema", "Benedikt"):
        approve(staff, demo, name)
        assert next_verified(process) == f"verified comment.approved {name}"
    staff.screenshot(path=pictures / "queue-undo.png")

    for page in (reader, plain):
        page.goto(demo.blog)
        for name in ("Iracema", "Benedikt"):
            expect(page.locator(".gp-comments, gatepost-comments").first).to_contain_text(name)
    reader.get_by_text("My father worked on that river").first.scroll_into_view_if_needed()
    reader.screenshot(path=pictures / "reader-thread.png")
    for page in (reader, plain):
        page.context.close()


def test_a_moderator_sees_why_on_a_desk_and_on_a_phone(demo, staff, pictures):
    staff.goto(f"{demo.service}/queue?status=spam")
    staff.locator(".facts a").first.click()
    expect(staff.get_by_text("What the score is made of")).to_be_visible()
    staff.screenshot(path=pictures / "comment-desktop.png", full_page=True)
    staff.set_viewport_size(PHONE)
    staff.goto(f"{demo.service}/queue")
    staff.screenshot(path=pictures / "queue-phone.png")
    width = staff.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    staff.set_viewport_size(DESKTOP)
    staff.goto(f"{demo.service}/sites/demo/statistics")
    staff.screenshot(path=pictures / "statistics-desktop.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/queue",
        "/queue?status=spam",
        "/sites",
        "/sites/demo",
        "/sites/demo/endpoints",
        "/sites/demo/team",
        "/sites/demo/audit",
        "/sites/demo/statistics",
        "/statistics?days=7",
    ],
)
def test_the_moderators_pages_have_no_barrier(demo, staff, path, scheme):
    staff.emulate_media(color_scheme=scheme)
    for size in (DESKTOP, {"width": 320, "height": 640}):
        staff.set_viewport_size(size)
        staff.goto(f"{demo.service}{path}")
        assert barriers(staff, rules_for(scheme)) == []
        assert staff.evaluate("document.documentElement.scrollWidth") <= size["width"]
    staff.set_viewport_size(DESKTOP)


def test_the_pages_before_signing_in_have_no_barrier(browser, demo, pictures):
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(f"{demo.service}/login")
    assert barriers(page) == []
    page.get_by_label("Email address").fill("nobody@example.org")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.screenshot(path=pictures / "login-error.png")
    assert barriers(page) == []
    page.context.close()

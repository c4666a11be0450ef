"""Every page that readers see, and those of moderators about pages: no barrier, on any screen.

In English and in Arabic, by day and by night, on the narrowest phone.
"""

import itertools
import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Comment, Role, Status, Thread
from service import privacy
from service.db import transaction
from tests.browser.barriers import WCAG, barriers, rules_for
from tests.browser.strange_pages import staged
from tests.browser.test_round_trip import open_embed, post_form, write
from tests.building import rows
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire

DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 320, "height": 640}
LANGUAGES = {"en": "", "ar": ' dir="rtl"'}
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def stage(databases, tmp_path_factory):
    settings = {
        "smtp_host": "127.0.0.1",
        "smtp_security": "none",
        "mail_from": "comments@service.example",
    }
    with staged(databases, tmp_path_factory.mktemp("stage"), **settings) as found:
        words = "A comment with **weight** and `code`, and a https://example.org/link/to/read."
        for name in ("/thread/", "/closed/"):
            parent = found.publish(name, words, name="Marta")
            found.publish(name, "An answer to that.", name="Tom", parent=parent)
            found.publish(name, "Another voice.", name="Ines")
        with found.app.app_context(), transaction() as session:
            closed = session.scalars(sa.select(Thread).where(Thread.page == "/closed/")).one()
            closed.closed_at = found.house.now()
        yield found


@pytest.fixture(params=LANGUAGES)
def tongue(request):
    return request.param


@pytest.fixture
def page(browser, tongue):
    """A reader's window on a phone."""
    context = browser.new_context(viewport=PHONE, locale=tongue)
    yield context.new_page()
    context.close()


def assert_no_barrier(page, rules=None):
    """Look at a page by day and by night."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert (scheme, barriers(page, rules_for(scheme, rules))) == (scheme, [])
    page.emulate_media(color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


# On a stranger's page ----------------------------------------------------------------------


def embed(stage, tongue):
    # The form's heading is of the third level: the page has one of the second above it.
    headed = "<h2>Comments</h2>{}".format
    return stage.put("/thread/", lang=tongue, more=LANGUAGES[tongue], change=headed)


def paint(page):
    """Give a page without a background its browser's own: the checker would take it for white."""
    page.evaluate("document.documentElement.style.background = 'Canvas'")


def write_waiting(page, stage, tongue):
    """Open the embed with a comment of one's own that waits."""
    open_embed(page, embed(stage, tongue))
    write(page, "Ana", f"Mine, number {next(NUMBERS)}.")
    post_form(page)
    expect(page.locator(".gp-own article")).to_be_visible()


def test_a_thread_with_my_waiting_comment_and_a_reply_gone_wrong(page, stage, tongue):
    write_waiting(page, stage, tongue)
    expect(page.locator(".gp-sort")).to_be_visible()
    page.locator(".gp-reply").first.click()
    page.locator("#email").fill("wrong")
    page.locator("#author").fill("")
    post_form(page)

    expect(page.locator("#comment-error")).to_be_visible()
    expect(page.locator("#comment")).to_be_focused()
    paint(page)
    assert_no_barrier(page)


def test_the_embed_of_a_closed_page(page, stage, tongue):
    page.goto(stage.put("/closed/", lang=tongue, more=LANGUAGES[tongue]))
    expect(page.locator(".gp-closed")).to_be_visible()
    expect(page.locator("#respond")).to_be_hidden()
    paint(page)
    assert_no_barrier(page)


# Our own pages -----------------------------------------------------------------------------


def open_form(page, stage, tongue, name="/thread/"):
    page.goto(f"{stage.service}/s/blog/form?page={name}&lang={tongue}")
    expect(page.locator("html")).to_have_attribute("lang", tongue)


def open_refused(page, stage, tongue):
    open_form(page, stage, tongue)
    page.locator("#email").fill("wrong")
    post_form(page)
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#email")).to_have_value("wrong")


def open_crowded(page, stage, tongue):
    open_form(page, stage, tongue)
    write(page, "Ana", "In a crowd.")
    stage.set_policy(under_attack=True)
    try:
        stage.fill_slow_lane()
        with page.expect_response("**/comments") as answer:
            post_form(page)
    finally:
        stage.set_policy(under_attack=False)
    assert answer.value.status == 429
    expect(page.locator("#comment")).to_have_value("In a crowd.")


def open_thanks(page, stage, tongue):
    open_form(page, stage, tongue)
    write(page, "Ana", f"Thanks, number {next(NUMBERS)}.")
    post_form(page)
    expect(page.locator(".lead")).to_contain_text("Ana")


def wished(stage, tongue):
    """A comment whose author asked for mail; returns the receipt's address and the mail token."""
    email = f"reader-{next(NUMBERS)}@example.org"
    told = stage.send(notify="yes", lang=tongue, page="/thread/", email=email).json
    return told["receipt"], privacy.mail_token(told["id"], stage.house.ring)


def open_mail(page, stage, tongue, door):
    _, token = wished(stage, tongue)
    page.goto(f"{stage.service}/mail/{door}/{token}")
    expect(page.locator("html")).to_have_attribute("lang", tongue)
    return page.locator("main button")


def open_confirm(page, stage, tongue):
    expect(open_mail(page, stage, tongue, "confirm")).to_be_visible()


def open_confirmed(page, stage, tongue):
    open_mail(page, stage, tongue, "confirm").click()
    expect(page.get_by_role("status")).to_be_visible()


def open_unsubscribe(page, stage, tongue):
    expect(open_mail(page, stage, tongue, "unsubscribe")).to_be_visible()


def open_unsubscribed(page, stage, tongue):
    open_mail(page, stage, tongue, "unsubscribe").click()
    expect(page.get_by_role("status")).to_be_visible()


def open_receipt(page, stage, tongue):
    receipt, token = wished(stage, tongue)
    page.goto(f"{stage.service}/mail/confirm/{token}")
    page.locator("main button").click()
    page.goto(receipt)
    expect(page.locator("[value=stop_mail]")).to_be_visible()


def open_closed(page, stage, tongue):
    open_form(page, stage, tongue, "/closed/")
    expect(page.locator("#commentform")).to_have_count(0)


@pytest.mark.parametrize(
    "open_page",
    [
        open_form,
        open_refused,
        open_crowded,
        open_thanks,
        open_confirm,
        open_confirmed,
        open_unsubscribe,
        open_unsubscribed,
        open_receipt,
        open_closed,
    ],
)
def test_a_page_of_ours(page, stage, tongue, open_page):
    open_page(page, stage, tongue)

    expect(page.locator("html")).to_have_attribute("dir", "rtl" if tongue == "ar" else "ltr")
    assert_no_barrier(page)


# Keyboard ----------------------------------------------------------------------------------

HERE = """() => {
  const here = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(here);
  const seen = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  return [here.id || here.className || here.localName, seen];
}"""


def walk(page, end, most=40):
    """Press Tab until `end` has focus; returns the stops, each with whether it shows."""
    stops = []
    while not stops or (stops[-1][0] != end and len(stops) < most):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(HERE))
    return stops


def test_a_keyboard_reaches_everything_in_the_embed_and_shows_where_it_is(page, stage, tongue):
    open_embed(page, embed(stage, tongue))

    stops = walk(page, "submit")

    names = [name for name, _ in stops]
    way = ["select", "gp-reply", "comment", "author", "email", "url", "notify"]
    way += ["gatepost-remember", "submit"]
    assert [name for name in dict.fromkeys(names) if name in way] == way
    assert names.count("gp-reply") == 3
    assert [name for name, seen in stops if not seen] == []


def test_a_reply_is_written_and_mended_by_keyboard_alone(page, stage, tongue):
    open_embed(page, embed(stage, tongue))
    walk(page, "gp-reply")
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_be_focused()
    page.keyboard.type(f"By keyboard, number {next(NUMBERS)}.")
    walk(page, "submit")
    page.keyboard.press("Enter")
    expect(page.locator("#author")).to_be_focused()
    expect(page.locator("#author")).to_have_attribute("aria-describedby", "author-error")

    page.keyboard.type("Ana")
    page.keyboard.press("Tab")
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Enter")

    expect(page.locator(".gp-own article").last).to_contain_text("By keyboard")
    sent = rows(stage.app, Comment)[-1]
    assert (sent.status, sent.parent_id is None) == (Status.PENDING, False)


# Moderators --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def owner(browser, stage):
    hire(stage.app, site_of(stage.app), "Olga", Role.OWNER)
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(f"{stage.service}/login")
    page.get_by_label("Email address").fill("olga@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{stage.service}/queue")
    yield page
    page.context.close()


def page_address(stage):
    [thread] = rows(stage.app, Thread, Thread.page == "/thread/")
    return f"{stage.service}/sites/blog/pages/{thread.id}"


def open_settings(owner, stage):
    owner.goto(f"{stage.service}/sites/blog")
    expect(owner.get_by_label("Levels of replies")).to_be_visible()


def open_pages(owner, stage):
    owner.goto(f"{stage.service}/sites/blog/pages")


def open_one_page(owner, stage):
    owner.goto(page_address(stage))
    owner.get_by_label("Another name").fill(f"/a-former-name-{next(NUMBERS)}/")
    owner.get_by_role("button", name="Add the name").click()
    expect(owner.get_by_role("status")).to_have_text("Saved.")


def open_refused_page(owner, stage):
    owner.goto(page_address(stage))
    owner.get_by_label("To the page").fill("/nowhere/")
    owner.get_by_role("button", name="Go on").click()
    expect(owner.locator("#into-error")).to_be_visible()


def open_merge_question(owner, stage):
    owner.goto(page_address(stage))
    owner.get_by_label("To the page").fill("/closed/")
    owner.get_by_role("button", name="Go on").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text(re.compile("Move .* comments?"))


@pytest.mark.parametrize(
    "open_page",
    [open_settings, open_pages, open_one_page, open_refused_page, open_merge_question],
)
def test_a_page_of_the_moderators(owner, stage, open_page):
    for size in (DESKTOP, PHONE):
        owner.set_viewport_size(size)
        open_page(owner, stage)
        assert_no_barrier(owner, WCAG)
    owner.set_viewport_size(DESKTOP)


# Pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tongue", ["en"])
def test_the_pictures_of_the_guide(page, owner, stage, tongue, pictures):
    write_waiting(page, stage, tongue)
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.locator(".gp-own").evaluate("element => element.scrollIntoView({block: 'center'})")
        page.screenshot(path=pictures / f"reader-waiting-{name}.png")
    open_form(page, stage, "ar")
    page.set_viewport_size(PHONE)
    page.locator("#respond").evaluate("element => element.scrollIntoView()")
    page.screenshot(path=pictures / "reader-arabic-phone.png")
    page.set_viewport_size(DESKTOP)
    open_confirm(page, stage, tongue)
    page.screenshot(path=pictures / "mail-confirm.png")
    open_one_page(owner, stage)
    owner.screenshot(path=pictures / "page-desktop.png", full_page=True)

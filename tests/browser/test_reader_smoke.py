"""A reader in a real browser, on the demo blog: another origin, a strict policy, JS on and off."""

import json
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers, rules_for

STATUS = ".gp-status"
THANKS = "Thank you, {name}. Your comment is awaiting moderation."
REMEMBER = "Save my name, email, and website in this browser for the next time I comment."
LISTENERS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


@pytest.fixture
def reader(browser):
    """A browser window with JavaScript that notes every breach of the page's policy."""
    context = browser.new_context()
    context.add_init_script(LISTENERS)
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_reader(browser):
    """A browser window without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def open_blog(page, demo):
    """Open the article and wait for the embed's comforts."""
    page.goto(demo.blog)
    expect(page.get_by_label(REMEMBER)).to_be_visible()
    page.locator("gatepost-comments").scroll_into_view_if_needed()
    expect(page.get_by_label("Sort by")).to_be_visible()
    page.wait_for_load_state("networkidle")


def type_in(page, **fields):
    values = {"author": "Ana Souza", "email": "ana.souza@example.org", **fields}
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)


def post(page):
    page.get_by_role("button", name="Post Comment").click()


def test_the_demo_says_first_where_to_sign_in_and_then_where_the_blog_is(demo):
    service, blog, kept = demo.lines

    assert service.startswith(f"Open {demo.service}/queue and sign in as marta@example.org")
    assert blog == f"Blog with comments: {demo.blog}\n"
    assert kept == "demo: nothing is kept\n"


# With JavaScript ------------------------------------------------------------------------


def test_a_comment_is_sent_without_leaving_the_page(reader, demo):
    open_blog(reader, demo)
    type_in(reader, comment="Sent by a script.")
    with reader.expect_request(lambda request: request.method == "POST") as sent:
        post(reader)

    expect(reader.locator(STATUS)).to_have_text(THANKS.format(name="Ana Souza"))
    expect(reader.locator(STATUS)).to_have_attribute("role", "status")
    expect(reader.locator("#comment")).to_have_value("")
    assert reader.url == demo.blog
    headers = sent.value.all_headers()
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert "cookie" not in headers
    fields = parse_qs(sent.value.post_data)
    assert fields["title"] == ["What the river carries: a report from the upper Amazon"]
    assert fields["page"] == ["/demo/"]


def test_the_private_link_is_handed_over(reader, demo):
    open_blog(reader, demo)
    type_in(reader, comment="Give me my link.")
    post(reader)

    link = reader.get_by_role("link", name="See what becomes of it").get_attribute("href")

    assert link.startswith(f"{demo.service}/receipts/")


def test_the_page_s_strict_policy_is_kept(reader, demo):
    policy = reader.goto(demo.blog).header_value("content-security-policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    open_blog(reader, demo)
    type_in(reader, comment="")
    post(reader)
    expect(reader.locator("#comment-error")).to_be_visible()
    type_in(reader, comment="Under a strict policy.")
    post(reader)
    expect(reader.locator(STATUS)).to_have_text(THANKS.format(name="Ana Souza"))

    assert reader.evaluate("window.violations") == []
    assert reader.context.cookies() == []


def test_the_style_comes_without_a_style_element(reader, demo):
    open_blog(reader, demo)

    line = reader.locator(".gp-replies").first.evaluate(
        "element => getComputedStyle(element).borderInlineStartStyle"
    )
    assert line == "solid"
    assert reader.locator("style").count() == 0


def test_mistakes_are_shown_at_their_fields_and_nothing_typed_is_lost(reader, demo):
    open_blog(reader, demo)
    type_in(reader, comment="Words to keep.", email="wrong", url="also wrong", author="")
    post(reader)

    expect(reader.locator("#author")).to_be_focused()
    expect(reader.locator("#author-error")).to_have_text("Error: Enter your name")
    for name in ("author", "email", "url"):
        expect(reader.locator(f"#{name}")).to_have_attribute("aria-invalid", "true")
    described = reader.locator("#email").get_attribute("aria-describedby")
    assert described == "email-error email-notes"
    expect(reader.locator("#comment")).to_have_value("Words to keep.")
    expect(reader.locator("#email")).to_have_value("wrong")

    type_in(reader, url="")
    post(reader)
    expect(reader.locator(STATUS)).to_have_text(THANKS.format(name="Ana Souza"))
    assert reader.locator("[aria-invalid]").count() == 0
    assert reader.locator("#email").get_attribute("aria-describedby") == "email-notes"


def test_a_lost_connection_loses_no_words_and_the_next_try_is_the_same_submission(reader, demo):
    open_blog(reader, demo)
    sent = []
    reader.on("request", lambda one: sent.append(one.post_data) if "/comments" in one.url else 0)
    reader.route("**/s/demo/comments", lambda route: route.abort())
    type_in(reader, comment="Written in a tunnel.")
    post(reader)
    expect(reader.locator(STATUS)).to_contain_text("could not be sent")
    expect(reader.locator("#comment")).to_have_value("Written in a tunnel.")

    reader.unroute("**/s/demo/comments")
    post(reader)

    expect(reader.locator(STATUS)).to_have_text(THANKS.format(name="Ana Souza"))
    first, second = sent
    assert first == second
    assert len(parse_qs(first)["submission_id"][0]) > 20
    assert reader.locator("[name=submission_id]").input_value() not in first


def test_the_author_is_remembered_only_when_asked(reader, demo):
    open_blog(reader, demo)
    expect(reader.get_by_label(REMEMBER)).not_to_be_checked()
    type_in(reader, comment="Forget me.")
    post(reader)
    expect(reader.locator(STATUS)).to_contain_text("Thank you")
    assert reader.evaluate("localStorage.getItem('gatepost:author')") is None

    open_blog(reader, demo)
    expect(reader.locator("#author")).to_have_value("")
    type_in(reader, comment="Remember me.", url="https://example.org")
    reader.get_by_label(REMEMBER).check()
    assert reader.evaluate("localStorage.getItem('gatepost:author')") is None
    post(reader)
    expect(reader.locator(STATUS)).to_contain_text("Thank you")

    open_blog(reader, demo)
    expect(reader.locator("#author")).to_have_value("Ana Souza")
    expect(reader.locator("#email")).to_have_value("ana.souza@example.org")
    expect(reader.locator("#url")).to_have_value("https://example.org")
    expect(reader.locator("#comment")).to_have_value("")
    reader.get_by_label(REMEMBER).uncheck()
    assert reader.evaluate("localStorage.getItem('gatepost:author')") is None


def test_a_reply_is_written_in_place(reader, demo):
    open_blog(reader, demo)
    link = reader.get_by_role("link", name="Reply to Tom Brandt").first
    article = reader.locator("article.gp-comment").filter(has=link).first
    public_id = article.get_attribute("id").removeprefix("comment-")
    link.click()

    expect(reader.locator("#reply-title")).to_have_text("Leave a Reply to Tom Brandt")
    expect(reader.locator("#comment")).to_be_focused()
    expect(reader.locator("[name=parent]")).to_have_value(public_id)
    assert article.evaluate("element => element.nextElementSibling.id") == "respond"

    reader.get_by_role("button", name="Cancel reply").click()
    expect(reader.locator("#reply-title")).to_have_text("Leave a Reply")
    expect(reader.locator("[name=parent]")).to_have_value("")
    expect(link).to_be_focused()


def test_another_page_in_the_same_window_brings_its_own_thread(reader, demo):
    open_blog(reader, demo)
    assert reader.locator("article.gp-comment").count() > 10

    reader.locator("gatepost-comments").evaluate("e => e.setAttribute('page', '/other/')")

    expect(reader.locator("article.gp-comment")).to_have_count(0)
    expect(reader.locator("[name=page]")).to_have_value("/other/")


# Without JavaScript -----------------------------------------------------------------------


def test_without_javascript_the_thread_is_there_and_a_comment_goes_in(plain_reader, demo):
    plain_reader.goto(demo.blog)
    assert plain_reader.locator("article.gp-comment").count() > 10
    type_in(plain_reader, comment="Sent by a plain form.", author="Plain Paula")
    post(plain_reader)

    expect(plain_reader.get_by_role("status")).to_have_text(THANKS.format(name="Plain Paula"))
    assert plain_reader.url.startswith(f"{demo.service}/s/demo/thanks?t=")
    plain_reader.get_by_role("link", name="Open my comment").click()
    expect(plain_reader.get_by_text("Awaiting moderation")).to_be_visible()
    assert plain_reader.context.cookies() == []


def test_without_javascript_mistakes_keep_every_word(plain_reader, demo):
    plain_reader.goto(demo.blog)
    type_in(plain_reader, comment="Two\nlines <b>", email="wrong", url="example.org")
    post(plain_reader)

    assert plain_reader.title().startswith("Error: ")
    expect(plain_reader.get_by_role("alert")).to_contain_text("There is a problem")
    expect(plain_reader.locator("#comment")).to_have_value("Two\nlines <b>")
    expect(plain_reader.locator("#email")).to_have_value("wrong")
    expect(plain_reader.locator("#url")).to_have_value("example.org")
    plain_reader.locator("#email").fill("ana.souza@example.org")
    post(plain_reader)
    expect(plain_reader.get_by_role("status")).to_contain_text("Thank you, Ana Souza.")
    plain_reader.get_by_role("link", name="Back to the page").click()
    assert plain_reader.url == demo.blog


def test_without_javascript_a_reply_goes_by_the_hosted_form(plain_reader, demo):
    plain_reader.goto(demo.blog)
    plain_reader.get_by_role("link", name="Reply to Ines Calder").first.click()

    expect(plain_reader.locator("#reply-title")).to_have_text("Leave a Reply to Ines Calder")
    type_in(plain_reader, comment="A reply without a script.")
    post(plain_reader)
    expect(plain_reader.get_by_role("status")).to_contain_text("awaiting moderation")


def test_without_javascript_an_author_edits_and_withdraws(plain_reader, demo):
    plain_reader.goto(demo.hosted)
    type_in(plain_reader, comment="First words.")
    post(plain_reader)
    plain_reader.get_by_role("link", name="Open my comment").click()
    plain_reader.locator("#comment").fill("Better words.")
    plain_reader.get_by_role("button", name="Save changes").click()
    expect(plain_reader.get_by_role("status")).to_have_text("Your changes are saved.")
    expect(plain_reader.locator("#comment")).to_have_value("Better words.")

    with plain_reader.expect_download() as download:
        plain_reader.get_by_role("button", name="Download my data").click()
    kept = json.loads(download.value.path().read_text("utf-8"))
    assert kept["text"] == "Better words."

    plain_reader.get_by_role("button", name="Withdraw comment").click()
    expect(plain_reader.get_by_role("status")).to_have_text("Your comment is withdrawn.")


# For everybody ----------------------------------------------------------------------------


def open_form(page, demo):
    page.goto(demo.hosted)


def open_refused_form(page, demo):
    open_form(page, demo)
    type_in(page, comment="", email="wrong", url="wrong")
    post(page)
    expect(page.locator(".error-summary")).to_be_focused()


def open_thanks(page, demo):
    open_form(page, demo)
    type_in(page, comment=f"From {page.viewport_size} {page.evaluate('Math.random()')}")
    post(page)
    expect(page.get_by_role("heading", name="Comment received")).to_be_visible()


def open_receipt(page, demo):
    open_thanks(page, demo)
    page.get_by_role("link", name="Open my comment").click()
    expect(page.get_by_role("heading", name="Your comment")).to_be_visible()


def open_blog_with_mistakes(page, demo):
    open_blog(page, demo)
    page.get_by_role("link", name="Reply to Tom Brandt").first.click()
    post(page)
    expect(page.locator("#author-error")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "open_page",
    [open_form, open_refused_form, open_thanks, open_receipt, open_blog_with_mistakes],
)
def test_axe_finds_nothing_and_a_phone_needs_no_sideways_scrolling(
    browser, demo, open_page, scheme
):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page = context.new_page()
    open_page(page, demo)

    assert barriers(page, rules_for(scheme, None)) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()

"""The embed's comforts on a stranger's page, under the strictest policy it is made for."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from models import Comment, Status
from service.comments.moderate import Actor, decide
from service.web import reading
from service.web.context import HOUSE
from tests.browser.strange_pages import staged
from tests.building import make_moderator, rows
from tests.web.desk import set_policy, site_of

LISTENERS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
window.heard = [];
for (const name of ["loaded", "sent", "error"]) {
  document.addEventListener(`gatepost:${name}`, () => window.heard.push(name));
}
"""


@pytest.fixture(scope="module")
def stage(databases, tmp_path_factory):
    with staged(databases, tmp_path_factory.mktemp("stage")) as found:
        yield found


@pytest.fixture
def reader(browser):
    """A browser window that notes every breach of the page's policy."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Lisbon")
    context.add_init_script(LISTENERS)
    yield context.new_page()
    context.close()


@pytest.fixture
def page_name(request):
    """A page of its own for each test."""
    return f"/{request.node.name.replace('[', '-').replace(']', '')}/"


def open_page(reader, address):
    reader.goto(address)
    expect(reader.locator("#gatepost-remember")).to_be_visible()
    reader.locator("gatepost-comments").scroll_into_view_if_needed()
    reader.wait_for_load_state("networkidle")


def write(reader, text, name="Ana Souza"):
    reader.locator("#author").fill(name)
    reader.locator("#email").fill("ana.souza@example.org")
    reader.locator("#comment").fill(text)


def post(reader):
    reader.locator("#submit").click()


def articles(reader):
    return reader.locator(".gp-comments article")


def test_my_waiting_comment_is_still_there_after_a_reload_and_gone_when_it_is_published(
    reader, stage, page_name
):
    address = stage.put(page_name)
    open_page(reader, address)
    write(reader, "I shall see this *again*.")
    post(reader)
    own = reader.locator(".gp-own article")
    expect(own).to_contain_text("Awaiting moderation")

    open_page(reader, address)
    expect(own.locator("em")).to_have_text("again")
    link = own.get_by_role("link", name="Edit or withdraw").get_attribute("href")
    assert link.startswith(f"{stage.service}/receipts/")

    stage.decide(rows(stage.app, Comment)[-1].public_id, Status.APPROVED)
    open_page(reader, address)
    expect(own).to_have_count(0)
    expect(articles(reader)).to_have_count(1)


def test_who_was_approved_here_proves_it_by_the_receipt_his_browser_keeps(
    reader, stage, page_name, monkeypatch
):
    unhurried = replace(stage.house.settings, quick_seconds=0)
    monkeypatch.setitem(stage.app.extensions, HOUSE, replace(stage.house, settings=unhurried))
    set_policy(stage.app, site_of(stage.app), publish_proven=True)
    address = stage.put(page_name)
    for text, status in (("The first of mine.", Status.PENDING), ("Next.", Status.APPROVED)):
        open_page(reader, address)
        write(reader, text)
        reader.locator("#email").fill("proven@example.org")
        post(reader)
        expect(reader.locator(".gp-status")).to_contain_text("awaiting moderation")
        newest = rows(stage.app, Comment)[-1]
        assert (newest.text, newest.status) == (text, status)
        if status is Status.PENDING:
            stage.decide(newest.public_id, Status.APPROVED)
            open_page(reader, address)  # here it learns that the first one stands
    open_page(reader, address)
    expect(articles(reader)).to_have_count(2)
    assert reader.evaluate("window.violations") == []
    set_policy(stage.app, site_of(stage.app), publish_proven=False)


def test_somebody_else_does_not_see_it(reader, browser, stage, page_name):
    address = stage.put(page_name)
    open_page(reader, address)
    write(reader, "Only for me, so far.")
    post(reader)
    expect(reader.locator(".gp-own article")).to_be_visible()

    other = browser.new_page()
    open_page(other, address)
    expect(other.get_by_text("Only for me, so far.")).to_have_count(0)
    other.close()


def reject_as_person(stage):
    actor = Actor(make_moderator(stage.app, "Rita", operator=False), [1])
    with stage.app.app_context():
        decide(stage.house, actor, rows(stage.app, Comment)[-1].public_id, Status.TRASH)


def test_that_it_is_not_published_is_said_once(reader, stage, page_name):
    address = stage.put(page_name)
    open_page(reader, address)
    write(reader, "Nobody will like this.")
    post(reader)
    expect(reader.locator(".gp-own article")).to_be_visible()
    reject_as_person(stage)

    open_page(reader, address)
    expect(reader.locator(".gp-own article")).to_contain_text("Not published")
    open_page(reader, address)
    expect(reader.locator(".gp-own article")).to_have_count(0)


def test_a_draft_outlives_a_reload_and_goes_with_the_comment(reader, stage, page_name):
    address = stage.put(page_name)
    open_page(reader, address)
    write(reader, "Half a thought")

    open_page(reader, address)
    expect(reader.locator("#comment")).to_have_value("Half a thought")
    expect(reader.locator("#author")).to_have_value("")
    write(reader, "Half a thought, ended.")
    post(reader)
    expect(reader.locator(".gp-status")).to_contain_text("Thank you")

    open_page(reader, address)
    expect(reader.locator("#comment")).to_have_value("")


def test_near_the_limit_the_characters_left_are_counted_as_the_service_counts(
    reader, stage, page_name
):
    short = stage.put(page_name, change=lambda text: text.replace('"10000"', '"20"'))
    open_page(reader, short)
    left = reader.locator(".gp-left")
    reader.locator("#comment").fill("seventeen letters")
    expect(left).to_have_text("")
    reader.locator("#comment").fill("👍🏽e\u0301" * 6 + "x")  # 4 units each, 3 characters each
    expect(left).to_have_text("Characters left: 1")
    reader.locator("#comment").fill("x" * 23)
    expect(left).to_have_text("Characters too many: 3")
    expect(left).to_have_attribute("role", "status")


def test_the_newest_come_first_where_wished(reader, stage, page_name):
    for text in ("The first.", "The second.", "The third."):
        stage.publish(page_name, text)
    open_page(reader, stage.put(page_name))
    expect(articles(reader).first).to_contain_text("The first.")

    reader.get_by_label("Sort by").select_option("Newest first")

    expect(articles(reader).first).to_contain_text("The third.")
    expect(reader.get_by_label("Sort by")).to_be_focused()
    expect(reader.get_by_label("Sort by")).to_have_value("newest")


def test_a_page_may_begin_with_the_newest(reader, stage, page_name):
    for text in ("The first.", "The second."):
        stage.publish(page_name, text)
    newest = stage.put(
        page_name, change=lambda text: text.replace(" page=", ' sort="newest" page=', 1)
    )
    open_page(reader, newest)

    expect(articles(reader).first).to_contain_text("The second.")
    expect(reader.get_by_label("Sort by")).to_have_value("newest")


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 3)


def test_a_long_thread_goes_on_in_place(reader, stage, page_name, short_pages):
    for number in range(7):
        stage.publish(page_name, f"Number {number} of seven.")
    open_page(reader, stage.put(page_name))
    expect(articles(reader)).to_have_count(3)

    reader.get_by_role("link", name="More comments").click()
    expect(articles(reader)).to_have_count(6)
    expect(articles(reader).nth(3)).to_be_focused()
    reader.get_by_role("link", name="More comments").click()

    expect(articles(reader)).to_have_count(7)
    expect(reader.get_by_role("link", name="More comments")).to_have_count(0)
    assert reader.locator(".gp-thread").count() == 1


def test_a_link_to_a_comment_far_down_shows_that_comment(reader, stage, page_name, short_pages):
    ids = [stage.publish(page_name, f"Number {number} of six.") for number in range(6)]
    address = stage.put(page_name)

    open_page(reader, f"{address}#comment-{ids[4]}")

    expect(articles(reader).first).to_have_id(f"comment-{ids[4]}")
    expect(articles(reader).first).to_be_in_viewport()
    reader.get_by_role("button", name="Show all comments").click()
    expect(articles(reader).first).to_have_id(f"comment-{ids[0]}")


def test_such_a_link_works_on_the_open_page_too(reader, stage, page_name, short_pages):
    ids = [stage.publish(page_name, f"Number {number} of five.") for number in range(5)]
    open_page(reader, stage.put(page_name))
    expect(articles(reader)).to_have_count(3)

    reader.evaluate(f"location.hash = '#comment-{ids[4]}'")

    expect(articles(reader).first).to_have_id(f"comment-{ids[4]}")
    expect(articles(reader).first).to_be_in_viewport()


def test_new_comments_are_offered_and_not_forced_upon_the_reader(reader, stage, page_name):
    reader.clock.install()
    stage.publish(page_name, "Here from the beginning.")
    open_page(reader, stage.put(page_name))
    expect(articles(reader)).to_have_count(1)
    stage.publish(page_name, "Just arrived.")
    stage.publish(page_name, "And another.")

    reader.route("**/counts*", lambda route: route.continue_(headers={"Cache-Control": "no-cache"}))
    reader.clock.fast_forward(61_000)

    offer = reader.get_by_role("button", name="Show new comments (2)")
    expect(offer).to_be_visible()
    expect(articles(reader)).to_have_count(1)
    offer.click()
    expect(articles(reader)).to_have_count(3)
    expect(offer).to_have_count(0)


def test_who_is_writing_a_reply_goes_on_with_it_when_the_thread_is_loaded_again(
    reader, stage, page_name
):
    public_id = stage.publish(page_name, "Answer me.")
    stage.publish(page_name, "Not me.")
    open_page(reader, stage.put(page_name))
    reader.get_by_role("link", name="Reply to").first.click()
    reader.locator("#comment").fill("My answer, half")

    reader.get_by_label("Sort by").select_option("newest")

    expect(articles(reader).first).to_contain_text("Not me.")
    expect(reader.locator("[name=parent]")).to_have_value(public_id)
    expect(reader.locator("#comment")).to_have_value("My answer, half")
    expect(reader.locator(f"#comment-{public_id} + #respond")).to_be_visible()


def test_the_keyboard_keeps_its_place_when_the_thread_is_loaded_again(reader, stage, page_name):
    public_id = stage.publish(page_name, "Here from the beginning.")
    open_page(reader, stage.put(page_name))
    reader.locator(f"#comment-{public_id} .gp-reply").focus()

    old = reader.evaluate_handle("document.activeElement")
    reader.evaluate("document.querySelector('gatepost-comments').load()")

    expect(reader.locator(f"#comment-{public_id} .gp-reply")).to_be_focused()
    assert not old.evaluate("element => element.isConnected")


def test_comments_are_fetched_only_when_they_come_near(reader, stage, page_name):
    asked = []
    reader.on("request", lambda one: asked.append(one.url) if "/thread.html" in one.url else 0)
    tall = "<p>" + "<br>" * 300 + "</p>"
    reader.goto(stage.put(page_name, change=lambda text: tall + text))
    expect(reader.locator("#gatepost-remember")).to_be_attached()
    reader.wait_for_load_state("networkidle")
    assert asked == []

    with reader.expect_response("**/thread.html*"):
        reader.locator("gatepost-comments").scroll_into_view_if_needed()
    assert len(asked) == 1


def test_a_list_of_pages_shows_their_numbers_by_one_question(reader, stage):
    for path, number in (("/one/", 1), ("/two/", 2)):
        for place in range(number):
            stage.publish(path, f"Comment {place} of {path}.")
    script = f'<script type="module" src="{stage.service}/embed.js"></script>'
    counts = "".join(
        f'<p><gatepost-count site="blog" page="{path}">Comments</gatepost-count></p>'
        for path in ("/one/", "/two/", "/none/")
    )
    asked = []
    reader.on("request", lambda one: asked.append(one.url) if "/counts" in one.url else 0)

    reader.goto(stage.put_html("/index/", counts + script))

    expect(reader.locator("gatepost-count")).to_have_text(["1 comment", "2 comments", "0 comments"])
    assert len(asked) == 1


def test_the_reader_s_own_clock_dates_the_comments(reader, stage, page_name):
    stage.publish(page_name, "Dated.")
    open_page(reader, stage.put(page_name))

    shown = reader.locator(".gp-time time")
    expect(shown).not_to_contain_text("UTC")
    expect(shown).to_contain_text(f"{stage.house.now():%Y}")


def test_the_page_s_scripts_hear_what_happens(reader, stage, page_name):
    open_page(reader, stage.put(page_name))
    write(reader, "")
    post(reader)
    expect(reader.locator("#comment-error")).to_be_visible()
    write(reader, "Heard.")
    post(reader)
    expect(reader.locator(".gp-own article")).to_be_visible()

    assert reader.evaluate("window.heard") == ["loaded", "error", "sent"]


def test_nothing_breaks_the_strictest_policy(reader, stage, page_name):
    stage.publish(page_name, "Reply to me.")
    open_page(reader, stage.put(page_name))
    reader.get_by_role("link", name="Reply to").click()
    write(reader, "Under the strictest policy.")
    post(reader)
    expect(reader.locator(".gp-own article")).to_be_visible()

    assert reader.evaluate("window.violations") == []
    assert reader.context.cookies() == []

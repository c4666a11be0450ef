"""The whole way of a reader: written, confirmed, published, answered, ended, erased."""

import base64
import json
import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from models import Comment, Contact, Role, Subscription
from service.out import mail, outbox
from tests.browser.strange_pages import staged
from tests.building import rows
from tests.conftest import Clock
from tests.out.mailbox import Mailbox, links
from tests.web.desk import site_of
from tests.web.staff import PASSWORD, hire

NOTIFY = "Email me when my comment is published or answered."
WAITING = "Many comments are being sent just now. Yours is not lost"
NO_DIGEST = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined });"


@pytest.fixture(scope="module")
def mailbox():
    with Mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def stage(databases, tmp_path_factory, mailbox):
    settings = {
        "undo_hold": 0.0,
        "smtp_host": "127.0.0.1",
        "smtp_port": mailbox.port,
        "smtp_security": "none",
        "mail_from": "comments@service.example",
    }
    with staged(databases, tmp_path_factory.mktemp("stage"), **settings) as found:
        yield found


@pytest.fixture
def window(browser):
    """Opens browser windows of different people."""
    contexts = []

    def one(**options):
        contexts.append(browser.new_context(**options))
        return contexts[-1].new_page()

    yield one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def moderator(browser, stage):
    """A moderator's window, signed in."""
    hire(stage.app, site_of(stage.app), "Rita", Role.MODERATOR)
    page = browser.new_page()
    page.goto(f"{stage.service}/login")
    page.get_by_label("Email address").fill("rita@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{stage.service}/queue")
    yield page
    page.context.close()


def open_embed(page, address):
    page.goto("about:blank")  # a link from a mail loads the page anew
    page.goto(address)
    expect(page.locator("#gatepost-remember")).to_be_visible()
    page.wait_for_load_state("networkidle")


def write(page, name, text):
    page.locator("#comment").fill(text)
    page.locator("#author").fill(name)
    page.locator("#email").fill(f"{name.lower()}@example.org")


def post_form(page):
    page.locator("#submit").click()


def ask(page, address, name, text):
    """Comment and ask for mail."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    write(page, name, text)
    page.get_by_label(NOTIFY).check()
    post_form(page)


def approve(moderator, stage, name):
    moderator.goto(f"{stage.service}/queue")
    moderator.get_by_role("button", name=f"Approve: comment by {name}").click()
    expect(moderator.locator(".undo")).to_contain_text(f"Approved: comment by {name}")


def go_out(stage):
    """Let decisions become events and mails, and the mails go out."""
    with stage.app.app_context():
        outbox.release(stage.house)
        for envelope in mail.claim(stage.house):
            mail.post(stage.house, envelope)


def assert_no_mail(stage, mailbox):
    go_out(stage)
    assert mailbox.empty


def wish(stage):
    return rows(stage.app, Subscription)[-1]


def confirm_from_mail(reader, stage, mailbox):
    """Open the mailed link, which changes nothing, and press its button."""
    go_out(stage)
    [link] = links(mailbox.next())
    reader.goto(link)
    expect(reader.get_by_role("heading", level=1)).to_have_text(
        "Do you want mail about your comment?"
    )
    assert wish(stage).confirmed_at is None

    reader.get_by_role("button", name="Yes, send me mail").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Mail will come")
    assert wish(stage).confirmed_at is not None


def edit(reader, receipt, text):
    reader.goto(receipt)
    reader.locator("#comment").fill(text)
    reader.get_by_role("button", name="Save changes").click()
    expect(reader.get_by_role("status")).to_have_text("Your changes are saved.")


def unsubscribe(reader, stage, link):
    reader.goto(link)
    assert wish(stage).ended_at is None
    reader.get_by_role("button", name="Stop the mail").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("No mail will come")


def erase(reader, stage, receipt, name):
    """Erase the comment; its author's address goes from the database with it."""
    [own] = rows(stage.app, Comment, Comment.name == name)
    [sealed] = [one.email_sealed for one in rows(stage.app, Contact) if one.id == own.contact_id]
    reader.goto(receipt)
    reader.get_by_role("button", name="Erase").click()
    expect(reader.get_by_role("status")).to_have_text("Your data is erased.")

    assert sealed
    assert sealed not in [one.email_sealed for one in rows(stage.app, Contact)]
    [gone] = rows(stage.app, Comment, Comment.id == own.id)
    assert (gone.name, gone.website) == ("", "")


def published_mail(stage, mailbox):
    """The links of the mail that tells of the publication: comment, receipt, end."""
    go_out(stage)
    message = mailbox.next()
    assert message["Subject"] == "Your comment on Blog is published"
    return links(message)


def answered_mail(stage, mailbox, name):
    go_out(stage)
    message = mailbox.next()
    assert message["Subject"] == f"{name} answered your comment on Blog"
    return links(message)


# The whole way ------------------------------------------------------------------------------


def test_with_javascript_from_the_first_word_to_the_last(window, moderator, stage, mailbox):
    address, reader, friend = stage.put("/with/"), window(), window()
    own = reader.locator(".gp-own article")
    article = reader.locator(".gp-comments article", has_text="Better words.")
    replies = reader.locator(".gp-replies article")

    ask(reader, address, "Ana", "First words.")
    expect(reader.locator(".gp-status")).to_contain_text("Thank you, Ana.")
    open_embed(reader, address)
    expect(own).to_contain_text("Awaiting moderation")
    receipt = own.get_by_role("link", name="Edit or withdraw").get_attribute("href")

    confirm_from_mail(reader, stage, mailbox)
    edit(reader, receipt, "Better words.")
    approve(moderator, stage, "Ana")
    link, _, _ = published_mail(stage, mailbox)
    open_embed(reader, link)
    expect(article).to_be_in_viewport()
    expect(own).to_have_count(0)

    reply_in_place(friend, address, "Tom", "I think so too.")
    approve(moderator, stage, "Tom")
    link, _, stop = answered_mail(stage, mailbox, "Tom")
    open_embed(reader, link)
    expect(replies).to_have_text(re.compile("I think so too."))
    expect(replies).to_be_in_viewport()

    unsubscribe(reader, stage, stop)
    reply_in_place(friend, address, "Ines", "And so do I.")
    approve(moderator, stage, "Ines")
    assert_no_mail(stage, mailbox)

    erase(reader, stage, receipt, "Ana")
    open_embed(reader, address)
    expect(reader.locator("article", has_text="I think so too.")).to_be_visible()
    expect(article).to_have_count(0)


def reply_in_place(page, address, name, text):
    open_embed(page, address)
    page.get_by_role("link", name="Reply to Ana").click()
    write(page, name, text)
    post_form(page)
    expect(page.locator(".gp-own")).to_contain_text(text)


def test_without_javascript_from_the_first_word_to_the_last(window, moderator, stage, mailbox):
    address, hosted = stage.put("/without/"), f"{stage.service}/s/blog/form?page=/without/"
    reader, friend = window(java_script_enabled=False), window(java_script_enabled=False)
    article = reader.locator("article", has_text="Wiser words.")

    ask(reader, address, "Bea", "Early words.")
    expect(reader.get_by_role("heading", level=1)).to_have_text("Comment received")
    reader.get_by_role("link", name="Open my comment").click()
    expect(reader.locator(".state")).to_have_text("Awaiting moderation")
    receipt = reader.url

    confirm_from_mail(reader, stage, mailbox)
    edit(reader, receipt, "Wiser words.")
    approve(moderator, stage, "Bea")
    published_mail(stage, mailbox)
    reader.goto(address)
    reader.get_by_role("link", name="Read the comments").click()
    expect(article).to_be_visible()

    reply_on_hosted(friend, hosted, "Ulf", "Plainly so.")
    approve(moderator, stage, "Ulf")
    _, _, stop = answered_mail(stage, mailbox, "Ulf")
    reader.goto(hosted)
    expect(reader.locator(".gp-replies article")).to_contain_text("Plainly so.")

    unsubscribe(reader, stage, stop)
    reply_on_hosted(friend, hosted, "Vera", "Just as plainly.")
    approve(moderator, stage, "Vera")
    assert_no_mail(stage, mailbox)

    erase(reader, stage, receipt, "Bea")
    reader.goto(hosted)
    expect(reader.locator("article", has_text="Plainly so.")).to_be_visible()
    expect(article).to_have_count(0)


def reply_on_hosted(page, hosted, name, text):
    page.goto(hosted)
    page.get_by_role("link", name="Reply to Bea").click()
    write(page, name, text)
    post_form(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Comment received")


# Under attack -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def besieged(databases, tmp_path_factory, clock):
    """A site under attack, asking for little work."""
    with staged(databases, tmp_path_factory.mktemp("besieged"), now=clock, work=2000) as found:
        found.set_policy(under_attack=True)
        yield found


@pytest.fixture(autouse=True)
def a_quiet_while(clock):
    """The slow lane is free when a test begins."""
    clock.move(minutes=10)


def comments_by(besieged, name):
    return [one.text for one in rows(besieged.app, Comment, Comment.name == name)]


def test_under_attack_a_browser_solves_what_is_asked_and_its_comment_is_taken(window, besieged):
    besieged.fill_slow_lane()
    reader = window()
    open_embed(reader, besieged.put("/proof/"))
    write(reader, "Cleo", "I worked for this.")
    with reader.expect_request("**/comments") as sent:
        post_form(reader)
    expect(reader.locator(".gp-own article")).to_contain_text("I worked for this.")

    [proof] = parse_qs(sent.value.post_data)["altcha"]
    assert 0 <= json.loads(base64.b64decode(proof))["number"] <= 2000
    assert sent.value.response().status == 202


def test_under_attack_who_has_no_javascript_is_taken_in_turn(window, besieged):
    reader = window(java_script_enabled=False)
    reader.goto(besieged.put("/turn/"))
    write(reader, "Dora", "By the slow lane.")
    post_form(reader)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Comment received")


def test_under_attack_who_has_to_wait_keeps_every_word_and_sends_it_again(window, besieged, clock):
    besieged.fill_slow_lane()
    reader = window(java_script_enabled=False)
    reader.goto(besieged.put("/wait/"))
    write(reader, "Egon", "I can wait.")
    with reader.expect_response("**/comments") as answer:
        post_form(reader)
    assert answer.value.status == 429
    assert int(answer.value.header_value("retry-after")) > 0
    expect(reader.get_by_role("alert")).to_contain_text(WAITING)
    for name, value in (
        ("comment", "I can wait."),
        ("author", "Egon"),
        ("email", "egon@example.org"),
    ):
        expect(reader.locator(f"#{name}")).to_have_value(value)
    assert comments_by(besieged, "Egon") == []

    clock.move(minutes=2)
    post_form(reader)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Comment received")
    assert comments_by(besieged, "Egon") == ["I can wait."]


def test_a_browser_that_cannot_prove_its_work_waits_its_turn(window, besieged, clock):
    besieged.fill_slow_lane()
    reader = window()
    reader.add_init_script(NO_DIGEST)
    open_embed(reader, besieged.put("/no-digest/"))
    assert reader.evaluate("crypto.subtle") is None
    write(reader, "Fee", "On plain http.")
    post_form(reader)
    expect(reader.locator(".gp-status")).to_contain_text(re.compile(WAITING))
    expect(reader.locator("#comment")).to_have_value("On plain http.")

    clock.move(minutes=2)
    post_form(reader)
    expect(reader.locator(".gp-own article")).to_contain_text("On plain http.")
    assert comments_by(besieged, "Fee") == ["On plain http."]

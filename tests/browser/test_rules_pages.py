"""The pages of rules in a real browser: readable on any screen, from a comment and back."""

import pytest
from playwright.sync_api import expect

from models import Role, Rule, RuleKind, RuleVerdict, Status
from service.app import Outside, create_app
from service.comments.moderate import Actor, decide
from service.privacy import EmailAddress
from service.rules import changes
from service.web.context import HOUSE
from tests.browser.test_model_pages import DESKTOP, LONG, NARROW, assert_no_barrier
from tests.building import found_demo_site, make_moderator, rows
from tests.conftest import Clock, scorer, settings_of
from tests.databases import closing_all
from tests.live import live
from tests.service.comments.test_submit import take
from tests.serving import free_port
from tests.spamming import HONEST, SELLING
from tests.web.staff import PASSWORD, hire

SELLS = "Win tonight at https://spin.casino.example/now"


@pytest.fixture(scope="module")
def house_with_rules(databases, tmp_path_factory):
    """The application and address of a served site with rules of every kind."""
    address = f"http://127.0.0.1:{free_port()}"
    url = databases.fresh("sqlite")
    settings = settings_of(tmp_path_factory.mktemp("house"), url, base_url=address)
    app = create_app(settings, Outside(now=Clock(), scorer=scorer()))
    with closing_all(app):
        furnish(app)
        with live(app, address):
            yield app, address
    databases.drop(url)


def furnish(app):
    """Decided comments, some that wait, and rules on an author, hosts and words."""
    site = found_demo_site(app)
    olga = hire(app, site, "Olga", Role.OWNER)
    ana = Actor(make_moderator(app, "Ana", operator=False), [site.id])
    house = app.extensions[HOUSE]
    for place in range(8):
        for text, status in ((HONEST[place], Status.APPROVED), (SELLING[place], Status.SPAM)):
            public_id = take(app, text=text, name=f"R{place}{status.value}").public_id
            with app.app_context():
                decide(house, ana, public_id, status)
    wanted = [
        changes.wanted(RuleKind.HOST, RuleVerdict.TRUST, "river.example", "The partner site"),
        changes.wanted(RuleKind.HOST, RuleVerdict.BLOCK, f"{LONG[:60]}.example"),
        changes.wanted(RuleKind.WORD, RuleVerdict.BLOCK, "pills\nbuy now\nviagr*"),
        changes.wanted(RuleKind.WORD, RuleVerdict.HOLD, f"lawyer*\n{LONG}"),
        changes.wanted_author(1, RuleVerdict.TRUST, "Writes for us"),
    ]
    with app.app_context():
        made = [changes.add_rules(house, site.id, olga, one) for one in wanted]
        changes.end_rule(house, site.id, olga, made[2][1].id)
    take(app, text=SELLS, name="Win Big", email=EmailAddress("win@example.net"))
    take(app, text="Come to casino.example, https://casino.example/a", name="Luck", email=None)


def signed_in(browser, address, **options):
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{address}/login")
    page.get_by_label("Email address").fill("olga@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{address}/queue")
    return page


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", DESKTOP), ("dark", NARROW)], ids=["desktop", "dark-phone"]
)
def test_a_host_is_blocked_from_a_comment_and_the_rule_ended(
    browser, house_with_rules, pictures, scheme, size
):
    app, address = house_with_rules
    page = signed_in(browser, address, viewport=size, color_scheme=scheme)
    page.goto(f"{address}/sites/blog/rules")
    assert_no_barrier(page)

    page.goto(f"{address}/queue?q=win+tonight&status=all")
    page.locator(".card .facts a").first.click()
    page.locator("#rules summary").click()
    page.get_by_label("The host spin.casino.example and all below it").check()
    page.get_by_label("Note for the list of rules").fill("Again and again")
    assert_no_barrier(page)
    page.get_by_role("button", name="See what it would have done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before this is saved")
    assert_no_barrier(page)
    if size == DESKTOP:
        page.screenshot(path=pictures / "rule-rehearsal-desktop.png", full_page=True)
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("status").first).to_contain_text("1 comment like that waits")
    expect(page.locator(".badges")).to_contain_text("host spin.casino.example: blocked")
    assert_no_barrier(page)

    page.goto(f"{address}/sites/blog/rules")
    page.get_by_role("button", name="End the rule on spin.casino.example").click()
    expect(page.get_by_role("status").first).to_contain_text("Ended.")
    assert rows(app, Rule)[-1].ended_at is not None
    page.context.close()

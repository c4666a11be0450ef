"""The queue by keys: fast, nothing wrong, nothing lost, and nothing by accident."""

import pytest
from playwright.sync_api import expect

from models import Status
from tests.browser.barriers import barriers
from tests.browser.night_shift import NightShift, percentile
from tests.browser.test_story import DESKTOP, PHONE
from tests.web.desk import move_to
from tests.web.moderator.test_queue import the_comment

DECIDED = 150
MOST = 5.0  # times what two bare frames and a focus take


@pytest.fixture(scope="module")
def shift(tmp_path_factory):
    shift = NightShift(tmp_path_factory.mktemp("shift"), comments=600, waiting=300)
    with shift.service:
        yield shift


@pytest.fixture(scope="module")
def signed_in(browser, shift):
    """What a browser keeps once Ana has signed in and switched the keys on."""
    context = browser.new_context()
    shift.open_queue(context.new_page())
    yield context.storage_state()
    context.close()


@pytest.fixture
def page(browser, shift, signed_in):
    context = browser.new_context(viewport=DESKTOP, storage_state=signed_in)
    page = context.new_page()
    page.set_default_timeout(8000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{shift.service.base_url}/queue?status=pending")
    yield page
    assert page.errors == []
    context.close()


def current(page):
    return page.evaluate("document.querySelector('.card.current').dataset.id")


def status_of(shift, public_id):
    return the_comment(shift.app, public_id).status


def settled(page):
    """Wait until the toast tells of the last answer."""
    expect(page.locator("#toast.shown")).to_be_visible()


def test_many_comments_are_decided_by_keys_without_a_wrong_or_lost_one(shift, page):
    waits, bare = shift.decide(page, DECIDED)

    assert len(shift.verdicts) == DECIDED
    assert shift.wrong_or_lost() == {}
    assert shift.events() == DECIDED
    assert percentile(waits, 0.95) <= MOST * percentile(bare, 0.95)


@pytest.mark.parametrize(
    "keys", ["Control+a", "Alt+s", "Meta+d", "Shift+A"], ids=["ctrl", "alt", "meta", "shift"]
)
def test_a_key_with_a_modifier_decides_nothing(shift, page, keys):
    before = current(page)
    page.keyboard.press(keys)
    assert current(page) == before
    assert status_of(shift, before) is Status.PENDING


def test_keys_typed_into_a_field_repeated_or_composed_decide_nothing(shift, page):
    before = current(page)
    page.locator("#q").fill("")
    page.locator("#q").press("a")
    page.evaluate(
        """() => {
          document.activeElement.blur();
          for (const more of [{ repeat: true }, { isComposing: true }]) {
            const press = new KeyboardEvent("keydown", { key: "s", bubbles: true, ...more });
            document.dispatchEvent(press);
          }
        }"""
    )
    assert current(page) == before
    assert status_of(shift, before) is Status.PENDING


def test_z_takes_back_what_was_done_last_and_then_what_was_done_before(shift, page):
    first = current(page)
    page.keyboard.press("s")
    second = current(page)
    page.keyboard.press("d")
    page.keyboard.press("z")
    expect(page.locator(f"#comment-{second}")).to_be_visible()
    assert current(page) == second
    page.keyboard.press("z")
    expect(page.locator(f"#comment-{first}")).to_be_visible()
    expect(page.locator("#toast")).to_contain_text("Taken back")
    assert status_of(shift, first) is status_of(shift, second) is Status.PENDING


def test_after_a_page_load_z_still_takes_back(shift, page):
    public_id = current(page)
    page.keyboard.press("s")
    settled(page)
    page.reload()
    expect(page.locator(f"#comment-{public_id}")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator(f"#comment-{public_id}")).to_be_visible()


def test_chosen_comments_go_together_and_come_back_together(shift, page):
    for _ in range(3):
        page.keyboard.press("x")
        page.keyboard.press("j")
    expect(page.locator("#many .chosen")).to_have_text("3 chosen")
    chosen = page.evaluate(
        """[...document.querySelectorAll('.pick input:checked')].map(
          (box) => box.value.split(':')[0],
        )"""
    )
    page.get_by_role("button", name="Spam the chosen comments").click()
    expect(page.locator("#toast")).to_contain_text("3 changed")
    assert {status_of(shift, one) for one in chosen} == {Status.SPAM}
    page.locator("#toast button").click()
    page.wait_for_url("**/queue/batches/*")
    expect(page.get_by_text("Done.")).to_be_visible()
    assert {status_of(shift, one) for one in chosen} == {Status.PENDING}


def test_shift_and_x_choose_the_whole_page(page):
    page.keyboard.press("Shift+X")
    shown = page.locator(".card:not([hidden])").count()
    expect(page.locator("#many .chosen")).to_have_text(f"{shown} chosen")


def test_a_card_that_somebody_else_decided_comes_back_fresh(shift, page):
    public_id = current(page)
    move_to(shift.app, shift.site, public_id, Status.APPROVED)
    page.keyboard.press("s")
    card = page.locator(f"#comment-{public_id}")
    expect(card.get_by_role("alert")).to_contain_text("Moved to approved by a rule")
    assert status_of(shift, public_id) is Status.APPROVED
    page.keyboard.press("k")
    card.get_by_role("button", name="Spam").click()  # now that he knows
    expect(page.locator("#toast")).to_contain_text("Marked as spam")
    assert status_of(shift, public_id) is Status.SPAM


def test_what_others_decide_appears_by_itself(shift, page):
    page.clock.install()
    page.reload()
    public_id = page.locator(".card").nth(2).get_attribute("data-id")
    move_to(shift.app, shift.site, public_id, Status.APPROVED)
    page.clock.run_for(15_000)
    expect(page.locator(f"#comment-{public_id} .handled")).to_contain_text("Approved by a rule")


def test_when_the_server_is_away_the_comment_comes_back_with_the_reason(shift, page):
    page.clock.install()
    page.reload()
    public_id = current(page)
    page.route("**/queue/c*", lambda route: route.abort())
    page.keyboard.press("s")
    for _ in range(4):
        page.clock.run_for(4_000)
    expect(page.locator(f"#comment-{public_id} .handled")).to_contain_text("does not answer")
    assert status_of(shift, public_id) is Status.PENDING


def test_letters_after_g_lead_to_the_lists(page):
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/queue?status=trash")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/queue?status=pending")


def test_o_e_and_r_lead_where_they_say(page):
    public_id = current(page)
    for key, ends in (("o", ""), ("e", "/edit"), ("r", "/answer")):
        page.keyboard.press(key)
        page.wait_for_url(f"**/queue/{public_id}{ends}")
        page.go_back()
        page.wait_for_selector(f"#comment-{public_id}")
        page.evaluate("id => document.getElementById('comment-' + id).focus()", public_id)


@pytest.mark.parametrize(("direction", "scheme"), [("ltr", "light"), ("rtl", "dark")])
def test_the_queue_has_no_barrier_on_a_phone_either(page, scheme, direction):
    page.emulate_media(color_scheme=scheme)
    public_id = current(page)
    for path in (
        "/queue?page=/page-7",  # axe takes a second a card, and one is like another
        f"/queue/{public_id}",
        f"/queue/{public_id}/edit",
        f"/queue/{public_id}/answer",
        "/queue/matching?to=spam",
        "/queue?since=x",
    ):
        for size in ({"width": 320, "height": 640}, DESKTOP):
            page.set_viewport_size(size)
            page.goto(f"{page.url.split('/queue')[0]}{path}")
            page.evaluate("dir => { document.documentElement.dir = dir; }", direction)
            for box in page.locator("details").all():
                box.evaluate("(box) => { box.open = true; }")
            assert barriers(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide <= size["width"]) == (path, True)


def test_on_a_phone_the_bar_at_the_thumb_acts_on_the_comment_in_view(shift, page):
    page.set_viewport_size(PHONE)
    page.reload()
    public_id = current(page)
    bar = page.locator("#many")
    expect(bar).to_be_in_viewport()
    for button in bar.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    bar.get_by_role("button", name="Approve the chosen comments").click()
    settled(page)
    assert status_of(shift, public_id) is Status.APPROVED


def test_keys_lead_on_from_an_empty_list_and_the_last_card_leaves_words(shift, page):
    page.goto(f"{shift.service.base_url}/queue?q=4711000")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/queue?status=pending")
    public_id = current(page)
    name = page.locator(f"#comment-{public_id} h2 bdi").inner_text().split()[-1]
    page.goto(f"{shift.service.base_url}/queue?q={name}")
    expect(page.locator("#empty")).to_be_hidden()
    page.keyboard.press("d")
    expect(page.locator("#empty")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#empty")).to_be_hidden()

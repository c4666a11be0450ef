"""The pages of a site, described by their owner: through the door."""

import pytest

from models import Role, Thread
from service.queries.sites import THREADS_PAGE
from service.sites import describe_page
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.service.test_submit import take
from tests.web.desk import elements, site_of
from tests.web.staff import hire, sign_in, submit_form

PAGES = "/sites/blog/pages"


@pytest.fixture
def owner(app):
    """An owner of the site `blog`, signed in."""
    hire(app, site_of(app), "Olga", Role.OWNER)
    client = visitor(app)
    sign_in(client, "Olga")
    return client


def describe(app, number, text="words of the page"):
    with app.app_context():
        house = app.extensions[HOUSE]
        return describe_page(house, site_of(app), f"/page-{number}", title=f"T{number}", text=text)


def links(page):
    return [text for href, text in elements(page, "a") if "pages?page=" in href.get("href", "")]


def test_an_old_page_is_edited_with_the_words_it_has(app, owner):
    for number in range(THREADS_PAGE + 1):
        describe(app, number)

    page = owner.get(f"{PAGES}?page=/page-0").text

    assert 'value="T0"' in page
    assert "words of the page</textarea>" in page


def test_the_newest_pages_come_first_fifty_at_a_time(app, owner):
    for number in range(THREADS_PAGE + 2):
        describe(app, number)

    first = owner.get(PAGES).text
    assert links(first) == [f"T{number}" for number in range(THREADS_PAGE + 1, 1, -1)]
    older = next(at["href"] for at, text in elements(first, "a") if text == "Older pages")
    last = owner.get(older).text
    assert links(last) == ["T1", "T0"]
    assert "Older pages" not in last


def test_exactly_fifty_pages_lead_to_no_empty_list(app, owner):
    for number in range(THREADS_PAGE):
        describe(app, number)
    assert "Older pages" not in owner.get(PAGES).text


def test_a_page_of_another_site_cannot_be_looked_up(app, owner):
    describe(app, 1, text="ours")
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    with app.app_context():
        describe_page(app.extensions[HOUSE], other, "/theirs", title="Secret", text="not yours")

    assert "not yours" not in owner.get(f"{PAGES}?page=/theirs").text
    assert owner.get("/sites/other/pages").status_code == 404
    answer = submit_form(owner, "/sites/other/pages", page="/theirs", title="Mine", text="")
    assert answer.status_code == 404
    assert [row.title for row in rows(app, Thread)] == ["T1", "Secret"]


@pytest.mark.parametrize(
    ("field", "value"), [("page", "https://other.example/x"), ("title", "x" * 5000)]
)
def test_a_mistake_is_named_at_its_field_and_everything_typed_stays(app, owner, field, value):
    typed = {"page": "/amazon", "title": "Coca", "text": "kept <b>words</b>", field: value}
    answer = submit_form(owner, PAGES, **typed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'value="{typed["title"]}"' in answer.text
    assert "kept &lt;b&gt;words&lt;/b&gt;" in answer.text
    assert rows(app, Thread) == []


def test_a_title_that_a_reader_sent_is_marked_as_his_word_until_the_owner_gives_one(app, owner):
    take(app, title="Free <i>pills</i>")
    assert "browser called it" in owner.get(PAGES).text
    assert "Free &lt;i&gt;pills&lt;/i&gt;" in owner.get(PAGES).text

    submit_form(owner, PAGES, page="/amazon", title="Coca", text="")

    assert "Free" not in owner.get(PAGES).text

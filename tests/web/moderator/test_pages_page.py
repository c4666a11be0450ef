"""The pages of a site, described by their owner: through the door."""

import pytest

from models import PageAlias, Role, Thread
from service.queries.sites import THREADS_PAGE
from service.sites.changes import describe_page
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import take
from tests.web.desk import elements, send_json, site_of
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
    return [text for href, text in elements(page, "a") if "/pages/" in href.get("href", "")]


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

    page = owner.get(f"{PAGES}?page=/theirs").text
    assert "not yours" not in page
    assert links(page) == ["T1"]
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


# One page ---------------------------------------------------------------------------------


def page_of(app, name="/amazon"):
    return next(f"{PAGES}/{row.id}" for row in rows(app, Thread) if row.page == name)


def test_a_page_is_closed_and_opened_by_hand(app, owner):
    take(app)

    submit_form(owner, page_of(app), action="close")
    assert "Closed by hand" in owner.get(page_of(app)).text
    assert send_json(visitor(app), comment="Too late?").status_code == 410
    shown = visitor(app).get("/s/blog/thread.html?page=/amazon").text
    assert '<p class="gp-closed">Comments on this page are closed.</p>' in shown
    assert visitor(app).get("/s/blog/thread.json?page=/amazon").json["closed"] is True

    submit_form(owner, page_of(app), action="open")
    assert send_json(visitor(app), comment="In time!").status_code == 202
    assert "gp-closed" not in visitor(app).get("/s/blog/thread.html?page=/amazon").text


def test_a_moderator_closes_and_does_nothing_else(app):
    take(app)
    hire(app, site_of(app), "Mo", Role.MODERATOR)
    mo = visitor(app)
    sign_in(mo, "Mo")

    assert submit_form(mo, page_of(app), action="close").status_code == 303
    for action in ("alias", "merge", "forget"):
        refused = submit_form(mo, page_of(app), action=action, alias="/x", into="/x", name="1")
        assert refused.status_code == 403
    assert "Move all its comments" not in mo.get(page_of(app)).text


def test_a_merge_is_asked_about_first(app, owner):
    take(app, page="/old", text="One.")
    take(app, page="/new", text="Two.")

    asked = submit_form(owner, page_of(app, "/old"), action="merge", into="/new")
    assert asked.status_code == 200
    assert "Move 1 comment?" in asked.text
    assert len(rows(app, Thread)) == 2

    done = submit_form(owner, page_of(app, "/old"), action="merge", into="/new", sure="1")
    assert done.status_code == 303
    assert "The comments moved here." in owner.get(done.location).text
    assert [row.page for row in rows(app, Thread)] == ["/new"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"action": "merge", "into": "/nowhere"}, "into"),
        ({"action": "alias", "alias": "https://elsewhere.example/"}, "alias"),
    ],
    ids=["merge", "alias"],
)
def test_a_mistake_about_names_keeps_what_was_typed(app, owner, typed, field):
    take(app)

    answer = submit_form(owner, page_of(app), **typed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'value="{typed[field]}"' in answer.text


def test_another_name_is_added_and_removed(app, owner):
    take(app)
    submit_form(owner, page_of(app), action="alias", alias="/old-name")
    assert "Remove the name /old-name" in owner.get(page_of(app)).text

    [alias] = rows(app, PageAlias)
    submit_form(owner, page_of(app), action="forget", name=alias.id)
    assert "/old-name" not in owner.get(page_of(app)).text


def test_a_page_that_is_not_there_is_not_found(owner):
    assert owner.get(f"{PAGES}/4711").status_code == 404
    assert submit_form(owner, f"{PAGES}/4711", action="close").status_code == 404


def test_an_unknown_action_is_refused(app, owner):
    take(app)

    assert submit_form(owner, page_of(app), action="explode").status_code == 400

"""From the first sign-in to the first test comment, step by step, without JavaScript."""

import re

import pytest
from flask import render_template

from models import AuditEntry, Comment, Role, Site, Status
from tests.building import rows
from tests.conftest import BASE_URL, visitor
from tests.web.desk import elements, send_json, site_of
from tests.web.loopback import loopback
from tests.web.staff import OWN_FORM, PASSWORD, fresh_setup, hire, sign_in, submit_form

SITE = {"name": "River", "origins": "https://blog.river.example.org", "slug": "", "language": "pt"}


@pytest.fixture
def app(make_app, sqlite_url):
    """The application; this machine is an internal target that the operator allowed."""
    return make_app(sqlite_url, webhook_allow="127.0.0.0/8")


@pytest.fixture
def ana(app):
    """The first owner, just signed in by the claim."""
    return claimed(app)


def claimed(app):
    client = visitor(app)
    token = {"token": fresh_setup(app), "password": PASSWORD}
    who = {"name": "Ana", "email": "ana@staff.example.org"}
    client.post("/setup", data={**token, **who}, headers=OWN_FORM)
    return client


def found(ana, **changes):
    """Take the first step; returns where it leads to."""
    answer = submit_form(ana, "/sites", **{**SITE, **changes})
    assert answer.status_code == 303, answer.text
    return answer.location


def river(app):
    return rows(app, Site)[-1]


def step_of(page):
    return re.search(r"Step (\d) of 4", page).group(1)


def checked(ana, blog, app, **headers):
    """Put the site's snippet on a page of the blog and check it."""
    with app.test_request_context():
        slug = river(app).slug
        snippet = render_template("reader/snippet.html", site=slug, base_url=BASE_URL)
    page = f'<html lang="en"><title>A</title>{snippet}</html>'
    blog.put("/a/", page.replace("/path/of/this/page/", "/a/"), **headers)
    return submit_form(ana, f"/sites/{slug}/setup/page", url=f"{blog.origin}/a/")


def test_the_whole_way_to_a_test_comment_in_the_queue(make_app, database_url):
    app = make_app(database_url, webhook_allow="127.0.0.0/8")
    ana = claimed(app)
    with loopback() as blog:
        place = to_the_last_step(app, ana, blog)
    fourth = ana.get(place).text
    assert step_of(fourth) == "4"
    typed = {at["name"]: at["value"] for at, _ in elements(fourth, "input") if "value" in at}
    place = submit_form(ana, place, page=typed["page"], text=typed["text"]).location
    comment = rows(app, Comment)[0]
    assert place == f"/queue?site=river&first={comment.public_id}#comment-{comment.public_id}"
    queue = ana.get(place).text
    assert f'id="comment-{comment.public_id}"' in queue
    assert "Your test comment waits" in queue

    back = re.search(r'name="back" value="([^"]+first=[^"]+)"', queue).group(1)
    decided = {"status": "approved", "version": 1, "back": back.replace("&amp;", "&")}
    place = submit_form(ana, f"/queue/{comment.public_id}", **decided).location
    assert "Your test comment is published" in ana.get(place).text
    page = visitor(app).get("/s/river/form?page=/a/").text
    assert "sent to see whether comments arrive" in page


def to_the_last_step(app, ana, blog):
    """Go from the first step to the last; returns where it is."""
    first = ana.get("/sites").text
    assert "Add your first site" in first
    assert step_of(first) == "1"
    place = found(ana, origins=blog.origin, slug="river")
    assert place == "/sites/river/setup/rules"
    assert step_of(ana.get(place).text) == "2"
    fields = {"filing": "wait", "spam_tray_at": "0.95", "require_name": "1"}
    place = submit_form(ana, place, **fields).location
    assert place == "/sites/river/setup/page"
    policy = river(app).policy
    assert (policy.spam_tray_at, policy.require_name, policy.require_email) == (None, True, False)
    third = ana.get(place).text
    assert step_of(third) == "3"
    assert "&lt;gatepost-comments site=&#34;river&#34;" in third
    third = checked(ana, blog, app).text
    assert "0 problems" in third
    place = re.search(r'class="next primary" href="([^"]+)"', third).group(1)
    assert place == "/sites/river/setup/comment?page=/a/"
    return place


@pytest.mark.parametrize(
    ("origin", "slug"),
    [
        ("https://www.river.org", "river"),
        ("https://blog.river.example.org/about", "blog-river-example"),
        ("http://localhost:4000", "localhost"),
        ("http://127.0.0.1:4000", "127-0-0-1"),
        ("https://blog.org", "blog-2"),
        ("https://bücher.example", "bucher"),
        ("https://бүргэд.example", "site"),
        (f"https://{'a' * 60}.org", "a" * 35),
    ],
    ids=ascii,
)
def test_without_a_short_name_one_is_taken_from_the_address(app, ana, origin, slug):
    found(ana, origins=origin)

    assert river(app).slug == slug


def test_the_language_of_the_readers_is_chosen_and_kept(app, ana):
    found(ana, language="de")
    assert river(app).policy.language == "de"

    answer = submit_form(ana, "/sites", **{**SITE, "language": "tlh"})
    assert answer.status_code == 422
    assert 'id="language-error"' in answer.text


def test_filing_spam_away_is_rehearsed_and_then_saved(app, ana):
    place = found(ana)
    choice = {"filing": "file", "spam_tray_at": "0.95", "require_email": "1"}

    rehearsal = submit_form(ana, place, **choice).text
    assert "Nobody has decided about a comment of this site yet" in rehearsal
    assert "So few comments say little" in rehearsal
    assert f'action="{place}"' in rehearsal
    assert river(app).policy.spam_tray_at is None

    again = submit_form(ana, place, **choice, rehearsed="0.95", back="1").text
    fields = {at["id"]: at for at, _ in elements(again, "input") if "id" in at}
    assert "checked" in fields["filing-file"]
    assert "checked" not in fields["require_name"]

    saved = submit_form(ana, place, **choice, rehearsed="0.95")
    assert saved.location.endswith("/setup/page")
    policy = river(app).policy
    assert (policy.spam_tray_at, policy.require_name, policy.require_email) == (0.95, False, True)
    assert policy.language == "pt"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "filing"),
        ({"filing": "publish"}, "filing"),
        ({"filing": "file"}, "spam_tray_at"),
        ({"filing": "file", "spam_tray_at": "much"}, "spam_tray_at"),
        ({"filing": "file", "spam_tray_at": "7"}, "spam_tray_at"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_place(app, ana, typed, field):
    answer = submit_form(ana, found(ana), **typed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert step_of(answer.text) == "2"


def test_the_set_up_goes_on_where_the_stored_facts_say_it_stopped(app, ana):
    with loopback() as blog:
        rules = found(ana, origins=blog.origin)
        resume = rules.removesuffix("/rules")
        assert ana.get(resume).location == rules
        assert "Go on with its set-up" in ana.get("/sites").text
        assert f'href="{resume}">go on</a>' in ana.get("/queue").text

        page = submit_form(ana, rules, filing="wait").location
        assert ana.get(resume).location == page
        checked(ana, blog, app, Content_Security_Policy="form-action 'self'")
        assert ana.get(resume).location == page  # a problem was found
        checked(ana, blog, app)
        comment = ana.get(resume).location
        assert comment.endswith("/setup/comment")

    submit_form(ana, comment, page="/a/", text="Hello")
    assert ana.get(resume).location == resume.removesuffix("/setup")
    assert "What is left" not in ana.get(resume.removesuffix("/setup")).text
    assert "Go on with its set-up" not in ana.get("/sites").text
    problems = [one.subject for one in rows(app, AuditEntry, AuditEntry.act == "embed.check")]
    assert problems == [{"problems": 1}, {"problems": 0}]


def test_what_is_left_stands_on_the_sites_page_for_its_owners(app, ana):
    hire(app, site_of(app), "Olga", Role.OWNER)
    hire(app, site_of(app), "Bob", Role.MODERATOR)
    olga, bob = visitor(app), visitor(app)
    sign_in(olga, "Olga")
    sign_in(bob, "Bob")

    left = olga.get("/sites/blog").text
    for step in ("rules", "page", "comment"):
        assert f'<a href="/sites/blog/setup/{step}">' in left
    assert "What is left" not in bob.get("/sites/blog").text
    assert "set-up" not in bob.get("/queue").text

    submit_form(olga, "/sites/blog/setup/comment", page="/a/", text="Hello")
    left = olga.get("/sites/blog").text
    assert "What is left" in left
    assert '<a href="/sites/blog/setup/comment">' not in left

    assert send_json(visitor(app)).status_code == 202
    assert "What is left" not in olga.get("/sites/blog").text
    assert olga.get("/sites/blog/setup").location == "/sites/blog"
    assert "the set-up is done" in olga.get("/sites/blog/setup/comment").text


def test_a_page_that_cannot_be_loaded_is_told_in_place(app, ana):
    found(ana)
    place = f"/sites/{river(app).slug}/setup/page"

    answer = submit_form(ana, place, url="https://elsewhere.example.org/")

    assert answer.status_code == 422
    assert 'id="url-error"' in answer.text
    assert 'value="https://elsewhere.example.org/"' in answer.text
    assert step_of(answer.text) == "3"


def test_a_test_comment_without_text_or_on_a_foreign_page_is_refused_in_place(app, ana):
    place = found(ana).replace("rules", "comment")
    for field, typed in (
        ("text", {"page": "/a/", "text": " "}),
        ("page", {"page": "https://elsewhere.example.org/", "text": "Hello"}),
        ("page", {"page": "", "text": "Hello"}),
    ):
        answer = submit_form(ana, place, **typed)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    assert rows(app, Comment) == []

    submit_form(ana, place, page="/a/", text="Hello")
    twice = submit_form(ana, place, page="/a/", text="Hello")
    assert twice.status_code == 409
    assert "Duplicate comment detected" in twice.text


def test_a_test_comment_waits_whatever_the_sites_rules(app, ana):
    rules = found(ana)
    submit_form(ana, rules, filing="file", spam_tray_at="0", rehearsed="0")
    submit_form(ana, rules.replace("rules", "comment"), page="/a/", text="Hello")

    assert rows(app, Comment)[0].status is Status.PENDING


def test_only_a_test_comment_of_ones_own_is_greeted_in_the_queue(app, ana):
    place = found(ana).replace("rules", "comment")
    submit_form(ana, place, page="/a/", text="Hello")
    test = rows(app, Comment)[0].public_id
    other = send_json(visitor(app)).json["id"]
    hire(app, site_of(app), "Bob")
    bob = visitor(app)
    sign_in(bob, "Bob")

    assert "Your test comment waits" in ana.get(f"/queue?first={test}").text
    for client, first in ((ana, other), (bob, test), (bob, other), (ana, "x" * 40), (ana, "<b>")):
        page = client.get("/queue", query_string={"first": first})
        assert page.status_code == 200
        assert "Your test comment" not in page.text


def test_an_operator_without_a_site_is_led_to_the_first_step(ana):
    assert 'You have no site yet. <a href="/sites">Set up your first</a>' in ana.get("/queue").text

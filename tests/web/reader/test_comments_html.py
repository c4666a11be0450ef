"""POST /s/{site}/comments as a browser without JavaScript meets it, and the pages round it."""

from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import render_template

from models import Comment
from service.db import db
from service.demo.blog import FILES, PAGE
from service.web.context import HOUSE
from service.web.forms import HONEYPOT
from tests.building import COMMENT, ORIGIN, found_demo_site, rows
from tests.web.desk import (
    COMMENTS,
    SITE_ORIGIN,
    close_thread,
    elements,
    path_of,
    publish,
    send,
    send_json,
    set_policy,
    site_of,
    slow_down,
    typed_in,
    without,
)

TYPED = {
    "comment": '\n  Two lines,\n<b>&amp; a tag</b> "quoted"',
    "author": 'Ana "the river" <Souza>',
    "email": "not an address",
    "url": "no website",
    "page": "/amazon",
    "parent": "abcd2345",
    "title": "A <title>",
    "submission_id": "mine-1",
}


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


def test_a_browser_is_sent_to_our_own_thank_you_page(client, site):
    answer = send(client, SITE_ORIGIN)

    assert answer.status_code == 303
    there = urlsplit(answer.location)
    assert (there.netloc, there.path) == ("", "/s/blog/thanks")
    assert list(parse_qs(there.query)) == ["t"]


def test_the_thank_you_page_thanks_and_hands_over_the_private_link(client, site):
    page = client.get(send(client, author="Ana <b>").location)

    assert page.status_code == 200
    assert "Thank you, Ana &lt;b&gt;. Your comment is awaiting moderation." in page.text
    links = [attributes["href"] for attributes, _text in elements(page.text, "a")]
    assert f"{ORIGIN}/amazon" in links
    [receipt] = [link for link in links if "/receipts/" in link]
    assert client.get(path_of(receipt)).status_code == 200


def test_the_private_link_travels_to_nobody(client, site):
    page = client.get(send(client).location)

    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_a_thank_you_page_without_a_true_token_is_not_found(client, site):
    assert client.get("/s/blog/thanks").status_code == 404
    assert client.get("/s/blog/thanks?t=nothing").status_code == 404


def test_a_thank_you_page_of_another_site_is_not_found(app, client, site):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    address = send(client).location

    assert client.get(address.replace("/s/blog/", "/s/other/")).status_code == 404


def test_where_the_owner_wants_it_the_browser_goes_back_to_the_page(app, client, site):
    set_policy(app, site, return_to_page=True)

    assert send(client, SITE_ORIGIN).location == f"{ORIGIN}/amazon"


def test_from_our_own_form_the_way_back_would_be_blocked_so_we_thank_ourselves(app, client, site):
    set_policy(app, site, return_to_page=True)
    own = app.extensions[HOUSE].settings.base_url

    assert send(client, {"Origin": own}).location.startswith("/s/blog/thanks")


def test_a_page_whose_address_is_not_known_gets_the_thank_you_page(app, client, site):
    set_policy(app, site, return_to_page=True)

    assert send(client, SITE_ORIGIN, page="post-17").location.startswith("/s/blog/thanks")


# Mistakes -----------------------------------------------------------------------------


def test_mistakes_come_with_the_page_again(client, site):
    answer = send(client, **TYPED)

    assert answer.status_code == 422
    assert answer.mimetype == "text/html"
    [(_attributes, title)] = elements(answer.text, "title")
    assert title.startswith("Error: Leave a Reply")


def test_every_typed_value_is_kept(client, site):
    kept = typed_in(send(client, **TYPED).text)

    assert {name: kept[name] for name in TYPED} == TYPED


def test_a_submission_id_is_made_where_there_was_none(client, site):
    kept = typed_in(send(client, comment="").text)

    assert len(kept["submission_id"]) >= 20


def test_the_summary_is_an_alert_that_leads_to_the_fields(client, site):
    page = send(client, comment="", email="x").text

    [(_attributes, text)] = [one for one in elements(page, "div") if one[0].get("role") == "alert"]
    assert "There is a problem" in text
    links = [(a["href"], text) for a, text in elements(page, "a") if a["href"].startswith("#")]
    assert links == [
        ("#comment", "Enter your comment"),
        ("#email", "Enter an email address in the correct format, like name@example.com"),
    ]
    ids = {
        attributes.get("id")
        for tag in ("input", "textarea")
        for attributes, _ in elements(page, tag)
    }
    assert {"comment", "email"} <= ids


def test_each_wrong_field_says_so_itself(client, site):
    page = send(client, comment="", author="", email="x", url="x").text
    notes = {a["id"]: text for a, text in elements(page, "span") if "id" in a}
    fields = {
        a["id"]: a for tag in ("input", "textarea") for a, _text in elements(page, tag) if "id" in a
    }

    for name in ("comment", "author", "email", "url"):
        assert fields[name]["aria-invalid"] == "true"
        assert f"{name}-error" in fields[name]["aria-describedby"].split()
        assert notes[f"{name}-error"].startswith("Error: Enter")
    assert "email-notes" in fields["email"]["aria-describedby"].split()


def test_a_right_field_is_not_marked(client, site):
    page = send(client, comment="").text

    [author] = [a for a, _text in elements(page, "input") if a.get("name") == "author"]
    assert "aria-invalid" not in author


def test_the_page_leads_back(client, site):
    page = send(client, comment="").text

    assert (f"{ORIGIN}/amazon", "Back to the page") in [
        (a["href"], text) for a, text in elements(page, "a")
    ]


@pytest.mark.parametrize("page", ["", "https://evil.example/x", "post-17"])
def test_without_a_known_page_it_leads_back_to_the_site(client, site, page):
    answer = send(client, comment="", page=page)

    links = [a["href"] for a, _text in elements(answer.text, "a")]
    assert ORIGIN in links
    assert not any("evil" in link for link in links)


def test_a_reply_keeps_its_heading_and_its_parent(app, client, site):
    parent = publish(app, client, site, author="Tom <i>")

    answer = send(client, comment="", parent=parent)

    assert "Leave a Reply to Tom &lt;i&gt;" in answer.text
    assert typed_in(answer.text)["parent"] == parent


def test_a_parent_that_is_gone_is_let_go_so_that_the_next_try_succeeds(client, site):
    answer = send(client, parent="abcd2345")

    assert answer.status_code == 422
    assert "no longer there" in answer.text
    again = client.post(COMMENTS, data=typed_in(answer.text))
    assert again.status_code == 303


def test_the_mended_form_is_taken(app, client, site):
    kept = typed_in(send(client, comment="", submission_id="mine").text)

    answer = client.post(COMMENTS, data={**kept, "comment": "Now with words."})

    assert answer.status_code == 303
    assert [comment.text for comment in rows(app, Comment)] == ["Now with words."]


def test_a_form_sent_twice_is_stored_once(app, client, site):
    first = send(client, submission_id="mine")
    again = send(client, submission_id="mine")

    assert again.location == first.location
    assert len(rows(app, Comment)) == 1


# Refusals that keep the text ------------------------------------------------------------


def keeps_all(answer):
    kept = typed_in(answer.text)
    return all(kept[name] == value for name, value in COMMENT.items())


def test_a_duplicate_is_told_with_everything_still_there(client, site):
    send(client)

    answer = send(client)

    assert answer.status_code == 409
    assert "Duplicate comment detected" in answer.text
    assert keeps_all(answer)


def test_a_closed_thread_is_told_with_everything_still_there(app, client, site):
    send(client, comment="The first.")
    close_thread(app)

    answer = send(client)

    assert answer.status_code == 410
    assert keeps_all(answer)


def test_too_many_are_told_when_with_everything_still_there(app, client, site):
    slow_down(app, burst=2)
    for number in range(2):
        send(client, comment=f"Comment {number}")

    answer = send(client)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert keeps_all(answer)


def test_a_database_that_cannot_write_is_told_with_everything_still_there(app, client, site):
    with app.app_context():
        engine = db.engine
    # Five seconds of patience are the service's, not the test's.
    sa.event.listen(engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout=50"))
    with engine.connect() as rival:
        rival.exec_driver_sql("BEGIN IMMEDIATE")
        answer = send(client)
        rival.exec_driver_sql("ROLLBACK")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert keeps_all(answer)
    assert send(client).status_code == 303


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("/s/nobody/comments", {}, 404),
        (COMMENTS, {"Origin": "https://evil.example"}, 403),
    ],
)
def test_other_refusals_are_pages_too(client, site, address, headers, status):
    answer = client.post(address, data=COMMENT, headers=headers)

    assert (answer.status_code, answer.mimetype) == (status, "text/html")


# The hosted form ------------------------------------------------------------------------


def hosted(client, **query):
    return client.get("/s/blog/form", query_string={"page": "/amazon", **query})


def test_the_hosted_form_is_wordpress_s(client, site):
    page = hosted(client).text
    fields = [
        a["name"]
        for tag in ("textarea", "input")
        for a, _text in elements(page, tag)
        if "name" in a
    ]
    labels = [" ".join(text.split()) for _attributes, text in elements(page, "label")]

    assert fields[:4] == ["comment", "author", "email", "url"]
    assert labels[:4] == ["Comment *", "Name *", "Email *", "Website"]
    assert "Your email address will not be published." in page
    [(submit, _text)] = [one for one in elements(page, "input") if one[0].get("type") == "submit"]
    assert submit["value"] == "Post Comment"
    by_name = {a["name"]: a for a, _text in elements(page, "input") if "name" in a}
    assert by_name["author"]["maxlength"] == "245"
    assert by_name["email"]["maxlength"] == "100"
    assert by_name["url"]["maxlength"] == "200"
    assert [by_name[n]["autocomplete"] for n in ("author", "email", "url")] == [
        "name",
        "email",
        "url",
    ]
    assert by_name["email"]["aria-describedby"] == "email-notes"


def test_the_trap_is_hidden_from_people_and_their_tools(client, site):
    page = hosted(client).text
    [trap] = [a for a, _text in elements(page, "input") if a.get("name") == HONEYPOT]

    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")
    [paragraph] = [text for a, text in elements(page, "p") if "hidden" in a]
    assert "Leave this empty" in paragraph


def test_each_hosted_form_has_a_submission_id_of_its_own(client, site):
    ids = {typed_in(hosted(client).text)["submission_id"] for _ in range(2)}

    assert len(ids) == 2
    assert all(len(one) >= 20 for one in ids)


def test_the_hosted_form_can_be_sent_as_it_is(client, site):
    fields = typed_in(hosted(client).text)

    answer = client.post(COMMENTS, data={**fields, **without("page")})

    assert answer.status_code == 303


def test_only_the_sites_own_pages_may_frame_it(client, site):
    policy = hosted(client).headers["Content-Security-Policy"]

    assert f"frame-ancestors {ORIGIN}" in policy
    assert "unsafe" not in policy


def test_the_hosted_form_shows_the_thread_and_what_is_answered(app, client, site):
    parent = publish(app, client, site, comment="Words of the thread.", author="Tom")

    page = hosted(client, parent=parent).text

    assert "Words of the thread." in page
    assert "Leave a Reply to <bdi>Tom</bdi>" in page
    assert typed_in(page)["parent"] == parent


@pytest.mark.parametrize("parent", ["abcd2345", "../x", "é" * 30])
def test_an_unknown_parent_is_a_comment_of_its_own(client, site, parent):
    page = hosted(client, parent=parent)

    assert page.status_code == 200
    assert typed_in(page.text)["parent"] == ""


def test_a_waiting_comment_cannot_be_answered_nor_seen(client, site):
    waiting = send_json(client, author="Hidden Hannah").json["id"]

    page = hosted(client, parent=waiting).text

    assert "Hidden Hannah" not in page
    assert typed_in(page)["parent"] == ""


def test_a_provisional_title_is_not_shown(client, site):
    send(client, title="Buy cheap <pills>")

    assert "pills" not in hosted(client).text


def test_a_closed_thread_has_no_form(app, client, site):
    send(client)
    close_thread(app)

    page = hosted(client).text

    assert "Comments on this page are closed." in page
    assert elements(page, "textarea") == []


@pytest.mark.parametrize("query", [{"page": ""}, {"page": "https://evil.example/"}])
def test_a_hosted_form_of_no_page_is_refused(client, site, query):
    assert hosted(client, **query).status_code == 422


def test_a_policy_that_asks_for_less_has_fewer_stars(app, client, site):
    set_policy(app, site, require_email=False)

    labels = [" ".join(text.split()) for _a, text in elements(hosted(client).text, "label")]

    assert labels[:4] == ["Comment *", "Name *", "Email", "Website"]


def test_the_snippet_is_the_same_form(app, client, site):
    """What an owner pastes must send what the hosted form sends, with the same limits."""
    with app.test_request_context():
        snippet = render_template(
            "reader/snippet.html", base_url="https://comments.example.org", site="blog"
        )
    kept = ("id", "name", "type", "maxlength", "autocomplete", "required", "tabindex", "dir")

    def fields(html):
        return {
            a["name"]: {key: a[key] for key in kept if key in a}
            for tag in ("textarea", "input")
            for a, _text in elements(html, tag)
            if a.get("name") and a.get("type") != "hidden"
        }

    assert fields(snippet) == fields(hosted(client).text)
    [(form, _text)] = elements(snippet, "form")
    assert form["action"] == "https://comments.example.org/s/blog/comments"


def test_the_demo_blog_pastes_the_snippet_as_it_is(app):
    with app.test_request_context():
        snippet = render_template("reader/snippet.html", base_url="@SERVICE@", site="@SITE@")
    snippet = snippet[snippet.index("<gatepost-comments") :].replace("/path/of/this/page/", PAGE)

    assert snippet.strip() in FILES.joinpath("article.html").read_text("utf-8")


def test_no_page_of_ours_sets_a_cookie(client, site):
    pages = [hosted(client), send(client), send(client, comment=""), client.get("/embed.js")]

    assert not any("Set-Cookie" in page.headers for page in pages)

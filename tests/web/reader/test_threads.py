"""Threads and counts as everybody reads them."""

import json
from html.parser import HTMLParser

import pytest

from models import Comment, Policy, Status, Thread
from service.db import db, transaction
from service.web import reading
from service.web.context import HOUSE
from tests.building import ORIGIN, found_demo_site, rows
from tests.web.desk import close_thread, elements, move_to, publish, send_json, set_policy, site_of

DEEP = Policy().depth
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
PUBLIC_KEYS = {"id", "parent", "name", "website", "html", "created_at", "edited_at", "by_owner"}


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


def html(client, **query):
    return client.get("/s/blog/thread.html", query_string={"page": "/amazon", **query})


def document(client, **query):
    return client.get("/s/blog/thread.json", query_string={"page": "/amazon", **query})


def change(app, public_id, **values):
    """Write into a comment's row what no door would let in."""
    with app.app_context(), transaction() as session:
        comment = session.query(Comment).filter_by(public_id=public_id).one()
        for name, value in values.items():
            setattr(comment, name, value)


# What is shown ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PENDING, Status.SPAM, Status.TRASH])
def test_only_approved_comments_are_shown(app, client, site, status):
    hidden = publish(app, client, site, comment="Hidden words.", author="Hidden Hannah")
    move_to(app, site, hidden, status)
    publish(app, client, site, comment="Public words.")

    for answer in (html(client), document(client)):
        assert "Public words." in answer.text
        assert "Hidden" not in answer.text
        assert hidden not in answer.text


@pytest.mark.parametrize("column", ["withdrawn_at", "erased_at"])
def test_what_was_taken_back_is_shown_no_more(app, client, site, column):
    gone = publish(app, client, site, comment="Taken back.")
    change(app, gone, **{column: app.extensions[HOUSE].now()})

    assert "Taken back" not in html(client).text
    assert document(client).json["comments"] == []


def test_the_public_keys_are_these_and_no_others(app, client, site):
    publish(app, client, site, url="https://example.org")

    answer = document(client)

    assert set(answer.json) == {"page", "comments", "next", "closed"}
    assert [set(comment) for comment in answer.json["comments"]] == [PUBLIC_KEYS]


def test_neither_address_nor_score_nor_row_number_comes_out(app, client, site):
    public_id = publish(app, client, site, email="secret.reader@example.org")
    change(app, public_id, probability=0.7331, note="a secret note")

    for answer in (html(client), document(client)):
        for secret in ("secret", "7331", "reader@"):
            assert secret not in answer.text


def test_a_provisional_title_is_not_public(app, client, site):
    publish(app, client, site, title="Hostile title")

    assert "Hostile title" not in html(client).text + document(client).text


def test_hostile_words_stay_words(app, client, site):
    publish(app, client, site, comment=HOSTILE, author=HOSTILE)

    page = html(client).text

    assert "<script" not in page
    assert "<img" not in page
    assert elements(page, "bdi")[0][1] == HOSTILE
    assert document(client).json["comments"][0]["name"] == HOSTILE


@pytest.mark.parametrize(
    "website",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "data:text/html,<script>",
        "https://user@example.org",
        "https://127.0.0.1/",
        'https://example.org/" onclick="alert(1)',
    ],
)
def test_a_website_is_linked_only_if_it_still_may_be(app, client, site, website):
    change(app, publish(app, client, site), website=website)

    page = html(client).text

    hrefs = [a.get("href", "") for a, _text in elements(page, "a")]
    assert not any("alert" in h and "%22" not in h and not h.startswith("https://") for h in hrefs)
    assert not any("onclick" in a for a, _text in elements(page, "a"))
    assert not any(h.startswith(("javascript", "JaVa", "data")) or "@" in h for h in hrefs)


def test_a_website_is_linked_without_our_blessing(app, client, site):
    publish(app, client, site, url="https://example.org/me")

    [link] = [a for a, _t in elements(html(client).text, "a") if "example.org/me" in a["href"]]

    assert set(link["rel"].split()) == {"nofollow", "ugc", "noopener", "noreferrer"}


def test_a_comment_says_its_id_its_time_and_leaves_direction_to_the_text(app, client, site):
    public_id = publish(app, client, site, comment="שלום", author="דנה")

    page = html(client).text
    [(article, _text)] = elements(page, "article")
    [(time, shown)] = elements(page, "time")

    assert article["id"] == f"comment-{public_id}"
    assert time["datetime"] == document(client).json["comments"][0]["created_at"]
    assert shown.endswith("UTC")
    [text] = [a for a, _t in elements(page, "div") if a.get("class") == "gp-text"]
    assert text["dir"] == "auto"


def test_the_owners_reply_is_marked(app, client, site):
    change(app, publish(app, client, site), by_owner=True)

    assert "Site owner" in html(client).text
    assert document(client).json["comments"][0]["by_owner"] is True


def test_a_nameless_comment_has_a_name_to_show(app, client, site):
    change(app, publish(app, client, site), name="")

    assert "Anonymous" in html(client).text


def test_the_reply_link_leads_to_the_hosted_form(app, client, site):
    public_id = publish(app, client, site)

    [link] = [a for a, _t in elements(html(client).text, "a") if a.get("class") == "gp-reply"]

    there = link["href"].split("/s/blog/", 1)[1]
    assert link["href"].startswith("http")
    page = client.get(f"/s/blog/{there}".split("#")[0])
    assert f'value="{public_id}"' in page.text


def test_a_closed_thread_offers_no_reply(app, client, site):
    publish(app, client, site)
    close_thread(app)

    assert "gp-reply" not in html(client).text


# Nesting --------------------------------------------------------------------------------


def chain(app, client, site, length):
    """Publish a row of comments of which each answers the one before; return their ids."""
    ids = []
    for number in range(length):
        parent = ids[-1] if ids else ""
        fields = {"comment": f"Level {number + 1}", "author": f"Author {number + 1}"}
        ids.append(publish(app, client, site, parent=parent, **fields))
    return ids


def depths(page):
    """Return how many lists stand round each article, by its id."""

    class Depths(HTMLParser):
        depth, found = 0, {}

        def handle_starttag(self, tag, attrs):
            if tag == "ol":
                self.depth += 1
            if tag == "article":
                self.found[dict(attrs)["id"].removeprefix("comment-")] = self.depth

        def handle_endtag(self, tag):
            if tag == "ol":
                self.depth -= 1

    parser = Depths()
    parser.found = {}
    parser.feed(page)
    assert parser.depth == 0
    return parser.found


def test_replies_nest_to_the_deepest_level_and_then_say_whom_they_answer(app, client, site):
    ids = chain(app, client, site, DEEP + 2)

    page = html(client).text

    assert [depths(page)[one] for one in ids] == [1, 2, 3, 4, 5, 5, 5]
    answers = [text for a, text in elements(page, "p") if a.get("class") == "gp-answers"]
    assert answers == ["in reply to Author 5", "in reply to Author 6"]


def test_json_is_flat_and_names_the_parent(app, client, site):
    first, second = chain(app, client, site, 2)

    assert [(c["id"], c["parent"]) for c in document(client).json["comments"]] == [
        (first, None),
        (second, first),
    ]


def test_both_databases_read_a_thread_alike(app_on_both, client_on_both):
    app, client, site = app_on_both, client_on_both, site_of(app_on_both)
    first, second, third = chain(app, client, site, 3)
    move_to(app, site, second, Status.TRASH)

    shown = [(c["id"], c["parent"]) for c in document(client).json["comments"]]
    rest = [(c["id"], c["parent"]) for c in document(client, after=first).json["comments"]]

    assert shown == [(first, None), (third, None)]
    assert rest == [(third, None)]
    assert depths(html(client, sort="newest").text) == {third: 1, first: 1}
    assert client.get("/s/blog/counts?page=/amazon").json == {"counts": {"/amazon": 2}}
    assert client.get("/s/blog/form?page=/amazon&parent=%E2%82%AC").status_code == 200


def test_a_reply_whose_parent_is_gone_stands_by_itself_and_names_nobody(app, client, site):
    parent, reply = chain(app, client, site, 2)
    move_to(app, site, parent, Status.TRASH)

    page = html(client).text

    assert depths(page) == {reply: 1}
    assert "Author 1" not in page
    assert document(client).json["comments"][0]["parent"] is None


def test_newest_first_turns_the_roots_and_leaves_replies_in_order(app, client, site):
    first = publish(app, client, site, comment="One")
    second = publish(app, client, site, comment="Two")
    reply = publish(app, client, site, comment="Three", parent=first)
    later = publish(app, client, site, comment="Four", parent=first)

    page = html(client, sort="newest").text

    assert list(depths(page)) == [second, first, reply, later]
    found = [comment["id"] for comment in document(client, sort="newest").json["comments"]]
    assert found == [later, reply, second, first]


def test_the_owner_says_how_deep_replies_nest(app, client, site):
    set_policy(app, site, depth=2)
    ids = chain(app, client, site, 3)

    page = html(client).text

    assert page.count('class="gp-replies"') == 1
    assert "in reply to" in page
    assert page.count(f"#comment-{ids[1]}") == 2


def test_machines_read_author_time_and_words(app, client, site):
    publish(app, client, site, comment="Words for machines.", url="https://ana.example")

    page = html(client).text

    [comment] = [at for at, _ in elements(page, "article")]
    assert comment["itemtype"] == "https://schema.org/Comment"
    found = {
        at["itemprop"]: text.strip()
        for tag in ("bdi", "div")
        for at, text in elements(page, tag)
        if "itemprop" in at
    }
    assert found == {"name": "Ana Souza", "text": "Words for machines."}
    assert [at["itemprop"] for at, _ in elements(page, "time")] == ["dateCreated"]


# Pages of a long thread -------------------------------------------------------------------


@pytest.fixture
def short_pages(monkeypatch):
    # 200 comments each way would take minutes and show the same.
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)


@pytest.mark.parametrize("sort", ["oldest", "newest"])
def test_a_long_thread_goes_on_behind_next(app, client, site, short_pages, sort):
    ids = [publish(app, client, site, comment=f"Number {number}") for number in range(5)]
    seen, after = [], ""
    while True:
        answer = document(client, sort=sort, after=after).json
        seen += [comment["id"] for comment in answer["comments"]]
        after = answer["next"]
        if after is None:
            break

    assert seen == (ids if sort == "oldest" else ids[::-1])


def test_the_html_of_a_long_thread_leads_on(app, client, site, short_pages):
    for number in range(3):
        publish(app, client, site, comment=f"Number {number}")

    [more] = [a["href"] for a, text in elements(html(client).text, "a") if text == "More comments"]

    there = client.get("/s/blog/" + more.split("/s/blog/", 1)[1])
    assert "Number 2" in there.text
    assert "Number 0" not in there.text


def test_a_reply_on_a_later_page_says_whom_it_answers(app, client, site, short_pages):
    ids = chain(app, client, site, 3)

    page = html(client, after=ids[1]).text

    assert "in reply to Author 2" in " ".join(page.replace("<", " <").split()).replace(
        '<a href="#comment-' + ids[1] + '"> <bdi>', ""
    )
    assert document(client, after=ids[1]).json["comments"][0]["parent"] == ids[1]


@pytest.mark.parametrize("sort", ["oldest", "newest"])
def test_a_link_to_one_comment_of_a_long_thread_begins_with_it(
    app, client, site, short_pages, sort
):
    ids = [publish(app, client, site, comment=f"Number {number}") for number in range(5)]

    found = document(client, sort=sort, at=ids[2]).json["comments"]

    assert [one["id"] for one in found] == ([ids[2], ids[3]] if sort == "oldest" else ids[2:0:-1])


def test_a_comment_taken_back_still_marks_its_place(app, client, site, short_pages):
    first = publish(app, client, site, comment="One")
    second = publish(app, client, site, comment="Two")
    move_to(app, site, first, Status.TRASH)

    found = document(client, after=first).json["comments"]

    assert [comment["id"] for comment in found] == [second]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "hottest"},
        {"after": "abcd2345"},
        {"after": "1"},
        {"after": "../x"},
        {"page": ""},
        {"page": "https://evil.example/"},
        {"page": "a" * 501},
    ],
)
def test_a_wrong_question_is_refused_by_name(app, client, site, query):
    publish(app, client, site)

    answer = client.get(
        "/s/blog/thread.json",
        query_string={"page": "/amazon", **query},
        headers={"Accept": "application/json"},
    )

    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))


# Caching ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "json"])
def test_an_unknown_page_is_an_empty_thread(client, site, kind):
    answer = client.get(f"/s/blog/thread.{kind}?page=/nobody-was-here")

    assert answer.status_code == 200
    assert "article" not in answer.text


@pytest.mark.parametrize("path", ["thread.html", "thread.json", "counts", "form"])
def test_an_unknown_site_is_not_found(client, site, path):
    assert client.get(f"/s/nobody/{path}?page=/amazon").status_code == 404


@pytest.mark.parametrize("path", ["thread.html", "thread.json", "counts"])
def test_a_public_answer_is_public(app, client, site, path):
    publish(app, client, site)
    answer = client.get(f"/s/blog/{path}?page=/amazon")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Cache-Control"].startswith("public, ")
    assert answer.headers["ETag"].startswith('"')
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["thread.html", "thread.json"])
def test_a_thread_is_asked_for_again_each_time(client, site, path):
    answer = client.get(f"/s/blog/{path}?page=/amazon")

    assert answer.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("path", ["thread.html", "thread.json", "counts"])
def test_who_has_it_already_gets_304_until_it_changes(app, client, site, path):
    publish(app, client, site, comment="One")
    address = f"/s/blog/{path}?page=/amazon"
    tag = client.get(address).headers["ETag"]

    same = client.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == tag
    assert same.headers["Access-Control-Allow-Origin"] == "*"

    publish(app, client, site, comment="Two")
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_waiting_comment_does_not_change_the_etag(app, client, site):
    publish(app, client, site, comment="One")
    tag = html(client).headers["ETag"]

    send_json(client, comment="Waiting")

    assert html(client).headers["ETag"] == tag


def test_a_head_is_answered_without_a_body(app, client, site):
    answer = client.head("/s/blog/thread.html?page=/amazon")

    assert (answer.status_code, answer.data) == (200, b"")


# Counts -----------------------------------------------------------------------------------


def test_counts_are_by_the_names_asked_for(app, client, site):
    publish(app, client, site, comment="One")
    publish(app, client, site, comment="Two")
    send_json(client, comment="Waiting")
    publish(app, client, site, page=f"{ORIGIN}/b/")

    answer = client.get(
        "/s/blog/counts", query_string={"page": ["/amazon", f"{ORIGIN}/b/?utm_source=x", "/c"]}
    )

    assert answer.json == {"counts": {"/amazon": 2, f"{ORIGIN}/b/?utm_source=x": 1, "/c": 0}}


def test_counts_of_no_page_are_none(client, site):
    assert client.get("/s/blog/counts").json == {"counts": {}}


def test_counts_take_a_hundred_pages_and_no_more(client, site):
    pages = [f"/{number}" for number in range(101)]

    assert client.get("/s/blog/counts", query_string={"page": pages[:100]}).status_code == 200
    assert client.get("/s/blog/counts", query_string={"page": pages}).status_code == 422


def test_counts_keep_sites_apart(app, client, site):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    publish(app, client, site)

    assert client.get("/s/other/counts?page=/amazon").json == {"counts": {"/amazon": 0}}
    assert json.loads(client.get("/s/other/thread.json?page=/amazon").data)["comments"] == []


def test_reading_makes_no_thread(app, client, site):
    html(client)
    client.get("/s/blog/counts?page=/amazon")
    client.get("/s/blog/form?page=/amazon")

    assert rows(app, Thread) == []
    with app.app_context():
        assert not db.session.new

"""Feeds, as a feed reader reads them."""

from xml.etree import ElementTree as ET

import pytest

from models import Status
from service.sites.changes import describe_page
from service.web.context import HOUSE
from service.web.reader import feeds
from tests.conftest import BASE_URL
from tests.web.desk import move_to, publish, send_json, set_policy, site_of

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


def read(client, path):
    """A feed's elements and its answer."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ET.fromstring(answer.data), answer


def texts(entry):
    return {child.tag.removeprefix(ATOM): child.text for child in entry}


@pytest.mark.parametrize("path", ["/s/blog/feed.atom", "/s/blog/thread.atom?page=/amazon"])
def test_a_feed_has_what_the_standard_asks_for(app, client, site, path):
    publish(app, client, site, comment="Words & <b>more</b> words.")

    feed, _ = read(client, path)

    assert feed.tag == f"{ATOM}feed"
    assert {"id", "title", "updated", "entry", "link"} <= set(texts(feed))
    [entry] = feed.findall(f"{ATOM}entry")
    assert {"id", "title", "updated", "author", "link", "content"} <= set(texts(entry))
    assert entry.find(f"{ATOM}author/{ATOM}name").text == "Ana Souza"
    content = entry.find(f"{ATOM}content")
    assert content.get("type") == "html"
    assert content.text == "<p>Words &amp; &lt;b&gt;more&lt;/b&gt; words.</p>\n"
    own = next(link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert own.get("href") == BASE_URL + path


def test_the_newest_come_first_and_only_what_is_public(app, client, site, monkeypatch):
    monkeypatch.setattr(feeds, "NEWEST", 2)
    for number in range(3):
        publish(app, client, site, comment=f"Number {number}.", page=f"/p{number}")
    send_json(client, comment="Waiting.")
    spam = publish(app, client, site, comment="Spam after all.")
    move_to(app, site, spam, Status.SPAM)

    feed, answer = read(client, "/s/blog/feed.atom")

    contents = [entry.text for entry in feed.iter(f"{ATOM}content")]
    assert contents == ["<p>Number 2.</p>\n", "<p>Number 1.</p>\n"]
    assert "example.org</" not in answer.text
    assert "ana.souza" not in answer.text


def test_ids_stay_what_they_are_and_links_lead_to_the_comment(app, client, site):
    public_id = publish(app, client, site)

    first, _ = read(client, "/s/blog/feed.atom")
    again, _ = read(client, "/s/blog/thread.atom?page=/amazon")

    ids = {feed.find(f"{ATOM}entry/{ATOM}id").text for feed in (first, again)}
    assert len(ids) == 1
    assert public_id in ids.pop()
    link = first.find(f"{ATOM}entry/{ATOM}link").get("href")
    assert link == f"https://blog.example.org/amazon#comment-{public_id}"
    assert len({first.find(f"{ATOM}id").text, again.find(f"{ATOM}id").text}) == 2


def test_only_the_owner_s_title_of_a_page_is_told(app, client, site):
    publish(app, client, site, title="A reader's own invention")
    assert "invention" not in read(client, "/s/blog/thread.atom?page=/amazon")[1].text

    with app.app_context():
        describe_page(app.extensions[HOUSE], site, "/amazon", title="Coca & cacao", text="")
    feed, _ = read(client, "/s/blog/thread.atom?page=/amazon")
    assert feed.find(f"{ATOM}title").text == "Comments on Coca & cacao"


def test_who_has_it_gets_304_and_no_shared_cache_keeps_it_unasked(app, client, site):
    publish(app, client, site)
    _, answer = read(client, "/s/blog/feed.atom")

    assert answer.headers["Cache-Control"] == "public, no-cache"
    tag = answer.headers["ETag"]
    assert client.get("/s/blog/feed.atom", headers={"If-None-Match": tag}).status_code == 304


def test_an_empty_feed_is_a_feed(client, site):
    feed, _ = read(client, "/s/blog/feed.atom")

    assert feed.findall(f"{ATOM}entry") == []
    assert feed.find(f"{ATOM}updated").text


def test_a_page_that_nobody_wrote_on_has_an_empty_feed(client, site):
    feed, _ = read(client, "/s/blog/thread.atom?page=/silent")

    assert feed.findall(f"{ATOM}entry") == []


def test_the_hosted_form_names_its_feed(client, site):
    page = client.get("/s/blog/form?page=/amazon").text

    assert 'type="application/atom+xml" href="/s/blog/thread.atom?page=/amazon"' in page


def test_an_unknown_site_has_no_feed(client):
    assert client.get("/s/nobody/feed.atom").status_code == 404


def test_a_feed_says_its_language(app, client, site):
    set_policy(app, site, language="en")

    feed, _ = read(client, "/s/blog/feed.atom")

    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"

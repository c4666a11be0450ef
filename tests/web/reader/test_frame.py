"""The hosted form in a frame of the site's page, as a browser without JavaScript meets it."""

import pytest

from tests.building import COMMENT, ORIGIN
from tests.web.desk import COMMENTS, elements, path_of, publish, send, site_of, typed_in

HOSTED = "/s/blog/form?page=/amazon"
FRAMED = f"{HOSTED}&frame=1"


@pytest.fixture
def page(app, client):
    """The framed form under a thread of two comments, one of which answers the other."""
    site = site_of(app)
    first = publish(app, client, site, comment="First https://elsewhere.example/", author="Tom")
    publish(app, client, site, comment="Second", parent=first, url="https://ana.example")
    return client.get(FRAMED).text


def test_our_own_header_and_footer_stay_outside(client, page):
    assert "<header" in client.get(HOSTED).text
    assert "<header" not in page
    assert "<footer" not in page
    assert "Back to the page" not in page


def test_links_lead_out_of_the_frame_and_what_belongs_to_it_stays_inside(page):
    assert '<base target="_top">' in page
    for attributes, _text in elements(page, "a"):
        inside = attributes["href"].startswith(("#", "/s/"))
        assert attributes.get("target") == ("_self" if inside else None), attributes
    [(form, _text)] = elements(page, "form")
    assert form["target"] == "_self"


def test_links_of_the_frame_stay_framed(page):
    own = [at["href"] for at, _text in elements(page, "a") if at["href"].startswith("/s/")]
    assert own
    assert all("frame=1" in href for href in own)


def test_only_the_sites_origins_are_told_its_height(page):
    [(body, _text)] = elements(page, "body")
    assert body["data-origins"] == ORIGIN


def test_mistakes_come_back_framed_with_everything_typed(client):
    fields = typed_in(client.get(FRAMED).text)

    answer = client.post(COMMENTS, data={**fields, **COMMENT, "email": "x"})

    assert answer.status_code == 422
    assert '<base target="_top">' in answer.text
    assert typed_in(answer.text)["frame"] == "1"
    assert typed_in(answer.text)["comment"] == COMMENT["comment"]
    assert '<a href="#email" target="_self">' in answer.text


def test_the_thank_you_is_framed_and_leads_back_to_the_comments(client):
    answer = send(client, frame="1")

    assert answer.status_code == 303
    assert answer.location.endswith("&frame=1")
    page = client.get(path_of(f"x://y{answer.location}")).text
    back = next(at for at, text in elements(page, "a") if text == "Back to the comments")
    assert back == {"href": "/s/blog/form?page=%2Famazon&frame=1", "target": "_self"}
    receipt = next(at for at, text in elements(page, "a") if text == "Open my comment")
    assert "target" not in receipt
    assert (
        f"frame-ancestors {ORIGIN}"
        in client.get(answer.location).headers["Content-Security-Policy"]
    )


def test_nothing_is_framed_that_did_not_ask_for_it(client):
    for page in (client.get(HOSTED), client.get(f"{HOSTED}&frame=2"), send(client, email="x")):
        assert "<base" not in page.text
        assert "frame.js" not in page.text
    assert "frame" not in send(client).location


def test_a_fragment_for_other_pages_knows_nothing_of_frames(client, page):
    assert "_self" not in client.get("/s/blog/thread.html?page=/amazon&frame=1").text

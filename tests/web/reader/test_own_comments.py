"""What a page is told of its reader's own comments: the batch of receipts."""

import pytest

from models import Status
from tests.building import ORIGIN
from tests.web.desk import move_to, publish, send_json, site_of


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


def token_of(answer):
    return answer.json["receipt"].rsplit("/", 1)[1]


def sent(client, **changes):
    return token_of(send_json(client, **changes))


def ask(client, tokens, origin=ORIGIN):
    headers = {} if origin is None else {"Origin": origin}
    return client.post("/receipts", data={"receipts": " ".join(tokens)}, headers=headers)


def test_the_states_come_in_the_order_of_the_links(app, client, site):
    waiting = sent(client, comment="First words.")
    answer = send_json(client, comment="Second words.")
    move_to(app, site, answer.json["id"], Status.APPROVED)

    told = ask(client, [token_of(answer), "no-such-link", waiting]).json["receipts"]

    assert [one and one["state"] for one in told] == ["published", None, "waiting"]


def test_a_waiting_comment_comes_as_its_reader_sees_it_under_the_page(client, site):
    token = sent(client, comment="Some *words* <b>of mine</b>.")

    [told] = ask(client, [token]).json["receipts"]

    assert "<em>words</em> &lt;b&gt;of mine" in told["card"]
    assert "Awaiting moderation" in told["card"]
    assert f'/receipts/{token}"' in told["card"]
    assert "Edit or withdraw" in told["card"]


def test_a_published_comment_needs_no_card(app, client, site):
    answer = send_json(client, comment="Seen by everybody.")
    move_to(app, site, answer.json["id"], Status.APPROVED)

    assert ask(client, [token_of(answer)]).json["receipts"][0]["card"] is None


def test_a_page_of_another_site_learns_nothing(client, site):
    answer = ask(client, [sent(client)], origin="https://elsewhere.example")

    assert answer.json["receipts"] == [None]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_site_s_own_page_may_read_it_and_nobody_keeps_it(client, site):
    answer = ask(client, [sent(client)])

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_program_asks_in_json(client, site):
    token = sent(client)

    told = client.post("/receipts", json={"receipts": [token]}).json["receipts"]

    assert told[0]["state"] == "waiting"


@pytest.mark.parametrize(
    "body",
    [{"receipts": "abc"}, {"receipts": [1]}, {}, {"receipts": ["x"] * 51}],
    ids=["text", "number", "nothing", "too many"],
)
def test_what_is_no_list_of_links_is_refused(client, site, body):
    answer = client.post("/receipts", json=body)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["receipts"]


def test_looking_at_them_changes_nothing(app, client, site):
    token = sent(client)
    before = ask(client, [token]).json

    assert ask(client, [token]).json == before


def test_the_address_is_in_none_of_it(client, site):
    token = sent(client, email="canary.reader@example.org")

    assert "canary" not in ask(client, [token]).text


def test_counts_come_in_words_where_asked(app, client, site):
    publish(app, client, site, comment="One.")

    query = {"page": ["/amazon", "/none"], "labels": "1"}
    answer = client.get("/s/blog/counts", query_string=query).json

    assert answer["labels"] == {"/amazon": "1 comment", "/none": "0 comments"}

"""POST /s/{site}/comments as a program meets it: the contract, line by line."""

import pytest

from models import Comment, Event, Status
from service.web.context import HOUSE
from tests.building import COMMENT, ORIGIN, found_demo_site, rows
from tests.web.desk import (
    COMMENTS,
    JSON,
    SITE_ORIGIN,
    close_thread,
    move_to,
    publish,
    send,
    send_json,
    set_policy,
    site_of,
    slow_down,
    without,
)

ASTRAL = "\U0001f30a"  # one code point, two UTF-16 units, four bytes


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


def test_a_valid_comment_is_held_and_gets_a_receipt(app, client, site):
    answer = send_json(client)

    assert answer.status_code == 202
    assert set(answer.json) == {"id", "status", "receipt", "message"}
    assert answer.json["status"] == "held"
    assert answer.json["message"] == "Thank you, Ana Souza. Your comment is awaiting moderation."
    base_url = app.extensions[HOUSE].settings.base_url
    assert answer.json["receipt"].startswith(f"{base_url}/receipts/{answer.json['id']}")
    [comment] = rows(app, Comment)
    assert (comment.public_id, comment.status) == (answer.json["id"], Status.PENDING)


def test_a_form_that_prefers_json_gets_json(client, site):
    answer = send(client, JSON)

    assert (answer.status_code, answer.json["status"]) == (202, "held")


def test_an_answer_is_never_kept_by_a_cache(client, site):
    assert send_json(client).headers["Cache-Control"] == "no-store"


def test_all_mistakes_come_at_once_in_a_problem_document(client, site):
    answer = send_json(client, comment=" ", author="", email="ana@", url="javascript:x", page="")

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["errors"]) == ["author", "comment", "email", "page", "url"]
    assert answer.json["errors"]["comment"] == ["Enter your comment"]
    assert (answer.json["status"], answer.json["code"]) == (422, "invalid")


@pytest.mark.parametrize("name", ["comment", "author", "email", "page"])
def test_a_missing_required_field_is_named(client, site, name):
    answer = client.post(COMMENTS, json=without(name))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [name]


@pytest.mark.parametrize("name", ["author", "email"])
def test_a_policy_may_ask_for_less(app, client, site, name):
    set_policy(app, site, require_name=False, require_email=False)

    assert client.post(COMMENTS, json=without(name)).status_code == 202


def test_a_nameless_author_is_thanked_without_a_name(app, client, site):
    set_policy(app, site, require_name=False)

    answer = client.post(COMMENTS, json=without("author"))

    assert answer.json["message"] == "Thank you. Your comment is awaiting moderation."


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], ["x"], {}, {"a": "b"}])
@pytest.mark.parametrize("name", ["comment", "author", "email", "url", "page", "parent", "title"])
def test_a_value_that_is_no_text_is_refused_by_name(client, site, name, value):
    answer = send_json(client, **{name: value})

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [name]


def test_an_unknown_json_field_is_refused_by_name(client, site):
    answer = send_json(client, colour="red")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["colour"])


def test_an_unknown_urlencoded_field_is_ignored(client, site):
    assert send(client, JSON, colour="red").status_code == 202


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null"])
def test_json_that_is_no_object_is_refused(client, site, body):
    answer = client.post(COMMENTS, data=body, content_type="application/json")

    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


def test_wordpress_names_are_understood(app, client, site):
    first = publish(app, client, site)
    fields = {"comment_post_ID": "/amazon", "comment_parent": first, "comment": "An answer."}

    answer = client.post(COMMENTS, json={**without("page"), **fields})

    assert answer.status_code == 202
    above, below = rows(app, Comment)
    assert below.parent_id == above.id


def test_wordpress_parent_zero_means_none(app, client, site):
    assert send_json(client, comment_parent="0").status_code == 202
    assert rows(app, Comment)[0].parent_id is None


@pytest.mark.parametrize("character", ["a", "ß", "河", ASTRAL])
@pytest.mark.parametrize(("name", "limit"), [("comment", 10_000), ("author", 245)])
def test_lengths_are_counted_in_code_points(client, site, name, limit, character):
    assert send_json(client, **{name: character * limit}).status_code == 202

    refused = send_json(client, **{name: character * (limit + 1)})

    assert refused.status_code == 422
    assert refused.json["errors"][name] == [
        f"{name.replace('author', 'name').title()} must be {limit:,} characters or fewer"
    ]


def test_the_longest_comment_of_astral_characters_fits_urlencoded_too(client, site):
    assert send(client, JSON, comment=ASTRAL * 10_000).status_code == 202


def test_a_line_end_counts_once_however_it_is_sent(app, client, site):
    assert send(client, JSON, comment="a\r\n" * 4_999 + "ab").status_code == 202
    assert send(client, JSON, comment="a\r\n" * 5_000 + "a").status_code == 422
    assert "\r" not in rows(app, Comment)[0].text


def test_a_decomposed_letter_counts_as_the_one_it_is(app, client, site):
    assert send_json(client, author="e\u0301" * 245).status_code == 202
    assert rows(app, Comment)[0].name == "é" * 245


def test_a_long_address_and_a_long_website_are_refused(client, site):
    long_website = "https://example.org/" + "a" * 181
    answer = send_json(client, email="a" * 90 + "@example.org", url=long_website)

    assert answer.json["errors"] == {
        "email": ["Email must be 100 characters or fewer"],
        "url": ["Website must be 200 characters or fewer"],
    }


def test_a_bare_host_becomes_https(app, client, site):
    send_json(client, url="example.org/me")

    assert rows(app, Comment)[0].website == "https://example.org/me"


@pytest.mark.parametrize("value", ["\x00", "a\x07b", "a\x1bb"])
def test_control_characters_are_refused(client, site, value):
    assert send_json(client, comment=value).status_code in (400, 422)


@pytest.mark.parametrize(
    "page", ["https://evil.example/amazon", "https://", "//evil.example/x", " ", "a" * 501]
)
def test_a_page_that_is_not_the_sites_is_a_mistake_in_the_page(client, site, page):
    answer = send_json(client, page=page)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["page"])


def test_a_page_may_be_named_by_its_address(app, client, site):
    publish(app, client, site, page=f"{ORIGIN}/Amazon/index.html?utm_source=mail#comments")

    found = client.get("/s/blog/thread.json", query_string={"page": f"{ORIGIN}/Amazon/"})

    assert found.json["page"] == f"{ORIGIN}/Amazon/"
    assert len(found.json["comments"]) == 1


def test_a_bare_key_must_be_registered_where_the_policy_says_so(app, client, site):
    set_policy(app, site, registered_pages_only=True)

    answer = send_json(client)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["page"])


@pytest.mark.parametrize("parent", ["abcdefgh", "../etc", "a" * 17, "-1", "é"])
def test_a_parent_that_is_not_there_is_a_mistake_in_the_parent(client, site, parent):
    answer = send_json(client, parent=parent)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["parent"])


def test_nobody_answers_a_comment_that_waits(client, site):
    waiting = send_json(client).json["id"]

    answer = send_json(client, comment="An answer.", parent=waiting)

    assert list(answer.json["errors"]) == ["parent"]


def test_nobody_answers_a_comment_of_another_page(app, client, site):
    elsewhere = publish(app, client, site, page="/elsewhere")

    assert list(send_json(client, parent=elsewhere).json["errors"]) == ["parent"]


# Origins ------------------------------------------------------------------------------


def test_the_sites_own_page_may_send_and_read_the_answer(app, client, site):
    answer = send_json(client, SITE_ORIGIN)

    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert rows(app, Comment)[0].signals["origin"] is True


def test_our_own_page_may_send(app, client, site):
    own = app.extensions[HOUSE].settings.base_url

    assert send_json(client, {"Origin": own}).status_code == 202
    assert rows(app, Comment)[0].signals["origin"] is True


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}])
def test_a_missing_or_null_origin_is_only_trusted_less(app, client, site, headers):
    answer = send_json(client, headers)

    assert answer.status_code == 202
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert rows(app, Comment)[0].signals["origin"] is False


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://blog.example.org",
        "https://blog.example.org:8443",
        "https://blog.example.org.evil.example",
        "file://",
        "nonsense",
    ],
)
def test_a_foreign_origin_is_refused(app, client, site, origin):
    answer = send_json(client, {"Origin": origin})

    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert rows(app, Comment) == []


def test_a_refusal_can_be_read_by_the_sites_own_page(client, site):
    answer = send_json(client, SITE_ORIGIN, comment="")

    assert answer.status_code == 422
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_refusal_by_the_gate_can_be_read_by_the_sites_own_page(client, site):
    answer = client.post(COMMENTS, data="{", content_type="application/json", headers=SITE_ORIGIN)

    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_preflight_of_the_sites_page_is_answered(client, site):
    answer = client.options(
        COMMENTS, headers={**SITE_ORIGIN, "Access-Control-Request-Method": "POST"}
    )

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_of_a_foreign_page_gets_no_leave(client, site):
    answer = client.options(COMMENTS, headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


# Verdicts and signals -----------------------------------------------------------------


def test_a_filled_honeypot_gets_the_same_answer_and_waits(app, client, site):
    plain = send_json(client)
    trapped = send_json(client, comment="Another one.", subject="http://spam.example")

    assert trapped.status_code == plain.status_code == 202
    assert trapped.json.keys() == plain.json.keys()
    signals = rows(app, Comment)[1].signals
    assert (signals["honeypot"], signals["origin"], signals["ticket_age"]) == (True, False, None)


def test_what_goes_to_the_spam_tray_gets_the_same_answer(app, client, site):
    plain = send_json(client)
    set_policy(app, site, spam_tray_at=0.0)

    filed = send_json(client, comment="A second thought on the river.")

    assert rows(app, Comment)[1].status is Status.SPAM
    assert filed.status_code == plain.status_code
    assert filed.json.keys() == plain.json.keys()
    assert filed.json["status"] == plain.json["status"]
    assert filed.json["message"] == plain.json["message"]


def test_what_is_no_ticket_is_no_refusal(app, client, site):
    assert send_json(client, ticket="anything").status_code == 202
    assert rows(app, Comment)[0].signals["ticket_age"] is None


# Other refusals -----------------------------------------------------------------------


def test_an_unknown_site_is_not_found(client, site):
    assert client.post("/s/nobody/comments", json=COMMENT).status_code == 404


def test_a_closed_thread_is_gone(app, client, site):
    send_json(client)
    close_thread(app)

    answer = send_json(client, comment="Too late.")

    assert (answer.status_code, answer.json["code"]) == (410, "thread_closed")


def test_the_same_words_twice_are_a_duplicate(app, client, site):
    send_json(client)

    answer = send_json(client)

    assert (answer.status_code, answer.json["code"]) == (409, "duplicate_comment")
    assert len(rows(app, Comment)) == 1


def test_too_many_are_told_when_to_come_back(app, client, site):
    slow_down(app, burst=2)
    for number in range(2):
        assert send_json(client, comment=f"Comment {number}").status_code == 202

    answer = send_json(client, SITE_ORIGIN, comment="One more")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_a_body_above_the_cap_is_too_large(client, site):
    answer = send_json(client, comment="a" * 140_000)

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "text/xml"])
def test_other_content_types_are_refused(client, site, kind):
    assert client.post(COMMENTS, data="comment=x", content_type=kind).status_code == 415


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_refused(client, site, method):
    assert getattr(client, method)(COMMENTS, headers=JSON).status_code == 405


# Repetition ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ['"9f-1"', "9f-1", '"a \\"quoted\\" key"', "k" * 255])
def test_a_repeated_key_gets_the_same_answer_and_is_stored_once(app, client, site, key):
    first = send_json(client, {"Idempotency-Key": key})
    again = send_json(client, {"Idempotency-Key": key})

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json == first.json
    assert len(rows(app, Comment)) == 1
    assert len(rows(app, Event)) == 1


def test_a_quoted_and_a_bare_key_are_the_same(app, client, site):
    send_json(client, {"Idempotency-Key": '"one"'})

    assert send_json(client, {"Idempotency-Key": "one"}).status_code == 202
    assert len(rows(app, Comment)) == 1


def test_a_key_with_another_body_is_refused(app, client, site):
    send_json(client, {"Idempotency-Key": "one"})

    answer = send_json(client, {"Idempotency-Key": "one"}, comment="Other words.")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert len(rows(app, Comment)) == 1


@pytest.mark.parametrize("key", ["", '""', "k" * 256])
def test_a_malformed_key_is_refused(client, site, key):
    answer = send_json(client, {"Idempotency-Key": key})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_a_refused_comment_leaves_its_key_free(app, client, site):
    assert send_json(client, {"Idempotency-Key": "one"}, comment="").status_code == 422

    assert send_json(client, {"Idempotency-Key": "one"}).status_code == 202


def test_a_repeated_submission_id_is_stored_once(app, client, site):
    first = send(client, JSON, submission_id="abc")
    again = send(client, JSON, submission_id="abc")

    assert again.json == first.json
    assert len(rows(app, Comment)) == 1


def test_a_submission_id_with_another_body_is_a_new_comment(app, client, site):
    first = send(client, JSON, submission_id="abc")
    other = send(client, JSON, submission_id="abc", comment="Other words.")

    assert other.status_code == 202
    assert other.json["id"] != first.json["id"]
    assert len(rows(app, Comment)) == 2


def test_an_endless_submission_id_is_refused(client, site):
    answer = send_json(client, submission_id="a" * 256)

    assert list(answer.json["errors"]) == ["submission_id"]


def test_a_repetition_is_answered_after_the_decision_too(app, client, site):
    first = send_json(client, {"Idempotency-Key": "one"})
    move_to(app, site, first.json["id"], Status.TRASH)

    assert send_json(client, {"Idempotency-Key": "one"}).json == first.json


def test_the_same_key_on_another_site_is_another_key(app, client, site):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    first = send_json(client, {"Idempotency-Key": "one"})

    there = client.post("/s/other/comments", json=COMMENT, headers={"Idempotency-Key": "one"})

    assert there.status_code == 202
    assert there.json["id"] != first.json["id"]


def test_nothing_that_was_typed_in_the_address_field_comes_back(client, site):
    answer = send_json(client, email="ana.souza@nowhere..example")

    assert "souza@" not in answer.text

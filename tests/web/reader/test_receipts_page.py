"""The author's private link, as a page and as JSON."""

import pytest
import sqlalchemy as sa

from models import Comment, Contact, Moderator, Status
from service.comments.moderate import Actor, decide
from service.db import db
from service.web.context import HOUSE
from tests.building import ORIGIN, rows
from tests.conftest import visitor
from tests.web.desk import (
    JSON,
    SITE_ORIGIN,
    elements,
    move_to,
    path_of,
    send,
    send_json,
    set_policy,
    site_of,
    typed_in,
)


@pytest.fixture
def site(app):
    """The site that every test's application has."""
    return site_of(app)


@pytest.fixture
def receipt(client, site):
    """Path of the private link of a fresh comment."""
    return path_of(send_json(client, url="https://example.org/me").json["receipt"])


def state(client, receipt):
    return client.get(receipt, headers=JSON).json["state"]


def only_comment(app):
    [comment] = rows(app, Comment)
    return comment


def reject_as_person(app, site, status):
    with app.app_context():
        person = rows(app, Moderator)[0].id
        actor = Actor(person, [site.id])
        decide(app.extensions[HOUSE], actor, only_comment(app).public_id, status)


def test_a_waiting_comment_says_so(client, receipt):
    page = client.get(receipt)

    assert page.status_code == 200
    assert "Awaiting moderation" in page.text
    assert "The river part of this report" in page.text


def test_the_document_tells_what_the_page_tells(app, client, receipt):
    told = client.get(receipt, headers=JSON)

    assert told.json == {
        "id": only_comment(app).public_id,
        "state": "waiting",
        "message": "Awaiting moderation. A person will read it before it appears.",
        "editable": True,
        "mail": False,
        "page": "/amazon",
        "page_url": f"{ORIGIN}/amazon",
        "name": "Ana Souza",
        "website": "https://example.org/me",
        "text": "The river part of this report stayed with me.",
        "created_at": told.json["created_at"],
        "edited_at": None,
    }


def test_an_approved_comment_is_published(app, client, site, receipt):
    move_to(app, site, only_comment(app).public_id, Status.APPROVED)

    assert state(client, receipt) == "published"
    assert "Everybody can read it." in client.get(receipt).text


@pytest.mark.parametrize("status", [Status.SPAM, Status.TRASH])
def test_what_a_person_rejected_is_not_published(app, client, site, receipt, status):
    reject_as_person(app, site, status)

    assert state(client, receipt) == "not_published"
    assert "spam" not in client.get(receipt).text.lower()


def test_what_a_rule_filed_away_still_waits(app, client, site):
    set_policy(app, site, spam_tray_at=0.0)
    receipt = path_of(send_json(client).json["receipt"])

    assert only_comment(app).status is Status.SPAM
    assert state(client, receipt) == "waiting"


def test_score_and_reasons_are_never_told(client, receipt):
    for answer in (client.get(receipt), client.get(receipt, headers=JSON)):
        for word in ("probability", "score", "band", "reason"):
            assert word not in answer.text.lower()


@pytest.mark.parametrize("headers", [{}, JSON])
def test_the_link_is_kept_private(client, receipt, headers):
    answer = client.get(receipt, headers=headers)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "%E2%82%AC", "abcd2345abcd2345.1.AAAAAAAAAAAAAAAAAAAAAA"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_wrong_token_is_not_found(client, site, token, method):
    how = {"data": {"action": "withdraw"}} if method == "post" else {}
    answer = getattr(client, method)(f"/receipts/{token}", **how)

    assert answer.status_code == 404
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_another_comment_s_token_opens_only_that_one(client, site, receipt):
    other = send_json(client, comment="Another comment.").json
    head, tail = path_of(other["receipt"]).rsplit(".", 1)
    mine, _tail = receipt.rsplit(".", 1)

    assert client.get(f"{mine}.{tail}").status_code == 404
    assert head != mine


@pytest.mark.parametrize("action", ["edit", "withdraw", "erase", "export"])
def test_looking_changes_nothing(app, client, receipt, action):
    before = only_comment(app).version

    for query in (f"?action={action}", f"?done={action}", f"?comment=x&action={action}"):
        client.get(receipt + query)
        client.head(receipt + query)

    comment = only_comment(app)
    assert (comment.version, comment.gone) == (before, False)


def test_a_link_cannot_claim_what_was_not_done(client, receipt):
    assert "Your data is erased." not in client.get(f"{receipt}?done=erase").text
    assert "is withdrawn" not in client.get(f"{receipt}?done=withdraw").text
    assert "nonsense" not in client.get(f"{receipt}?done=nonsense").text


# Edit ---------------------------------------------------------------------------------


def test_a_browser_edits_and_comes_back_to_the_page(app, client, receipt):
    answer = client.post(receipt, data={"action": "edit", "comment": "Better words."})

    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Your changes are saved." in page.text
    assert typed_in(page.text)["comment"] == "Better words."
    assert only_comment(app).text == "Better words."


def test_a_program_edits(client, receipt):
    answer = client.post(receipt, json={"action": "edit", "comment": "Better\r\nwords."})

    assert answer.status_code == 200
    assert (answer.json["text"], answer.json["state"]) == ("Better\nwords.", "waiting")
    assert answer.json["edited_at"] is not None


def test_an_edited_published_comment_waits_again(app, client, site, receipt):
    move_to(app, site, only_comment(app).public_id, Status.APPROVED)

    client.post(receipt, data={"action": "edit", "comment": "Better words."})

    assert state(client, receipt) == "waiting"
    assert client.get("/s/blog/thread.json?page=/amazon").json["comments"] == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [("  ", "Enter your comment"), ("a" * 10_001, "Comment must be 10,000 characters or fewer")],
)
def test_a_bad_edit_comes_back_with_what_was_typed(app, client, receipt, typed, message):
    answer = client.post(receipt, data={"action": "edit", "comment": typed})

    assert answer.status_code == 422
    [(_a, title)] = elements(answer.text, "title")
    assert title.startswith("Error: ")
    assert message in answer.text
    assert typed_in(answer.text)["comment"] == typed
    [field] = [a for a, _t in elements(answer.text, "textarea")]
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "comment-error")
    assert only_comment(app).text.startswith("The river")


def test_after_the_time_a_published_comment_cannot_be_edited(app, client, site, receipt, clock):
    move_to(app, site, only_comment(app).public_id, Status.APPROVED)
    clock.move(minutes=16)

    assert elements(client.get(receipt).text, "textarea") == []
    answer = client.post(receipt, data={"action": "edit", "comment": "Too late, but kept."})

    assert answer.status_code == 403
    assert "Too late, but kept." in answer.text
    assert client.post(receipt, json={"action": "edit", "comment": "x"}).status_code == 403


def test_a_waiting_comment_can_be_edited_for_as_long_as_it_waits(client, receipt, clock):
    clock.move(days=3)

    assert client.post(receipt, json={"action": "edit", "comment": "x"}).status_code == 200


# Withdraw, export, erase ----------------------------------------------------------------


def test_a_withdrawn_comment_is_gone_from_the_thread(app, client, site, receipt):
    move_to(app, site, only_comment(app).public_id, Status.APPROVED)

    answer = client.post(receipt, data={"action": "withdraw"})

    assert answer.status_code == 303
    assert "Your comment is withdrawn." in client.get(answer.location).text
    assert client.get("/s/blog/thread.json?page=/amazon").json["comments"] == []
    assert client.post(receipt, json={"action": "edit", "comment": "x"}).status_code == 409


def test_withdrawing_twice_is_done(client, receipt):
    client.post(receipt, json={"action": "withdraw"})

    assert client.post(receipt, json={"action": "withdraw"}).json["state"] == "withdrawn"


@pytest.mark.parametrize("how", [{"data": {"action": "export"}}, {"json": {"action": "export"}}])
def test_the_export_is_a_file_with_the_address_in_it(app, client, receipt, how):
    answer = client.post(receipt, **how)

    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    name = f"comment-{only_comment(app).public_id}.json"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.json["email"] == "ana.souza@example.org"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_address_past_its_time_is_not_in_the_export(client, receipt, clock):
    clock.move(days=91)

    assert client.post(receipt, data={"action": "export"}).json["email"] is None


def test_the_address_is_in_the_export_alone(client, receipt):
    assert "ana.souza" not in client.get(receipt).text
    assert "ana.souza" not in client.get(receipt, headers=JSON).text


def test_erasing_leaves_the_text_unless_asked(app, client, receipt):
    answer = client.post(receipt, data={"action": "erase"})

    assert "Your data is erased." in client.get(answer.location).text
    comment = only_comment(app)
    assert (comment.name, comment.website, comment.contact_id) == ("", "", None)
    assert comment.text.startswith("The river")
    assert rows(app, Contact) == []


def test_erasing_locks_the_thread_before_the_author_as_a_submission_does(make_app, databases):
    app = make_app(databases.fresh("postgresql"))
    reader, said = visitor(app), []
    answer = send_json(reader)
    move_to(app, site_of(app), answer.json["id"], Status.APPROVED)
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    reader.post(path_of(answer.json["receipt"]), data={"action": "erase", "with_text": "yes"})

    locks = [words for words in said if " FOR " in words or words.startswith(("UPDATE", "DELETE"))]
    thread = next(place for place, words in enumerate(locks) if "FROM thread" in words)
    author = next(place for place, words in enumerate(locks) if "author_contact" in words)
    assert thread < author


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"action": "erase", "with_text": "yes"}},
        {"json": {"action": "erase", "with_text": True}},
    ],
)
def test_erasing_takes_the_text_where_asked(app, client, receipt, how):
    client.post(receipt, **how)

    assert only_comment(app).text == ""
    assert "The river" not in client.get(receipt).text


def test_an_erased_comment_offers_no_more_deeds_than_the_export(client, receipt):
    client.post(receipt, data={"action": "erase"})

    buttons = [a["value"] for a, _t in elements(client.get(receipt).text, "button")]
    assert buttons == ["export"]


# Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["", "publish", "approve"])
def test_an_unknown_action_is_refused(client, receipt, action):
    assert client.post(receipt, data={"action": action}).status_code == 422
    refused = client.post(receipt, json={"action": action})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["action"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": 1}, "action"),
        ({"action": "edit", "comment": None}, "comment"),
        ({"action": "erase", "with_text": "yes"}, "with_text"),
        ({"action": "erase", "status": "approved"}, "status"),
    ],
)
def test_json_of_the_wrong_shape_is_refused_by_name(app, client, receipt, body, field):
    answer = client.post(receipt, json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert not only_comment(app).gone


# Scripts of the site's pages --------------------------------------------------------------


def test_the_sites_own_page_may_read_it(client, receipt):
    answer = client.get(receipt, headers={**JSON, **SITE_ORIGIN})

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_foreign_page_may_not(client, receipt):
    answer = client.get(receipt, headers={**JSON, "Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_of_the_sites_own_page_is_answered(client, receipt):
    answer = client.options(receipt, headers=SITE_ORIGIN)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"


def test_hostile_words_stay_words_on_the_receipt(client, site):
    hostile = "</textarea><script>alert(1)</script>"
    receipt = path_of(send_json(client, comment=hostile, author=hostile).json["receipt"])

    page = client.get(receipt).text

    assert "<script>alert" not in page
    assert typed_in(page)["comment"] == hostile


def test_the_private_link_of_a_browser_is_the_same_as_a_program_s(client, site):
    """Both come from the same submission, sent by a form and again by a program."""
    page = client.get(send(client, submission_id="one").location)
    [link] = [a["href"] for a, _t in elements(page.text, "a") if "/receipts/" in a["href"]]

    assert send(client, JSON, submission_id="one").json["receipt"] == link

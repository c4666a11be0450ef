"""What a moderator does beside deciding one comment: edit, answer, decide many, take back."""

import re

import pytest

from models import AuditEntry, Batch, Comment, Decision, Event, EventType, Role, Status
from service.comments.batches import go_on
from service.out.outbox import release
from service.queries.housekeeping import BATCH
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.web.desk import move_to, site_of
from tests.web.moderator.test_queue_lists import assert_counts_are_true, comment_in, shown
from tests.web.staff import OWN_FORM, csrf_of, hire, sign_in, submit_form


@pytest.fixture
def staff(app_on_both):
    hire(app_on_both, site_of(app_on_both), role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def bob(app):
    hire(app, site_of(app), "Bob")
    client = visitor(app)
    sign_in(client, "Bob")
    return client


def the_comment(app, public_id):
    return rows(app, Comment, Comment.public_id == public_id)[0]


def finish_batches(app):
    """Let the dispatcher's chore do all its steps."""
    with app.app_context():
        while go_on(app.extensions[HOUSE]) >= BATCH:
            pass


def post(client, path, fields, **headers):
    """Send one of our own forms that may repeat a field."""
    data = {"csrf": csrf_of(client), **fields}
    return client.post(path, data=data, headers={**OWN_FORM, **headers})


JSON = {"Accept": "application/json"}


def test_an_edit_changes_the_words_and_keeps_what_was_said(app_on_both, staff):
    public_id = comment_in(app_on_both, comment="Buy pills. The river is wide.")
    move_to(app_on_both, site_of(app_on_both), public_id, Status.APPROVED)
    path = f"/queue/{public_id}/edit"
    assert "Buy pills" in staff.get(path).text

    answer = submit_form(staff, path, version=2, name="Ana", website="", text="The river is wide.")

    assert answer.status_code == 303
    assert the_comment(app_on_both, public_id).text == "The river is wide."
    page = staff.get(f"/queue/{public_id}").text
    assert "<del>Buy pills. </del>The river is wide." in page
    public = visitor(app_on_both).get("/s/blog/thread.json?page=/amazon").json["comments"][0]
    assert (public["html"], public["name"]) == ("<p>The river is wide.</p>\n", "Ana")
    assert public["edited_at"] is not None
    assert shown(staff, status="approved", q="pills") == []
    assert [row.type for row in rows(app_on_both, Event)][-1] is EventType.EDITED


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"text": ""}, "Enter a text of 1 to"),
        ({"text": "x" * 10_001}, "Enter a text of 1 to"),
        ({"website": "javascript://x"}, "Enter a web address"),
        ({"name": "n" * 246}, "at most 245 characters"),
    ],
    ids=["empty", "long", "script", "name"],
)
def test_an_edit_that_does_not_pass_keeps_what_was_typed(app_on_both, staff, fields, error):
    public_id = comment_in(app_on_both)
    typed = {"version": 1, "name": "Kept name", "website": "", "text": "Kept text", **fields}
    answer = submit_form(staff, f"/queue/{public_id}/edit", **typed)

    assert answer.status_code == 422
    assert error in answer.text
    assert "Kept" in answer.text
    assert the_comment(app_on_both, public_id).version == 1


def test_an_edit_undone_within_the_hold_tells_nobody(app_on_both, staff):
    public_id = comment_in(app_on_both)
    before = the_comment(app_on_both, public_id).text
    submit_form(staff, f"/queue/{public_id}/edit", version=1, name="Ana", website="", text="Other")
    edit = re.search(r'name="edit" value="(\d+)"', staff.get("/queue").text).group(1)

    assert submit_form(staff, "/queue/undo", edit=edit).status_code == 303
    assert the_comment(app_on_both, public_id).text == before
    left = [row.type for row in rows(app_on_both, Event, Event.cancelled_at.is_(None))]
    assert left == [EventType.CREATED]
    assert submit_form(staff, "/queue/undo", edit=edit).status_code == 409


def test_an_edit_that_left_the_house_is_followed_by_another(app_on_both, staff, clock):
    public_id = comment_in(app_on_both)
    submit_form(staff, f"/queue/{public_id}/edit", version=1, name="Ana", website="", text="Other")
    edit = re.search(r'name="edit" value="(\d+)"', staff.get("/queue").text).group(1)
    release_all(app_on_both, clock)
    submit_form(staff, "/queue/undo", edit=edit)

    types = [row.type for row in rows(app_on_both, Event, Event.cancelled_at.is_(None))]
    assert types == [EventType.CREATED, EventType.EDITED, EventType.EDITED]


def release_all(app, clock):
    clock.move(seconds=60)
    with app.app_context():
        release(app.extensions[HOUSE])


def test_an_answer_approves_the_comment_and_stands_below_it(app_on_both, staff):
    public_id = comment_in(app_on_both)
    answer = submit_form(
        staff, f"/queue/{public_id}/answer", version=1, text="Thank you, we mended it."
    )

    assert answer.status_code == 303
    public = visitor(app_on_both).get("/s/blog/thread.json?page=/amazon").json["comments"]
    assert [one["by_owner"] for one in public] == [False, True]
    assert (public[1]["parent"], public[1]["name"]) == (public_id, "Blog")
    types = [row.type for row in rows(app_on_both, Event)]
    assert types == [
        EventType.CREATED, EventType.APPROVED, EventType.CREATED, EventType.APPROVED
    ]  # fmt: skip
    assert_counts_are_true(app_on_both)


def test_an_answer_undone_within_the_hold_was_never_heard_of(app_on_both, staff):
    public_id = comment_in(app_on_both)
    submit_form(staff, f"/queue/{public_id}/answer", version=1, text="Too quick.")
    for _ in range(2):
        decision = re.search(r'name="decision" value="(\d+)"', staff.get("/queue").text).group(1)
        submit_form(staff, "/queue/undo", decision=decision)

    left = [row.type for row in rows(app_on_both, Event, Event.cancelled_at.is_(None))]
    assert left == [EventType.CREATED]
    assert visitor(app_on_both).get("/s/blog/thread.json?page=/amazon").json["comments"] == []


def test_an_answer_without_words_is_refused_and_approves_nothing(app_on_both, staff):
    public_id = comment_in(app_on_both)
    answer = submit_form(staff, f"/queue/{public_id}/answer", version=1, text="  ")
    assert answer.status_code == 422
    assert the_comment(app_on_both, public_id).status is Status.PENDING


def test_an_answer_to_what_somebody_else_decided_is_kept_beside_the_fresh_card(app_on_both, staff):
    public_id = comment_in(app_on_both)
    submit_form(bob(app_on_both), f"/queue/{public_id}", status="spam", version=1)
    answer = submit_form(
        staff, f"/queue/{public_id}/answer", version=1, text="Words that took an hour."
    )
    assert answer.status_code == 409
    assert "Words that took an hour." in answer.text
    assert "Moved to spam by Bob" in answer.text


def test_chosen_comments_are_decided_together_and_undone_together(app_on_both, staff):
    ids = [comment_in(app_on_both, comment=f"Comment number {one}") for one in range(5)]
    chosen = [f"{one}:1" for one in ids[:4]]

    answer = post(staff, "/queue/chosen", {"status": "spam", "chosen[]": chosen}, **JSON)

    assert (answer.json["changed"], answer.json["skipped"]) == (4, 0)
    assert shown(staff) == ids[4:]
    assert_counts_are_true(app_on_both)
    assert len(rows(app_on_both, Event)) == 5 + 4

    submit_form(staff, "/queue/undo", batch=answer.json["batch"])
    finish_batches(app_on_both)
    assert sorted(shown(staff)) == sorted(ids)
    assert len(rows(app_on_both, Event, Event.cancelled_at.is_(None))) == 5
    assert_counts_are_true(app_on_both)
    again = submit_form(staff, "/queue/undo", batch=answer.json["batch"])
    assert again.status_code == 409


def test_what_others_decided_meanwhile_is_skipped_and_said_whose_it_was(app_on_both, staff):
    ids = [comment_in(app_on_both, comment=f"Comment number {one}") for one in range(3)]
    submit_form(bob(app_on_both), f"/queue/{ids[0]}", status="approved", version=1)
    chosen = [f"{one}:1" for one in ids]

    answer = post(staff, "/queue/chosen", {"status": "trash", "chosen[]": chosen})

    page = staff.get(answer.headers["Location"]).text
    assert "<strong>2</strong> changed, <strong>1</strong> skipped (handled by <bdi>Bob" in page
    assert the_comment(app_on_both, ids[0]).status is Status.APPROVED


@pytest.mark.parametrize(
    "chosen",
    [[], ["x:y"], ["nobody"], [f"c{one}:1" for one in range(201)]],
    ids=["none", "no version", "no number", "too many"],
)
def test_a_choice_that_makes_no_sense_is_refused(app_on_both, staff, chosen):
    answer = post(staff, "/queue/chosen", {"status": "spam", "chosen[]": chosen})
    assert answer.status_code == 400
    assert rows(app_on_both, Batch) == []


def test_all_that_match_are_decided_in_the_background_and_none_that_comes_later(app_on_both, staff):
    match = [comment_in(app_on_both, comment=f"Cheap watches {one}") for one in range(22)]
    other = comment_in(app_on_both, comment="Nothing of that kind.")
    asked = {"status": "pending", "q": "watches", "to": "spam"}
    page = staff.get("/queue/matching", query_string=asked).text
    assert "<strong>22 comments</strong>" in page

    answer = post(staff, "/queue/matching", asked)
    later = comment_in(app_on_both, comment="Cheap watches, but later.")
    finish_batches(app_on_both)

    assert sorted(shown(staff)) == sorted([other, later])
    page = staff.get(answer.headers["Location"]).text
    assert "<strong>22</strong> changed" in page
    assert "Done." in page
    assert_counts_are_true(app_on_both)

    batch = answer.headers["Location"].rsplit("/", 1)[1]
    submit_form(staff, "/queue/undo", batch=batch)
    finish_batches(app_on_both)
    assert len(shown(staff, q="watches")) == 23
    assert {the_comment(app_on_both, one).status for one in match} == {Status.PENDING}
    assert_counts_are_true(app_on_both)


def test_a_whole_campaign_is_decided_even_though_its_marks_go_on_the_way(app_on_both, staff):
    spam = "Buy the best cheap watches of the whole town in our shop at a very good price"
    ids = [comment_in(app_on_both, comment=f"{spam} {one}", author=f"S{one}") for one in range(45)]
    post(staff, "/queue/matching", {"status": "pending", "like": ids[3], "to": "spam"})
    finish_batches(app_on_both)
    assert shown(staff) == []
    assert len([one for one in rows(app_on_both, Comment) if one.status is Status.SPAM]) == 45


def test_an_undo_stops_a_batch_that_still_runs(app_on_both, staff):
    for one in range(50):
        comment_in(app_on_both, comment=f"Comment number {one}")
    answer = post(staff, "/queue/matching", {"status": "pending", "to": "trash"})
    with app_on_both.app_context():
        go_on(app_on_both.extensions[HOUSE])  # one step
    batch = rows(app_on_both, Batch)[0]
    assert (batch.changed, batch.finished_at) == (20, None)

    submit_form(staff, "/queue/undo", batch=batch.public_id)
    finish_batches(app_on_both)

    assert {one.status for one in rows(app_on_both, Comment)} == {Status.PENDING}
    page = staff.get(answer.headers["Location"]).text
    assert "This was taken back." in page


def test_a_batch_leaves_what_was_moved_again_since_when_it_is_undone(app_on_both, staff):
    ids = [comment_in(app_on_both, comment=f"Comment number {one}") for one in range(3)]
    answer = post(
        staff, "/queue/chosen", {"status": "spam", "chosen[]": [f"{one}:1" for one in ids]}, **JSON
    )
    submit_form(bob(app_on_both), f"/queue/{ids[0]}", status="approved", version=2)

    undo = submit_form(staff, "/queue/undo", batch=answer.json["batch"])
    finish_batches(app_on_both)

    assert the_comment(app_on_both, ids[0]).status is Status.APPROVED
    assert the_comment(app_on_both, ids[1]).status is Status.PENDING
    assert "handled by <bdi>Bob" in staff.get(undo.headers["Location"]).text


def test_nobody_acts_on_many_comments_of_a_site_that_is_not_his(app_on_both, staff):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    hire(app_on_both, other, "Eve")
    eve = visitor(app_on_both)
    sign_in(eve, "Eve")
    public_id = comment_in(app_on_both)

    post(eve, "/queue/chosen", {"status": "spam", "chosen[]": [f"{public_id}:1"]})
    post(eve, "/queue/matching", {"status": "pending", "to": "spam"})
    finish_batches(app_on_both)

    assert the_comment(app_on_both, public_id).status is Status.PENDING
    answer = post(
        staff, "/queue/chosen", {"status": "spam", "chosen[]": [f"{public_id}:1"]}, **JSON
    )
    batch = answer.json["batch"]
    assert submit_form(eve, "/queue/undo", batch=batch).status_code == 404
    assert eve.get(f"/queue/batches/{batch}").status_code == 404


def test_a_viewer_acts_on_nothing(app_on_both):
    hire(app_on_both, site_of(app_on_both), "Eve", Role.VIEWER)
    eve = visitor(app_on_both)
    sign_in(eve, "Eve")
    public_id = comment_in(app_on_both)
    for path in (f"/queue/{public_id}/edit", f"/queue/{public_id}/answer"):
        assert eve.get(path).status_code == 404
        fields = {"version": 1, "text": "Mine", "name": "", "website": ""}
        assert submit_form(eve, path, **fields).status_code == 404
    assert post(eve, "/queue/matching", {"status": "pending", "to": "spam"}).status_code == 400
    post(eve, "/queue/chosen", {"status": "spam", "chosen[]": [f"{public_id}:1"]})
    assert the_comment(app_on_both, public_id).version == 1


def test_a_script_gets_what_it_needs_and_the_fresh_card_when_it_came_second(app_on_both, staff):
    public_id = comment_in(app_on_both)
    done = post(staff, f"/queue/{public_id}", {"status": "approved", "version": 1}, **JSON)
    decision = rows(app_on_both, Decision)[-1].id
    assert done.json == {
        "id": public_id,
        "status": "approved",
        "version": 2,
        "decision": decision,
        "done": "Approved",
    }
    late = post(bob(app_on_both), f"/queue/{public_id}", {"status": "spam", "version": 1}, **JSON)
    assert late.status_code == 409
    assert late.json["detail"].startswith("Moved to approved by Ana")
    assert f'id="comment-{public_id}"' in late.json["card"]
    assert 'data-version="2"' in late.json["card"]


def test_what_others_do_is_told_once_and_unchanged_is_304(app_on_both, staff, clock):
    public_id = comment_in(app_on_both)
    since = {"since": "2026-11-23T12:00:00+00:00"}
    path = "/queue/changes"
    first = staff.get(path, query_string=since)
    assert (first.json["moved"], first.json["counts"]) == ([], {"pending/fine": 1})
    tag = first.headers["ETag"]
    assert staff.get(path, query_string=since, headers={"If-None-Match": tag}).status_code == 304

    submit_form(bob(app_on_both), f"/queue/{public_id}", status="spam", version=1)
    clock.move(seconds=12)
    second = staff.get(path, query_string=since, headers={"If-None-Match": tag})

    assert second.json["moved"] == [
        {
            "id": public_id,
            "version": 2,
            "status": "spam",
            "by": "Bob",
            "own": False,
            "seconds": 12,
        }
    ]
    assert second.json["counts"] == {"pending/fine": 0, "spam/": 1}


@pytest.mark.parametrize("since", ["", "now", "2026-11-23T12:00:00"], ids=["none", "word", "naive"])
def test_a_time_that_cannot_be_read_is_refused(app_on_both, staff, since):
    assert staff.get("/queue/changes", query_string={"since": since}).status_code == 400


def test_the_way_back_leads_nowhere_else(app_on_both, staff):
    public_id = comment_in(app_on_both)
    for version, (back, leads) in enumerate(
        [
            ("/queue?status=spam&q=x", "/queue?status=spam&q=x#comment-abc"),
            ("https://evil.example.com/queue", "/queue?status=pending#comment-abc"),
            ("//evil.example.com", "/queue?status=pending#comment-abc"),
            ("/queue?x\r\nSet-Cookie: a=b", "/queue?status=pending#comment-abc"),
            ("/queuex", "/queue?status=pending#comment-abc"),
        ],
        start=1,
    ):
        status = ("approved", "spam")[version % 2]
        fields = {"status": status, "version": version, "back": back, "next": "abc"}
        assert post(staff, f"/queue/{public_id}", fields).headers["Location"] == leads


def test_keys_are_off_until_switched_on(app_on_both, staff):
    comment_in(app_on_both)
    assert 'data-shortcuts=""' in staff.get("/queue").text
    submit_form(staff, "/queue/shortcuts", on="1")
    assert 'data-shortcuts="1"' in staff.get("/queue").text
    submit_form(staff, "/queue/shortcuts", on="")
    assert 'data-shortcuts=""' in staff.get("/queue").text


def test_an_author_is_found_by_the_whole_address_and_the_search_is_recorded(app_on_both, staff):
    public_id = comment_in(app_on_both)
    comment_in(app_on_both, comment="Somebody else.", email="other@example.org")

    found = submit_form(staff, "/queue/author", address=" Ana.Souza@EXAMPLE.org ")

    assert found.headers["Location"] == f"/queue?status=all&author={public_id}"
    assert shown(staff, status="all", author=public_id) == [public_id]
    assert submit_form(staff, "/queue/author", address="ana.souza").status_code == 422
    assert submit_form(staff, "/queue/author", address="no@example.org").status_code == 422
    entries = [one for one in rows(app_on_both, AuditEntry) if one.act == "author.search"]
    own = site_of(app_on_both).id
    assert [one.site_id for one in entries] == [own, own]  # so that the site's own page tells of it
    assert all("example" not in str(one.subject) for one in entries)


def test_every_decision_stands_in_the_audit_log_in_ids_alone(app_on_both, staff):
    public_id = comment_in(app_on_both)
    submit_form(staff, f"/queue/{public_id}", status="spam", version=1, why="sells watches")
    decision = rows(app_on_both, Decision)[-1]
    entry = rows(app_on_both, AuditEntry)[-1]

    assert (entry.act, entry.actor_id) == ("comment.spam", decision.moderator_id)
    assert entry.subject == {"comment": public_id, "decision": decision.id}
    assert "sells watches" in staff.get(f"/queue/{public_id}").text

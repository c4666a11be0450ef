"""The moderator's queue through its door."""

import pytest

from models import Comment, Decision, Event, EventType, Role, Site, Status
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.web.desk import send_json
from tests.web.staff import hire, sign_in, submit_form


def site_of(app, slug="blog"):
    return rows(app, Site, Site.slug == slug)[0]


@pytest.fixture
def staff(app_on_both):
    """Ana, signed in, on both databases."""
    hire(app_on_both, site_of(app_on_both))
    client = visitor(app_on_both)
    sign_in(client)
    return client


def comment_in(app, **changes):
    return send_json(visitor(app), **changes).json["id"]


def decide(client, public_id, status, version=1, **fields):
    return submit_form(client, f"/queue/{public_id}", status=status, version=version, **fields)


def the_comment(app, public_id):
    return rows(app, Comment, Comment.public_id == public_id)[0]


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("approved", EventType.APPROVED),
        ("spam", EventType.SPAM),
        ("trash", EventType.TRASHED),
    ],
)
def test_a_decision_is_stored_with_its_row_and_its_event(app_on_both, staff, status, event):
    public_id = comment_in(app_on_both)

    answer = decide(staff, public_id, status)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue?status=pending")
    comment = the_comment(app_on_both, public_id)
    assert (comment.status, comment.version) == (Status(status), 2)
    decision = rows(app_on_both, Decision)[-1]
    assert (decision.before, decision.after, decision.version) == (
        Status.PENDING,
        Status(status),
        2,
    )
    assert [row.type for row in rows(app_on_both, Event)] == [EventType.CREATED, event]


def test_an_approved_comment_stands_on_the_page_at_once(app_on_both, staff):
    public_id = comment_in(app_on_both)
    thread = "/s/blog/thread.json?page=/amazon"
    assert staff.get(thread).json["comments"] == []

    decide(staff, public_id, "approved")

    assert [one["id"] for one in staff.get(thread).json["comments"]] == [public_id]


def test_who_comes_second_sees_who_was_first_and_the_fresh_card(app_on_both, staff):
    hire(app_on_both, site_of(app_on_both), "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "approved")

    answer = decide(bob, public_id, "spam")

    assert answer.status_code == 409
    assert "Moved to approved by Ana" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert the_comment(app_on_both, public_id).status is Status.APPROVED


def test_the_same_decision_twice_is_success_and_one_event(app_on_both, staff):
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "approved")

    assert decide(staff, public_id, "approved").status_code == 303
    assert len(rows(app_on_both, Decision)) == 1
    assert len(rows(app_on_both, Event)) == 2


def test_an_undo_within_the_hold_leaves_nothing_to_send(app_on_both, staff):
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "approved")
    page = staff.get("/queue").text
    assert "Approved:" in page

    decision = rows(app_on_both, Decision)[-1].id
    submit_form(staff, "/queue/undo", decision=decision)

    assert the_comment(app_on_both, public_id).status is Status.PENDING
    undo = rows(app_on_both, Decision)[-1]
    assert (undo.undoes_id, undo.after) == (decision, Status.PENDING)
    left = [row.type for row in rows(app_on_both, Event, Event.cancelled_at.is_(None))]
    assert left == [EventType.CREATED]


def test_a_decision_is_undone_once(app_on_both, staff):
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "spam")
    decision = rows(app_on_both, Decision)[-1].id

    assert submit_form(staff, "/queue/undo", decision=decision).status_code == 303
    assert submit_form(staff, "/queue/undo", decision=decision).status_code == 409


def test_an_undo_that_comes_too_late_shows_who_was_first_and_the_fresh_card(app_on_both, staff):
    hire(app_on_both, site_of(app_on_both), "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "approved")
    decision = rows(app_on_both, Decision)[-1].id
    decide(bob, public_id, "spam", version=2)

    answer = submit_form(staff, "/queue/undo", decision=decision)

    assert answer.status_code == 409
    assert "Moved to spam by Bob" in answer.text
    assert 'name="version" value="3"' in answer.text
    assert the_comment(app_on_both, public_id).status is Status.SPAM


def test_a_decision_of_another_site_cannot_be_undone(app_on_both, staff):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    hire(app_on_both, other, "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    public_id = comment_in(app_on_both)
    decide(staff, public_id, "approved")
    decision = rows(app_on_both, Decision)[-1].id

    assert submit_form(bob, "/queue/undo", decision=decision).status_code == 404
    assert the_comment(app_on_both, public_id).status is Status.APPROVED


def test_a_viewer_sees_and_cannot_decide(app_on_both):
    hire(app_on_both, site_of(app_on_both), "Eve", Role.VIEWER)
    viewer = visitor(app_on_both)
    sign_in(viewer, "Eve")
    public_id = comment_in(app_on_both)

    page = viewer.get(f"/queue/{public_id}")
    assert page.status_code == 200
    assert 'name="status"' not in page.text
    assert decide(viewer, public_id, "approved").status_code == 404
    assert the_comment(app_on_both, public_id).status is Status.PENDING


def test_comments_of_other_sites_are_not_there(app_on_both, staff):
    found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    answer = visitor(app_on_both).post(
        "/s/other/comments",
        json={"comment": "Elsewhere", "author": "X", "email": "x@example.org", "page": "/a"},
    )
    public_id = answer.json["id"]

    assert staff.get(f"/queue/{public_id}").status_code == 404
    assert decide(staff, public_id, "approved").status_code == 404
    assert "Elsewhere" not in staff.get("/queue").text
    assert staff.get("/sites/other").status_code == 404


def test_what_readers_type_cannot_become_markup_on_the_card(app_on_both, staff):
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    comment_in(
        app_on_both,
        comment=f"{hostile} [click](https://evil.example.com/x)",
        author=hostile,
        url="https://evil.example.com/'onmouseover='alert(3)",
        title=hostile,
    )
    page = staff.get("/queue").text

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "click [https://evil.example.com/x]" in page
    assert 'href="https://evil' not in page


def test_no_address_is_on_any_page_of_the_queue(app_on_both, staff):
    public_id = comment_in(app_on_both)
    for path in ("/queue", f"/queue/{public_id}"):
        page = staff.get(path).text
        assert "example.org" not in page.replace("blog.example.org", "")
        assert "seen 1, approved 0, rejected 0" in page


def test_the_score_says_why(app_on_both, staff):
    public_id = comment_in(app_on_both)
    page = staff.get(f"/queue/{public_id}").text
    assert "What the score is made of" in page
    assert "Likely" in page or "Unsure" in page


@pytest.mark.parametrize("fields", [{"status": "published"}, {"version": "x"}, {"version": ""}])
def test_a_form_that_makes_no_sense_is_refused_in_words(app_on_both, staff, fields):
    public_id = comment_in(app_on_both)
    answer = submit_form(staff, f"/queue/{public_id}", **{"status": "spam", "version": 1, **fields})
    assert answer.status_code == 400


def test_a_decision_made_is_never_answered_with_a_refusal(app_on_both, staff):
    public_id = comment_in(app_on_both)
    answer = decide(staff, public_id, "approved", list="nonsense")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue?status=pending")
    assert the_comment(app_on_both, public_id).status is Status.APPROVED


@pytest.mark.parametrize("slug", ["nowhere", "other"])
def test_a_queue_of_somebody_elses_site_is_not_there(app_on_both, staff, slug):
    found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    assert staff.get("/queue?site=blog").status_code == 200
    assert staff.get(f"/queue?site={slug}").status_code == 404


@pytest.mark.parametrize(
    "before",
    [
        "nonsense",
        "2026-11-23~1",
        "0001-01-01T00:00:00%2B14:00~1",
        "9999-12-31T23:59:59-14:00~1",
        "2026-11-23T12:00:00%2B00:00~x",
        "2026-11-23T12:00:00%2B00:00~999999999999999999999",
    ],
)
def test_a_place_in_the_queue_that_makes_no_sense_does_no_harm(app_on_both, staff, before):
    assert staff.get(f"/queue?before={before}").status_code == 200


@pytest.mark.parametrize(
    ("after", "shown"), [(59, "just now"), (60, "1 minute ago"), (7199, "1 hour ago")]
)
def test_the_card_says_how_old_the_comment_is(app, clock, after, shown):
    hire(app, site_of(app))
    client = visitor(app)
    sign_in(client)
    comment_in(app)
    clock.move(seconds=after)

    assert f"<span>{shown}</span>" in client.get("/queue").text


def test_a_title_that_a_reader_sent_is_shown_as_his_word(app_on_both, staff):
    comment_in(app_on_both, title="<b>Win</b>")
    assert '<q dir="auto">&lt;b&gt;Win&lt;/b&gt;</q>' in staff.get("/queue").text


def test_a_long_text_can_be_scrolled_by_keyboard_and_a_short_one_is_no_stop(app_on_both, staff):
    comment_in(app_on_both, author="Brief")
    assert 'tabindex="0"' not in staff.get("/queue").text

    comment_in(app_on_both, author="Endless", comment="Said at length. " * 50)
    page = staff.get("/queue").text

    assert page.count('tabindex="0"') == 1
    assert 'aria-label="Text by Endless"' in page


def test_pages_of_the_queue_follow_each_other_without_gap(app, clock):
    hire(app, site_of(app))
    client = visitor(app)
    sign_in(client)
    sent = []
    for number in range(40):
        clock.move(seconds=1)
        sent.append(comment_in(app, comment=f"Comment number {number}"))
    first = client.get("/queue").text
    older = first.split('href="/queue?status=pending&amp;before=')[1].split('"')[0]
    second = client.get(f"/queue?status=pending&before={older}").text
    shown = [one for one in sent[::-1] if f'id="comment-{one}"' in first]
    rest = [one for one in sent[::-1] if f'id="comment-{one}"' in second]

    assert shown + rest == sent[::-1]
    assert len(shown) == 25


def test_looking_changes_nothing(app_on_both, staff):
    public_id = comment_in(app_on_both)
    before = [(c.version, c.status) for c in rows(app_on_both, Comment)]
    for path in ("/queue", f"/queue/{public_id}", "/queue/undo", "/logout", "/sites"):
        staff.get(path)
        staff.head(path)
    assert [(c.version, c.status) for c in rows(app_on_both, Comment)] == before
    assert rows(app_on_both, Decision) == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("https://EVIL.Example.com/x", "https://<strong>EVIL.Example.com</strong>/x"),
        (
            "https://a.example.com/gpj.\u202eexe",
            "https://<strong>a.example.com</strong>/gpj.%202Eexe",
        ),
        ("https://com.example.com/", "https://<strong>com.example.com</strong>/"),
    ],
)
def test_a_website_shows_its_host_and_hides_nothing(app, typed, shown):
    hire(app, site_of(app))
    client = visitor(app)
    sign_in(client)
    comment_in(app, url=typed)
    assert shown in client.get("/queue").text

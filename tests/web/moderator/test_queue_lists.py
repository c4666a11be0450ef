"""The lists: what each holds, what narrows them, in which order, and what they count."""

import re

import pytest
import sqlalchemy as sa

from models import Comment, Moderator, QueueCount, Role, Status, Thread
from service.db import db, transaction
from service.queries.listing import PAGE
from service.records.shelving import place_of
from tests.bench.crowd import BUSY, crowd
from tests.building import found_demo_site, join, rows
from tests.conftest import visitor
from tests.web.desk import move_to, send_json, site_of
from tests.web.staff import hire, sign_in, submit_form


@pytest.fixture
def staff(app_on_both):
    hire(app_on_both, site_of(app_on_both), role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def comment_in(app, **changes):
    answer = send_json(visitor(app), **changes)
    assert answer.status_code == 202, answer.json
    return answer.json["id"]


def shown(client, **asked):
    """Ids of the cards on the page that the address asks for, in order."""
    answer = client.get("/queue", query_string=asked)
    assert answer.status_code == 200, answer.text
    return re.findall(r'<article [^>]*id="comment-(\w+)"', answer.text)


def counts(client):
    page = client.get("/queue").text
    found = re.findall(r'data-status="(\w+)" data-shelf="(\w*)".*?class="count">([\d,]+)<', page)
    return {(status, shelf): int(number.replace(",", "")) for status, shelf, number in found}


def regrade(app, public_id, band, score):
    """Give a comment another score, as if the model had said so."""
    with app.app_context(), transaction() as session:
        comment = session.scalars(sa.select(Comment).where(Comment.public_id == public_id)).one()
        comment.band, comment.shelf = band, band
        comment.probability = comment.listed_score = score


def test_what_waits_is_listed_newest_first(app_on_both, staff, clock):
    first = comment_in(app_on_both, comment="The first of them.")
    clock.move(seconds=1)
    second = comment_in(app_on_both, comment="The second of them.")

    assert shown(staff) == [second, first]
    assert shown(staff, order="oldest") == [first, second]


def test_by_score_the_most_suspect_come_first_or_last(app_on_both, staff):
    ids = [comment_in(app_on_both, comment=f"Comment number {one}.") for one in range(3)]
    for public_id, score in zip(ids, (0.2, 0.9, 0.5), strict=True):
        regrade(app_on_both, public_id, "unsure", score)

    assert shown(staff, order="spam") == [ids[1], ids[2], ids[0]]
    assert shown(staff, order="fine") == [ids[0], ids[2], ids[1]]


def test_each_list_holds_its_own_and_all_holds_everything(app_on_both, staff):
    site = site_of(app_on_both)
    ids = {
        status: comment_in(app_on_both, comment=f"This one becomes {status}.") for status in Status
    }
    for status, public_id in ids.items():
        move_to(app_on_both, site, public_id, status)

    for status, public_id in ids.items():
        assert shown(staff, status=status.value) == [public_id]
    assert sorted(shown(staff, status="all")) == sorted(ids.values())


def test_likely_fine_and_likely_spam_part_what_waits(app_on_both, staff):
    fine = comment_in(app_on_both, comment="A calm remark.")
    bad = comment_in(app_on_both, comment="A loud remark.")
    regrade(app_on_both, fine, "fine", 0.1)
    regrade(app_on_both, bad, "spam", 0.99)

    assert shown(staff, band="fine") == [fine]
    assert shown(staff, band="spam") == [bad]
    assert sorted(shown(staff)) == sorted([fine, bad])


def test_a_score_that_is_hidden_shows_by_no_list_order_or_reason(make_app, database_url):
    app = make_app(database_url, blind_sample=1.0)
    hire(app, site_of(app))
    client = visitor(app)
    sign_in(client)
    text = "Cheap pills casino bonus https://pills.example.net/win https://casino.example.net"
    public_id = comment_in(app, comment=text, author="Best Casino Bonus")
    comment = rows(app, Comment)[0]

    assert (comment.shelf, comment.listed_score) == ("unsure", 0.5)
    assert comment.probability > 0.5
    assert shown(client, band="spam") == []
    names = {reason["name"] for reason in comment.reasons if reason["weight"] > 0}
    for name in names & {"word", "link", "name"}:
        assert shown(client, reason=name) == []
    assert shown(client) == [public_id]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("river", True),
        ("RIVER", True),
        ("riv", True),
        ("rivers", False),
        ('"river part"', True),
        ('"part river"', False),
        ("part river", True),
        ("souza", True),
        ("evil.example.com", True),
        ("café", True),
        ("cafe", True),
        ("東京", True),
        ("京東", False),
        ("'; DROP TABLE comment --", False),
        ("* OR (NEAR", False),
        ("!!!", False),
    ],
    ids=str,
)
def test_words_are_found_whole_begun_folded_and_as_phrases(app_on_both, staff, typed, found):
    public_id = comment_in(
        app_on_both,
        comment="The river part of Café 東京 stayed with me.",
        url="https://evil.example.com/x",
    )
    assert shown(staff, q=typed) == ([public_id] if found else [])


def test_what_was_erased_is_found_no_more_and_leaves_the_file(app_on_both, staff):
    answer = send_json(visitor(app_on_both), comment="The canaryword stayed with me.")
    assert shown(staff, q="canaryword") == [answer.json["id"]]

    path = "/" + answer.json["receipt"].split("/", 3)[3]
    visitor(app_on_both).post(path, data={"action": "erase", "text": "1", "sure": "1"})

    assert shown(staff, q="canaryword", status="all") == []
    with app_on_both.app_context():
        name = "comment_search_data" if db.engine.dialect.name == "sqlite" else "comment_search"
        left = db.session.execute(sa.text(f"SELECT * FROM {name}")).all()
    assert "canaryword" not in str(left)


def test_filters_narrow_the_list(app_on_both, staff, clock):
    plain = comment_in(app_on_both, comment="Nothing special here.", page="/one")
    clock.move(days=2)
    sign_in(staff)
    linked = comment_in(
        app_on_both,
        comment="See https://reader.example.net/page for more.",
        author="Bela",
        email="bela@example.org",
        page="/two",
    )
    for asked, wanted in (
        ({"link": "yes"}, [linked]),
        ({"link": "no"}, [plain]),
        ({"page": "/one"}, [plain]),
        ({"author": plain}, [plain]),
        ({"badge": "first"}, [linked, plain]),
        ({"badge": "approved"}, []),
        ({"badge": "none"}, []),
        ({"since": "2026-11-25"}, [linked]),
        ({"until": "2026-11-24"}, [plain]),
        ({"since": "2026-11-23", "until": "2026-11-23"}, [plain]),
        ({"by": "rule"}, []),
        ({"q": "special", "page": "/one", "link": "no"}, [plain]),
        ({"q": "special", "page": "/two"}, []),
    ):
        assert (asked, shown(staff, **asked)) == (asked, wanted)


def test_the_language_of_the_form_narrows_the_list(app_on_both, staff):
    public_id = comment_in(app_on_both)
    spoken = rows(app_on_both, Comment)[0].language
    assert shown(staff, language=spoken) == [public_id]
    assert shown(staff, language="ar") == []


def test_who_decided_narrows_the_list(app_on_both, staff):
    hire(app_on_both, site_of(app_on_both), "Bob")
    public_id = comment_in(app_on_both)
    other = comment_in(app_on_both, comment="Another one entirely.")
    submit_form(staff, f"/queue/{public_id}", status="approved", version=1)
    move_to(app_on_both, site_of(app_on_both), other, Status.APPROVED)
    ana = re.search(r'<option value="(\d+)">Ana<', staff.get("/queue").text).group(1)
    bob = re.search(r'<option value="(\d+)">Bob<', staff.get("/queue").text).group(1)

    assert shown(staff, status="approved", by=ana) == [public_id]
    assert shown(staff, status="approved", by=bob) == []
    assert shown(staff, status="approved", by="rule") == [other]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"status": "published"}, 400),
        ({"band": "best"}, 400),
        ({"order": "random"}, 400),
        ({"by": "4711"}, 400),
        ({"reason": "x' OR 1"}, 400),
        ({"since": "yesterday"}, 422),
        ({"page": "/nowhere"}, 422),
        ({"site": "nowhere"}, 404),
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense_is_refused_in_words(app_on_both, staff, asked, status):
    answer = staff.get("/queue", query_string=asked)
    assert answer.status_code == status
    if status == 422:
        assert f'value="{next(iter(asked.values()))}"' in answer.text


@pytest.mark.parametrize("order", ["newest", "oldest", "spam", "fine"])
def test_pages_follow_each_other_without_gap_or_repetition(app_on_both, staff, clock, order):
    crowd(app_on_both, site_of(app_on_both), 1300, waiting=130)
    wanted = {
        comment.public_id
        for comment in rows(app_on_both, Comment, Comment.status == Status.PENDING)
    }
    for asked in ({}, {"q": "number"}, {"link": "no"}, {"badge": "approved", "link": "yes"}):
        seen = walk(staff, {"order": order, **asked})
        assert len(seen) == len(set(seen))
        if not asked or "q" in asked:
            assert set(seen) == wanted
    seen = walk(staff, {"order": order, "status": "all", "link": "yes"})
    assert len(seen) == 260


@pytest.mark.parametrize("days", [{}, {"since": "2026-11-01"}], ids=["any day", "some days"])
@pytest.mark.parametrize("status", ["pending", "all"])
def test_a_pages_own_list_holds_all_of_it_in_order(app_on_both, staff, status, days):
    crowd(app_on_both, site_of(app_on_both), 500, waiting=250)
    busy = next(one for one in rows(app_on_both, Thread) if one.page == f"/page-{BUSY}")
    on_page = [one for one in rows(app_on_both, Comment) if one.thread_id == busy.id]
    wanted = [one.public_id for one in on_page if status in ("all", one.status)]

    assert len(wanted) > PAGE
    asked = {"page": busy.page, "status": status, **days}
    assert walk(staff, {**asked, "order": "oldest"}) == wanted
    assert walk(staff, asked) == wanted[::-1]


def walk(client, asked):
    """Ids of all pages of a list, one after the other."""
    seen, path = [], "/queue"
    while path:
        page = client.get(path, query_string=asked if path == "/queue" else None).text
        seen += re.findall(r'<article [^>]*id="comment-(\w+)"', page)
        older = re.search(r'<a id="older" href="([^"]+)"', page)
        path = older and older.group(1).replace("&amp;", "&")
    return seen


def test_lists_of_several_sites_are_one_list(app_on_both, staff, clock):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    ana = next(one for one in rows(app_on_both, Moderator) if one.name == "Ana")
    join(app_on_both, ana.id, other.id, Role.MODERATOR)
    fields = {"author": "X", "email": "x@example.org", "page": "/a"}
    sent = []
    for number in range(56):
        clock.move(seconds=1)
        door = "other" if number % 3 == 0 else "blog"
        answer = visitor(app_on_both).post(
            f"/s/{door}/comments", json={"comment": f"Comment number {number}", **fields}
        )
        sent.append(answer.json["id"])

    assert walk(staff, {}) == sent[::-1]
    assert shown(staff, site="other") == sent[::3][::-1]


def test_counts_follow_every_way_a_comment_can_go(app_on_both, staff):
    site = site_of(app_on_both)
    first = send_json(visitor(app_on_both), comment="One of them.")
    second = send_json(visitor(app_on_both), comment="Two of them.")
    third = send_json(visitor(app_on_both), comment="Three of them.")
    submit_form(staff, f"/queue/{first.json['id']}", status="approved", version=1)
    move_to(app_on_both, site, second.json["id"], Status.SPAM)
    visitor(app_on_both).post(
        "/" + third.json["receipt"].split("/", 3)[3], data={"action": "withdraw", "sure": "1"}
    )
    told = counts(staff)

    assert told[("pending", "")] == 0
    assert (told[("approved", "")], told[("spam", "")], told[("all", "")]) == (1, 1, 2)
    assert_counts_are_true(app_on_both)

    decision = re.search(r'name="decision" value="(\d+)"', staff.get("/queue").text).group(1)
    submit_form(staff, "/queue/undo", decision=decision)
    assert counts(staff)[("pending", "")] == 1
    assert_counts_are_true(app_on_both)


def assert_counts_are_true(app):
    """The counters say what counting would."""
    true = {}
    for comment in rows(app, Comment):
        place = place_of(comment)
        if place is not None:
            key = (place.site_id, place.status, place.shelf)
            true[key] = true.get(key, 0) + 1
    with app.app_context():
        kept = {
            (row.site_id, row.status, row.shelf): row.number
            for row in db.session.scalars(sa.select(QueueCount))
            if row.number
        }
    assert kept == true


def test_alike_comments_are_told_and_listed_together(app_on_both, staff):
    spam = "Buy the best cheap watches of the whole town in our shop at a very good price"
    ids = [
        comment_in(app_on_both, comment=f"{spam} today {one}!", author=f"Shop {one}")
        for one in range(4)
    ]
    lone = comment_in(app_on_both)
    page = staff.get("/queue").text

    assert page.count("3 like this: decide all") == 4
    assert sorted(shown(staff, like=ids[0])) == sorted(ids)
    submit_form(staff, f"/queue/{ids[0]}", status="spam", version=1)
    assert sorted(shown(staff, like=ids[1])) == sorted(ids[1:])
    assert lone not in shown(staff, like=ids[1])

"""Other names of a page, two pages becoming one, closing: on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from models import Comment, PageAlias, Status, Thread
from service.comments.moderate import Actor, decide
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.queries.sites import thread_of_page
from service.sites import threads
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import take
from tests.web.desk import send_json, set_policy, site_of


def house(app):
    return app.extensions[HOUSE]


def thread_at(app, page):
    """The thread that a page name leads to."""
    with app.app_context():
        return thread_of_page(db.session(), site_of(app).id, page)


def merge(app, source, into):
    with app.app_context():
        return threads.merge(house(app), site_of(app), thread_at(app, source).id, into)


def pages_of_comments(app):
    """Where each comment stands, oldest first."""
    names = {thread.id: thread.page for thread in rows(app, Thread)}
    return [names[comment.thread_id] for comment in rows(app, Comment)]


def test_two_threads_become_one_and_the_old_name_leads_there(app_on_both):
    app = app_on_both
    take(app, page="/old", text="One.")
    take(app, page="/new", text="Two.")
    take(app, page="/old", text="Three.")

    merge(app, "/old", "/new")

    assert pages_of_comments(app) == ["/new", "/new", "/new"]
    assert [thread.page for thread in rows(app, Thread)] == ["/new"]
    assert thread_at(app, "/old").page == "/new"
    take(app, page="/old", text="Four, by a form that still says the old name.")
    assert pages_of_comments(app)[-1] == "/new"


def test_other_names_move_along(app_on_both):
    app = app_on_both
    for page in ("/oldest", "/old", "/new"):
        take(app, page=page, text=f"On {page}.")
    merge(app, "/oldest", "/old")

    merge(app, "/old", "/new")

    assert {thread_at(app, page).page for page in ("/oldest", "/old", "/new")} == {"/new"}


def test_the_target_keeps_its_own_title_and_takes_over_one_it_lacks(app):
    for page, title in (("/a", "Title of a"), ("/b", ""), ("/c", "Title of c")):
        take(app, page=page, text=f"On {page}.")
        with app.app_context(), transaction() as session:
            session.execute(sa.update(Thread).where(Thread.page == page).values(title=title))

    assert merge(app, "/a", "/b").title == "Title of a"
    assert merge(app, "/b", "/c").title == "Title of c"


def test_who_read_either_thread_is_told_that_it_changed(app):
    for page in ("/a", "/b"):
        take(app, page=page, text=f"On {page}.")
    before = {thread.page: thread.version for thread in rows(app, Thread)}

    assert merge(app, "/a", "/b").version > max(before.values())


@pytest.mark.parametrize(
    ("into", "message"),
    [
        ("/nowhere", threads.NO_SUCH_PAGE),
        ("/a", threads.SAME_PAGE),
        ("https://elsewhere.example/b", "This page does not belong to the site."),
    ],
    ids=["unknown", "itself", "foreign"],
)
def test_a_wrong_target_is_refused_and_nothing_moves(app, into, message):
    take(app, page="/a", text="Stays.")

    with pytest.raises(InvalidError) as refusal:
        merge(app, "/a", into)

    assert refusal.value.errors == {"into": [message]}
    assert pages_of_comments(app) == ["/a"]


def test_a_page_of_another_site_is_out_of_reach(app):
    take(app, page="/a", text="Ours.")
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    with app.app_context():
        for deed in (
            lambda: threads.merge(house(app), other, thread_at(app, "/a").id, "/a"),
            lambda: threads.set_closed(house(app), other.id, thread_at(app, "/a").id, shut=True),
            lambda: threads.add_alias(house(app), other, thread_at(app, "/a").id, "/x"),
        ):
            with pytest.raises((NotFoundError, InvalidError)):
                deed()
    assert rows(app, PageAlias) == []


def test_a_comment_that_arrives_while_its_page_is_merged_lands_on_the_other(app_on_both):
    app = app_on_both
    take(app, page="/new", text="First on the new page.")
    for number in range(20):
        take(app, page="/old", text=f"Old number {number}.")
    go = threading.Barrier(3)

    def arrive(start):
        go.wait()
        for number in range(start, start + 10):
            take(app, page="/old", text=f"Arrived {number}.", name=f"Reader {number}")

    def join():
        go.wait()
        merge(app, "/old", "/new")

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(arrive, 0), pool.submit(arrive, 100), pool.submit(join)]
        for one in done:
            one.result(60)

    assert pages_of_comments(app) == ["/new"] * 41
    assert [thread.page for thread in rows(app, Thread)] == ["/new"]


def test_a_page_is_found_under_another_name_until_that_is_dropped(app_on_both):
    app = app_on_both
    take(app, page="/now", text="Here.")
    thread = thread_at(app, "/now")
    with app.app_context():
        threads.add_alias(house(app), site_of(app), thread.id, "https://blog.example.org/before")
    assert thread_at(app, "https://blog.example.org/before").id == thread.id

    [alias] = rows(app, PageAlias)
    with app.app_context():
        threads.drop_alias(app.extensions[HOUSE], site_of(app), thread.id, alias.id)
    assert thread_at(app, "https://blog.example.org/before") is None


@pytest.mark.parametrize(
    ("name", "message"),
    [("/now", threads.OWN_NAME), ("/other", threads.OTHERS_NAME)],
    ids=["its own", "another page's"],
)
def test_a_name_that_leads_somewhere_already_is_refused(app, name, message):
    for page in ("/now", "/other"):
        take(app, page=page, text=f"On {page}.")
    with app.app_context(), pytest.raises(InvalidError) as refusal:
        threads.add_alias(house(app), site_of(app), thread_at(app, "/now").id, name)

    assert refusal.value.errors == {"alias": [message]}


def test_counts_are_found_under_every_name(app, client):
    take(app, page="/old", text="One.")
    take(app, page="/new", text="Two.")
    with app.app_context():
        for comment in rows(app, Comment):
            actor = Actor(None, [comment.site_id])
            decide(house(app), actor, comment.public_id, Status.APPROVED)
    merge(app, "/old", "/new")

    counts = client.get("/s/blog/counts?page=/old&page=/new&page=/none").json["counts"]

    assert counts == {"/old": 2, "/new": 2, "/none": 0}


def test_the_site_s_rules_make_one_page_of_several_spellings(app):
    set_policy(app, site_of(app), trailing_slash="add", page_query="drop")
    for number, page in enumerate(("/a", "/a/", "/a?x=1", "https://blog.example.org/a?utm_id=3")):
        answer = send_json(visitor(app), page=page, comment=f"Number {number}.")
        assert answer.status_code == 202, answer.json

    assert pages_of_comments(app) == ["/a/", "/a/", "/a/", "https://blog.example.org/a/"]

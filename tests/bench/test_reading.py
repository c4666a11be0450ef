"""A page of a very long thread costs what a page of a short one costs: ratios of the same run."""

import statistics
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Comment, Status, Thread
from service.db import db, transaction
from service.web.context import HOUSE
from service.web.reading import PAGE_SIZE
from tests.conftest import visitor
from tests.service.comments.test_submit import take
from tests.web.desk import site_of

LONG = 10_000
ROUNDS = 7
MOST = 1.7  # times; the late page of the long thread against the only page of the short one


def fill(app, page, number):
    """Let so many comments stand on a page, without sending each."""
    take(app, page=page, text=f"The first on {page}.")
    with app.app_context(), transaction() as session:
        thread = session.scalars(sa.select(Thread).where(Thread.page == page)).one()
        pattern = session.scalars(sa.select(Comment).where(Comment.thread_id == thread.id)).one()
        pattern.status = Status.APPROVED
        columns = {
            column.key: getattr(pattern, column.key)
            for column in sa.inspect(Comment).column_attrs
            if column.key != "id"
        }
        now = app.extensions[HOUSE].now()
        session.execute(
            sa.insert(Comment),
            [
                {
                    **columns,
                    "public_id": f"{page[1]}{place:015d}",
                    "status": Status.APPROVED,
                    "text": f"Number {place} of *many* on {page}.",
                    "created_at": now + timedelta(seconds=place),
                }
                for place in range(number - 1)
            ],
        )
    with app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))


def seconds(client, **query):
    began = time.perf_counter()
    answer = client.get("/s/blog/thread.html", query_string=query)
    took = time.perf_counter() - began
    assert answer.text.count("<article") == PAGE_SIZE
    return took


def test_a_late_page_of_ten_thousand_comments_costs_what_the_only_page_of_a_short_thread_does(
    app_on_both,
):
    app = app_on_both
    assert site_of(app).slug == "blog"
    fill(app, "/short", PAGE_SIZE)
    fill(app, "/long", LONG)
    client = visitor(app)
    asked = {
        "short": {"page": "/short"},
        "first": {"page": "/long"},
        "late": {"page": "/long", "after": f"l{LONG - PAGE_SIZE - 100:015d}"},
        "newest": {"page": "/long", "sort": "newest"},
    }
    took = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, query in asked.items():
            took[name].append(seconds(client, **query))
    middle = {name: statistics.median(times) for name, times in took.items()}

    slowest = max(middle["first"], middle["late"], middle["newest"])
    assert slowest < MOST * middle["short"], middle


@pytest.mark.parametrize("sort", ["id", "id DESC"], ids=["oldest", "newest"])
def test_no_page_of_a_thread_is_sorted(app, sort):
    query = (
        "EXPLAIN QUERY PLAN SELECT * FROM comment WHERE thread_id = 1 AND status = 'approved'"
        f" AND withdrawn_at IS NULL AND erased_at IS NULL AND id > 5 ORDER BY {sort} LIMIT 201"
    )
    with app.app_context():
        plan = " ".join(str(row) for row in db.session.execute(sa.text(query)))

    assert "ix_comment_thread" in plan
    assert "TEMP B-TREE" not in plan

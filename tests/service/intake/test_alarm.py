"""How alarmed a site is: by what it took, by its owner's switch, and calm again with time."""

import pytest

from models import Comment, RateBucket, Status
from service.db import db
from service.errors import TooManyError
from service.intake.alarm import Alarm, alarm_of
from service.intake.tickets import issue
from service.queries.sites import site_by_slug
from service.web.context import HOUSE
from tests.building import found_demo_site, rows
from tests.service.comments.test_submit import take
from tests.siege import PACE, count
from tests.web.desk import set_policy, site_of


@pytest.fixture
def app(make_app, database_url):
    """The application on each kind of database; few comments alarm its site."""
    return make_app(database_url, **PACE, quick_seconds=0)


def level(app, slug="blog"):
    with app.app_context():
        return alarm_of(db.session(), app.extensions[HOUSE], site_by_slug(db.session(), slug))


def taken(app, number, **changes):
    """Send so many comments with good tickets; return how many were taken."""
    house, done = app.extensions[HOUSE], 0
    for place in range(number):
        ticket = issue(house, 1, "/amazon")
        try:
            take(app, text=f"Comment {place}", ticket=ticket, **changes)
        except TooManyError:
            continue
        done += 1
    return done


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        (0, Alarm.CALM),
        (9, Alarm.CALM),
        (10, Alarm.SLOW),
        (19, Alarm.SLOW),
        (20, Alarm.WORK),
        (50, Alarm.WORK),
    ],
)
def test_the_level_goes_by_how_many_were_taken(app, comments, expected):
    count(app, comments)

    assert level(app) is expected


def test_another_site_stays_calm(app):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    count(app, 25)

    assert (level(app), level(app, "other")) == (Alarm.WORK, Alarm.CALM)


def test_the_owners_switch_is_the_highest_level(app):
    set_policy(app, site_of(app), under_attack=True)

    assert level(app) is Alarm.WORK


def test_an_alarm_takes_minutes_to_pass_and_passes(app, clock):
    count(app, 100)  # a debt of 20 and no more, at one comment a minute
    seen = []
    for _ in range(5):
        seen.append(level(app))
        clock.move(minutes=10)

    assert seen == [Alarm.WORK, Alarm.WORK, Alarm.WORK, Alarm.SLOW, Alarm.CALM]


def test_a_flood_turns_the_level_and_calm_returns(app, clock):
    assert taken(app, 1000) == 20 + 1  # its bucket, and one turn in the slow lane
    assert level(app) is Alarm.WORK
    assert {comment.status for comment in rows(app, Comment)} == {Status.PENDING}

    clock.move(hours=1)
    assert level(app) is Alarm.CALM
    assert taken(app, 1, name="Later") == 1


def test_a_flood_without_tickets_is_slowed_down_sooner(app):
    done = 0
    for place in range(200):
        try:
            take(app, text=f"Comment {place}", network=place.to_bytes(16))
        except TooManyError:
            continue
        done += 1

    assert done == 10 + 2
    assert level(app) is Alarm.SLOW


def test_a_flood_leaves_no_more_rows_than_it_had_comments_taken(app):
    taken(app, 100)

    with app.app_context():
        # one for each used ticket; the network's, the site's, the slow lane's, the network's in it
        assert db.session.query(RateBucket).count() == len(rows(app, Comment)) + 4

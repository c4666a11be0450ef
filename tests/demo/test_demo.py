"""The demo's people, and the blog that knows the service only by its snippet."""

import http.client
from collections import Counter

import pytest

from models import Comment, Decision, Site, Status, Thread
from service.demo.blog import PAGE, article_text, start_blog
from service.demo.seed import SITE, seed
from service.demo.voices import voices
from service.staff.signing_in import check_password
from service.web.context import HOUSE
from tests.building import rows
from tests.serving import free_port


@pytest.fixture
def seeded(app):
    """An application with the demo's site in it, and its owner's credentials."""
    return app, seed(app, origins=["https://river.example.org"])


@pytest.fixture
def blog():
    """The blog beside a service that is away."""
    blog = start_blog(f"http://127.0.0.1:{free_port()}", SITE, "127.0.0.1", 0)
    yield blog
    blog.shutdown()
    blog.server_close()


def get(blog, path):
    connection = http.client.HTTPConnection("127.0.0.1", blog.server_port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def test_about_forty_comments_stand_in_all_four_states(seeded):
    app, _credentials = seeded
    states = Counter(comment.status for comment in rows(app, Comment))

    assert set(states) == set(Status)
    assert sum(states.values()) == len(voices()) >= 40
    assert len({comment.name for comment in rows(app, Comment)}) >= 25


def test_every_decision_was_made_by_the_moderator(seeded):
    app, _credentials = seeded
    decided = [voice for voice in voices() if voice.status is not Status.PENDING]
    decisions = rows(app, Decision)

    assert len(decisions) == len(decided)
    assert len({decision.moderator_id for decision in decisions}) == 1
    assert None not in {decision.moderator_id for decision in decisions}


def test_the_comments_are_spread_over_weeks_and_none_is_from_the_future(seeded, clock):
    app, _credentials = seeded
    times = [comment.created_at for comment in rows(app, Comment)]

    assert times == sorted(times)
    assert (times[-1] - times[0]).days >= 21
    assert times[-1] < clock()


def test_the_owner_can_sign_in(seeded):
    app, credentials = seeded
    with app.test_request_context():
        owner = check_password(
            app.extensions[HOUSE], credentials.email, credentials.password, b"n" * 16
        )

    assert owner.name == "Marta Quiroga"


def test_the_page_is_known_with_its_words_before_anybody_comments(seeded):
    app, _credentials = seeded
    [site] = rows(app, Site, Site.slug == SITE)
    [thread] = rows(app, Thread)

    assert (thread.site_id, thread.page, thread.registered) == (site.id, PAGE, True)
    assert "cocaine" in thread.page_text.lower()
    assert "<" not in article_text()
    assert 550 <= len(article_text().split()) <= 750


def test_the_public_thread_shows_the_approved_ones(seeded, client):
    thread = client.get(f"/s/{SITE}/thread.json", query_string={"page": PAGE}).json

    approved = [voice for voice in voices() if voice.status is Status.APPROVED]
    assert len(thread["comments"]) == len(approved)
    assert any(comment["by_owner"] for comment in thread["comments"])


def test_the_article_appears_without_its_comments_when_the_service_is_away(blog):
    status, headers, page = get(blog, PAGE)

    assert status == 200
    assert "What the river carries" in page
    assert "Read the comments" in page
    assert "@SERVICE@" not in page
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")


@pytest.mark.parametrize(("path", "status"), [("/", 302), ("/blog.css", 200), ("/nothing", 404)])
def test_the_blog_has_a_front_door_a_style_and_nothing_else(blog, path, status):
    assert get(blog, path)[0] == status

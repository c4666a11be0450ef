"""Mail to moderators: what it tells, gathered, and in its hours; through a real server."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import (
    AtOnce,
    Comment,
    Digest,
    Event,
    Notice,
    Role,
    Status,
)
from service.comments.moderate import Actor, decide
from service.db import transaction
from service.mail import notices
from service.records import audit_seals
from service.records.audit import by_moderator, record
from tests.building import rows
from tests.conftest import visitor
from tests.out.mailbox import links, plain
from tests.out.wishes import (
    ANA,
    NIGHT,
    come,
    gather,
    house,
    run,
    told,
    want,
)
from tests.web.desk import path_of, send_json, set_policy, site_of

CANARY = "zq7canary.x91k@leak-probe.example.org"


@pytest.fixture
def app(make_house, sqlite_url):
    return make_house(sqlite_url)


@pytest.fixture
def app_on_both(make_house, database_url):
    return make_house(database_url)


def move(app, public_id, status):
    with app.app_context():
        decide(house(app), Actor(None, [site_of(app).id]), public_id, status)


# At once ------------------------------------------------------------------------------------------


def test_what_comes_together_is_told_together_a_minute_later(app_on_both, mailbox, clock):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    first = come(app, comment="The first one.")
    clock.move(seconds=50)
    second = come(app, comment="The second one.", author="Tom", email="tom@example.org")
    run(app)
    assert mailbox.empty
    clock.move(seconds=11)
    run(app)

    message = mailbox.next()
    assert (message["To"], message["From"]) == (ANA, "Blog <comments@service.example>")
    assert message["Subject"] == "2 comments wait on Blog"
    assert message["Auto-Submitted"] == "auto-generated"
    words = plain(message)
    assert "Ana Souza on /amazon, 61 s ago, " in words
    assert "> The second one." in words
    assert links(message)[:3] == [
        f"https://comments.example.org/queue/{first}",
        f"https://comments.example.org/queue/{second}",
        "https://comments.example.org/queue?site=blog",
    ]
    run(app)
    assert mailbox.empty


def test_the_next_mail_comes_a_quarter_of_an_hour_after_the_first(app_on_both, mailbox, clock):
    app = app_on_both
    told(app, mailbox, clock)
    for number in range(14):
        clock.move(minutes=1)
        come(app, comment=f"Number {number}.")
        run(app)
    assert mailbox.empty
    clock.move(minutes=1)
    run(app)

    assert mailbox.next()["Subject"] == "14 comments wait on Blog"


def test_ten_are_shown_and_the_others_counted(app, mailbox, clock):
    want(app, at_once=AtOnce.ALL)
    for number in range(22):
        come(app, comment=f"Number {number}.")
    clock.move(minutes=1)
    run(app)

    message = mailbox.next()
    assert message["Subject"] == "22 comments wait on Blog"
    assert "And 12 more." in plain(message)
    assert sum("/queue/" in link for link in links(message)) == 10


@pytest.mark.parametrize("fate", ["decided", "withdrawn", "erased"])
def test_nothing_is_said_of_a_comment_that_waits_no_more(app_on_both, mailbox, clock, fate):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    answer = send_json(visitor(app)).json
    run(app)
    clock.move(minutes=1)
    assert gather(app) == 1  # the mail is made, and not written yet
    if fate == "decided":
        move(app, answer["id"], Status.SPAM)
    else:
        action = {"withdrawn": "withdraw", "erased": "erase"}[fate]
        visitor(app).post(path_of(answer["receipt"]), data={"action": action})
    run(app)

    assert mailbox.empty
    assert rows(app, Notice) == []


def test_an_edit_that_puts_a_comment_back_is_told(app, mailbox, clock):
    want(app, at_once=AtOnce.ALL)
    answer = send_json(visitor(app)).json
    move(app, answer["id"], Status.APPROVED)
    run(app)
    clock.move(minutes=2)
    run(app)
    assert mailbox.empty

    visitor(app).post(
        path_of(answer["receipt"]), data={"action": "edit", "comment": "Quite another text."}
    )
    run(app)
    clock.move(minutes=1)
    run(app)

    assert "> Quite another text." in plain(mailbox.next())


def test_only_those_likely_fine_where_that_is_asked(app, mailbox, clock):
    want(app, at_once=AtOnce.FINE)
    come(app, comment="Buy cheap pills now at https://casino.example.com/pills casino viagra")
    clock.move(minutes=1)
    run(app)
    assert mailbox.empty
    public_id = come(app, comment="A thought on the river.")
    shelve_as(app, public_id, "fine")
    clock.move(minutes=1)
    run(app)

    message = mailbox.next()
    assert message["Subject"] == "1 comment waits on Blog"
    assert "likely fine" in plain(message)


def shelve_as(app, public_id, shelf, **more):
    with app.app_context(), transaction() as session:
        comment = session.scalars(sa.select(Comment).where(Comment.public_id == public_id)).one()
        comment.shelf = comment.band = shelf
        for name, value in more.items():
            setattr(comment, name, value)


def test_the_score_of_the_blind_sample_is_not_told(make_house, sqlite_url, mailbox, clock):
    app = make_house(sqlite_url, blind_sample=1.0)
    words = plain(told(app, mailbox, clock))

    assert "score hidden until you decide" in words
    assert "likely" not in words.lower()


def test_a_site_under_alarm_sends_one_mail_and_one_when_it_is_over(app, mailbox, clock):
    want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    run_alarmed(app)
    assert "Very many comments are coming" in plain(mailbox.next())

    for number in range(3):
        come(app, comment=f"Number {number}.")
        clock.move(minutes=20)
        run_alarmed(app)
    assert mailbox.empty
    clock.move(hours=1)
    run(app)
    message = mailbox.next()
    assert message["Subject"] == "3 comments wait on Blog"
    assert "Very many" not in plain(message)


def run_alarmed(app):
    """One round while the site's owner has switched the alarm on."""
    set_policy(app, site_of(app), under_attack=True)
    run(app)
    set_policy(app, site_of(app), under_attack=False)


def test_an_event_that_leaves_late_is_told_all_the_same(app_on_both, mailbox, clock):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    with app.app_context():  # as if the transaction of the first had taken long
        send_json(visitor(app), comment="The first to come.")
        later = house(app).now() + timedelta(minutes=2)
        with transaction() as session:
            session.execute(sa.update(Event).values(release_at=later))
    come(app, comment="The second to come.")
    clock.move(minutes=1)
    run(app)
    assert "first" not in plain(mailbox.next())
    clock.move(minutes=16)
    run(app)
    clock.move(minutes=1)
    run(app)

    words = plain(mailbox.next())
    assert "The first to come." in words
    assert "second" not in words


def test_what_readers_typed_is_no_link_and_no_address_of_theirs_is_told(app, mailbox, clock):
    message = told(
        app,
        mailbox,
        clock,
        author="Buy at www.evil.example/x",
        email=CANARY,
        url="https://site-of-ana.example/",
        comment="See http://evil.example/a?b and evil\uff0eexample or 10.0.0.1/x, me@evil.example "
        + "x" * 300,
    )

    words, html = plain(message), message.get_body(("html",)).get_content()
    assert "http[:]//evil[.]example/a?b" in words
    assert "me[at]evil[.]example" in words
    assert "10[.]0[.]0[.]1" in words
    assert "www[.]evil[.]example" in words
    assert "x" * 150 not in words
    for body in (words, html):
        ours = body.replace("https://comments.example.org/", "")
        assert "evil.example" not in ours
        assert "://" not in ours
    assert CANARY not in message.as_string().lower()
    assert CANARY.partition("@")[0] not in message.as_string().lower()


# Quiet hours --------------------------------------------------------------------------------------


def in_berlin(app, number):
    with app.app_context():
        notices.set_time_zone(house(app), number, "Europe/Berlin")


def test_what_comes_at_night_is_one_mail_in_the_morning(app_on_both, mailbox, clock):
    app = app_on_both
    in_berlin(app, want(app, at_once=AtOnce.ALL, **NIGHT))
    clock.move(hours=9, minutes=-1)  # 20:59 UTC, 21:59 in Berlin
    run(app)
    for number in range(3):
        come(app, comment=f"Number {number}.")
        clock.move(hours=3)
        run(app)
    assert mailbox.empty
    clock.move(seconds=61)  # 06:00 UTC
    run(app)

    assert mailbox.next()["Subject"] == "3 comments wait on Blog"
    run(app)
    assert mailbox.empty


def test_a_night_in_which_the_clock_is_set_forward_is_an_hour_shorter(app, mailbox, clock):
    in_berlin(app, want(app, at_once=AtOnce.ALL, **NIGHT))
    clock.now = clock.now.replace(year=2027, month=3, day=27, hour=22)
    come(app)
    clock.move(minutes=2)
    run(app)
    clock.move(hours=6, minutes=57)
    run(app)
    assert mailbox.empty  # 06:59 in Berlin, 04:59 UTC
    clock.move(minutes=1)
    run(app)
    assert mailbox.next()["Subject"] == "1 comment waits on Blog"


# Digests ------------------------------------------------------------------------------------------


def test_a_digest_comes_at_its_hour_in_its_zone_with_what_happened_since(
    app_on_both, mailbox, clock
):
    app = app_on_both
    number = want(app, role=Role.OWNER, digest=Digest.DAILY, digest_hour=8)
    in_berlin(app, number)
    approved, spam, *_ = [come(app, comment=f"Number {place}.") for place in range(5)]
    move(app, approved, Status.APPROVED)
    move(app, spam, Status.SPAM)
    with app.app_context():
        with transaction() as session:
            for act in ("author.search", "comment.reveal", "comment.reveal", "comment.approve"):
                doer = by_moderator(number)
                record(session, house(app), doer, act, site_id=site_of(app).id)
        audit_seals.seal(house(app))
    clock.move(hours=18, minutes=59)
    run(app)
    assert mailbox.empty
    clock.move(minutes=1)  # 07:00 UTC
    run(app)

    message = mailbox.next()
    words = " ".join(plain(message).split())
    assert message["Subject"] == "Daily digest of Blog: 3 comments wait"
    assert "Waiting now: 3 (" in words
    assert "The oldest has waited 19 hours." in words
    assert "(Europe/Berlin): 1 approved, 1 called spam." in words
    assert "Since 23 November 2026, 13:00" in words
    assert "1 looked up, 2 revealed" in words
    assert "https://comments.example.org/sites/blog/audit" in links(message)

    clock.move(days=1)
    run(app)
    words = " ".join(plain(mailbox.next()).split())
    assert "0 approved, 0 called spam" in words
    assert "0 looked up, 0 revealed" in words


def test_a_moderator_s_digest_says_nothing_of_looks_at_addresses(app, mailbox, clock):
    want(app, digest=Digest.HOURLY)
    come(app)
    clock.move(hours=1)
    run(app)

    assert "addresses" not in plain(mailbox.next())


def test_an_empty_digest_is_not_sent_and_one_of_the_night_waits(app, mailbox, clock):
    in_berlin(app, want(app, digest=Digest.HOURLY, **NIGHT))
    for _ in range(10):
        clock.move(hours=1)
        run(app)
    assert mailbox.empty
    come(app)  # at 22:00 UTC, 23:00 in Berlin
    for _ in range(7):
        clock.move(hours=1)
        run(app)
    assert mailbox.empty
    clock.move(hours=1)
    run(app)
    assert mailbox.next()["Subject"] == "Hourly digest of Blog: 1 comment waits"
    assert mailbox.empty

"""Mail to moderators: gathered, in its hours, once, and only to who decides; by a real server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from models import (
    AtOnce,
    Comment,
    Digest,
    Event,
    Membership,
    Moderator,
    Notice,
    Role,
    Status,
    Watch,
)
from service import audit_seals, notices, team
from service.audit import by_moderator, record
from service.db import db, transaction
from service.housekeeping import tidy
from service.moderate import Actor, decide
from service.out import notices as out
from service.out import outbox
from service.queries import notices as queries
from tests.building import rows
from tests.conftest import visitor
from tests.out.mailbox import links, plain
from tests.out.wishes import (
    NIGHT,
    come,
    fall_due,
    gather,
    house,
    run,
    set_role,
    want,
    watch_of,
)
from tests.web.desk import path_of, send_json, set_policy, site_of

ANA = "ana@staff.example.org"
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


def told(app, mailbox, clock, **changes):
    """One comment, told at once; the mail."""
    want(app, at_once=AtOnce.ALL)
    come(app, **changes)
    clock.move(seconds=61)
    run(app)
    return mailbox.next()


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


# Once ---------------------------------------------------------------------------------------------


def test_of_two_dispatchers_at_once_one_sends_it(app_on_both, mailbox, clock):
    app = app_on_both
    want(app, at_once=AtOnce.ALL, digest=Digest.HOURLY)
    come(app)
    clock.move(hours=1)
    both = Barrier(2)

    def dispatch():
        both.wait()
        run(app)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(dispatch), pool.submit(dispatch)]:
            done.result(60)
    run(app)

    subjects = sorted([mailbox.next()["Subject"], mailbox.next()["Subject"]])
    assert subjects == ["1 comment waits on Blog", "Hourly digest of Blog: 1 comment waits"]
    assert mailbox.empty


def test_who_dies_between_sending_and_marking_leaves_the_same_mail_to_the_next(
    app_on_both, mailbox, clock
):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    come(app, comment="Told in the first.")
    clock.move(minutes=1)
    gather(app)
    with app.app_context():
        [envelope] = out.claim(house(app))
        out.tried(house(app), envelope, envelope.letter)  # and here it dies
        assert out.claim(house(app)) == []
    come(app, comment="Came after the first.")
    clock.move(seconds=61)
    fall_due(app)
    run(app)

    first, second = mailbox.next(), mailbox.next()
    assert first["Message-ID"] == second["Message-ID"] == f"<{envelope.public_id}@service.example>"
    assert "Came after" not in plain(second)
    [row] = rows(app, Notice)
    assert (row.attempts, row.due_at, row.error) == (2, None, "")
    clock.move(minutes=15)
    run(app)
    assert "Came after" in plain(mailbox.next())


def test_who_lost_the_lease_marks_nothing(app_on_both, mailbox, clock):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    gather(app)
    with app.app_context():
        [late] = out.claim(house(app))
    fall_due(app)
    run(app)
    sent = rows(app, Notice)[0].sent_at
    with app.app_context():
        out.post(house(app), late)

    assert rows(app, Notice)[0].sent_at == sent


def test_while_a_mail_is_tried_again_no_other_is_made(app, mailbox, clock):
    mailbox.answers = ["451 Try again later"]
    want(app, at_once=AtOnce.ALL)
    come(app, comment="The first.")
    clock.move(minutes=1)
    run(app)
    come(app, comment="The second.")
    clock.move(seconds=30)
    run(app)
    assert (len(rows(app, Notice)), rows(app, Notice)[0].error) == (1, "refused with 451")
    clock.move(minutes=2)
    run(app)
    assert "The first." in plain(mailbox.next())
    clock.move(minutes=15)
    run(app)
    assert "The second." in plain(mailbox.next())


# To whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["viewer", "removed", "inactive"])
def test_who_decides_no_more_gets_nothing(app_on_both, mailbox, clock, how):
    app = app_on_both
    number = want(app, at_once=AtOnce.ALL, digest=Digest.HOURLY)
    come(app)
    clock.move(minutes=1)
    gather(app)  # also a mail that is made already
    if how == "removed":
        owner = rows(app, Moderator)[0].id
        with app.app_context():
            team.change_role(
                house(app),
                site_of(app).id,
                number,
                seen=Role.MODERATOR,
                new=None,
                moderator_id=owner,
            )
    elif how == "viewer":
        set_role(app, number, Role.VIEWER)
    else:
        with app.app_context(), transaction() as session:
            session.get_one(Moderator, number).active = False
    for _ in range(3):
        clock.move(hours=1)
        come(app, comment=f"At {clock.now}.")
        run(app)

    assert mailbox.empty
    assert rows(app, Notice) == []
    with app.app_context():
        left = db.session.scalar(sa.select(sa.func.count()).select_from(Watch))
    assert left == (0 if how == "removed" else 1)


def test_who_decides_again_hears_what_still_waits(app, mailbox, clock):
    number = want(app, at_once=AtOnce.ALL, digest=Digest.DAILY)
    set_role(app, number, Role.VIEWER)
    come(app, comment="While he only looked.")
    clock.move(days=1)
    run(app)
    set_role(app, number, Role.MODERATOR)
    come(app, comment="Since.")
    clock.move(minutes=1)
    run(app)
    assert mailbox.next()["Subject"] == "2 comments wait on Blog"
    clock.move(days=1)
    run(app)
    assert mailbox.next()["Subject"].startswith("Daily digest")


def test_nobody_gets_mail_unasked_and_nothing_is_made_without_a_server(
    app, make_app, databases, mailbox, clock
):
    come(app)
    clock.move(days=8)
    run(app)
    assert mailbox.empty
    deaf = make_app(databases.fresh("sqlite"))
    want(deaf, at_once=AtOnce.ALL, digest=Digest.HOURLY)
    come(deaf)
    clock.move(days=1)
    assert gather(deaf) == 0


def test_a_mail_goes_to_members_of_its_site_alone(app, mailbox, clock):
    told(app, mailbox, clock)
    with app.app_context():
        queries_of = db.session.scalars(sa.select(Membership)).all()
    assert len(queries_of) == 2  # the owner asked for none
    assert mailbox.empty


# Ending -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {
            "data": '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            "One-Click\r\n--x--\r\n",
            "content_type": "multipart/form-data; boundary=x",
        },
    ],
    ids=["urlencoded", "multipart"],
)
def test_one_click_ends_one_kind_of_mail(app, mailbox, clock, how):
    want(app, at_once=AtOnce.ALL, digest=Digest.HOURLY)
    come(app)
    clock.move(minutes=1)
    run(app)
    message = mailbox.next()
    stop = links(message)[-1]
    assert message["List-Unsubscribe"] == f"<{stop}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for method in ("get", "head", "options"):
        getattr(visitor(app), method)(path_of(stop))
    page = visitor(app).get(path_of(stop))
    assert "No more mail at once?" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert watch_of(app).at_once is AtOnce.ALL

    answer = visitor(app).post(path_of(stop), **how)

    assert (answer.status_code, "No mail at once will come" in answer.text) == (200, True)
    come(app, comment="After that.")
    clock.move(minutes=58)
    run(app)
    assert mailbox.empty
    clock.move(minutes=1)
    run(app)
    digest = mailbox.next()
    assert digest["Subject"].startswith("Hourly digest")
    visitor(app).post(path_of(links(digest)[-1]), **how)
    clock.move(days=1)
    run(app)
    assert mailbox.empty


def test_a_link_of_a_role_that_ended_is_not_found_and_no_token_opens_another_door(
    app, mailbox, clock
):
    message = told(app, mailbox, clock)
    stop = path_of(links(message)[-1])
    token = stop.rsplit("/", 1)[1]
    assert visitor(app).get(f"/mail/confirm/{token}").status_code == 404
    assert visitor(app).get(f"/receipts/{token}").status_code == 404
    assert visitor(app).get(stop.replace("at_once", "digest")).status_code == 404
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(Membership))
    assert visitor(app).get(stop).status_code == 404
    assert visitor(app).post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 404


# The server ---------------------------------------------------------------------------------------


def test_an_address_refused_for_good_gets_no_more_until_a_test_goes_through(
    app_on_both, mailbox, clock
):
    app = app_on_both
    mailbox.recipients = [f"550 <{ANA}> is unknown"]
    number = want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    run(app)
    assert (watch_of(app).failure, watch_of(app).failed_at) == ("refused with 550", clock.now)
    come(app, comment="Waits in silence.")
    clock.move(hours=1)
    run(app)
    assert mailbox.empty

    with app.app_context():
        notices.ask_for_test(house(app), number, site_of(app).id)
    run(app)

    assert mailbox.next()["Subject"] == "Test mail from Blog"
    assert watch_of(app).failed_at is None
    come(app, comment="And one more.")
    clock.move(minutes=1)
    run(app)
    assert mailbox.next()["Subject"] == "2 comments wait on Blog"


def test_a_name_of_a_site_is_one_line_of_a_header(app, mailbox, clock):
    with app.app_context(), transaction() as session:
        session.merge(site_of(app)).name = "Blog\r\nBcc: all@example.org\u202e"
    message = told(app, mailbox, clock)

    assert message["Bcc"] is None
    assert message["Subject"] == "1 comment waits on Blog Bcc: all@example.org"


def test_no_row_holds_an_address_and_old_mails_are_forgotten(app, mailbox, clock):
    mailbox.answers = [f"451 <{ANA}> busy"]
    want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    run(app)
    assert "@" not in "".join(str(vars(row)) for row in (*rows(app, Notice), watch_of(app)))
    clock.move(minutes=2)
    run(app)
    clock.move(days=31)
    with app.app_context():
        tidy(house(app))
    assert rows(app, Notice) == []


# Cost ---------------------------------------------------------------------------------------------


def test_a_look_for_what_is_due_reads_no_table(app):
    """SQLite says how it would find the rows: by an index each time."""
    seen = []
    with app.app_context():
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda *call: seen.append((call[2], call[3]))
        )
        queries.watch_due(db.session(), house(app).now())
        queries.notice_due(db.session(), house(app).now())
        with transaction() as session:
            queries.stir(session, [1], house(app).now())
        asked = [one for one in seen if "watch" in one[0] or "notice" in one[0]]
        assert len(asked) == 4
        for statement, values in asked:
            plan = db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", values
            )
            words = [row[-1] for row in plan]
            assert all("USING" in line and "INDEX" in line for line in words), words


def test_submitting_writes_nothing_for_moderators(app):
    want(app, at_once=AtOnce.ALL)
    seen = []
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    send_json(visitor(app))

    assert [one for one in seen if "watch" in one or "notice" in one] == []
    with app.app_context():
        outbox.release(house(app))
    assert any(one.startswith("UPDATE watch") for one in seen)


def test_a_time_of_quiet_that_ends_now_lets_the_mail_out(app, mailbox, clock):
    number = want(app, at_once=AtOnce.ALL, quiet_from=time(11), quiet_until=time(18))
    come(app)
    clock.move(minutes=1)
    run(app)
    assert mailbox.empty
    want(app, number, at_once=AtOnce.ALL)
    clock.move(minutes=1)
    run(app)
    assert mailbox.next()["Subject"] == "1 comment waits on Blog"

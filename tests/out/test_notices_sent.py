"""Mail to moderators: sent once, only to who decides, ended by one click; at what cost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time
from threading import Barrier, Event

import pytest
import sqlalchemy as sa

from models import (
    AtOnce,
    Digest,
    Membership,
    Moderator,
    Notice,
    Role,
    Watch,
)
from service.db import db, transaction
from service.housekeeping import tidy
from service.mail import notices
from service.out import notices as out
from service.out import outbox, smtp
from service.queries import notices as queries
from service.staff import team
from tests.building import rows
from tests.conftest import visitor
from tests.out.mailbox import links, plain
from tests.out.wishes import (
    ANA,
    come,
    fall_due,
    gather,
    house,
    run,
    set_role,
    told,
    want,
    watch_of,
)
from tests.serving import pause
from tests.web.desk import path_of, send_json, site_of


@pytest.fixture
def app(make_house, sqlite_url):
    return make_house(sqlite_url)


@pytest.fixture
def app_on_both(make_house, database_url):
    return make_house(database_url)


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


@pytest.fixture
def app_on_postgresql(make_house, databases):
    url = databases.fresh("postgresql")
    yield make_house(url)
    databases.drop(url)


class Gathering:
    """A dispatcher that stands still in the middle of making a mail, its transaction open."""

    def __init__(self, app, pool):
        self.there, self.go_on = Event(), Event()
        held = replace(house(app), token=self.token)

        def work():
            with app.app_context():
                return notices.gather(held)

        self.done = pool.submit(work)
        assert self.there.wait(30)

    def token(self, length):
        self.there.set()
        assert self.go_on.wait(30)
        return "a" * length

    def finish(self):
        self.go_on.set()
        return self.done.result(30)


def test_what_one_dispatcher_is_taking_up_the_other_leaves_alone(app_on_postgresql, clock):
    app = app_on_postgresql
    want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    with ThreadPoolExecutor(1) as pool:
        first = Gathering(app, pool)
        assert gather(app) == 0
        assert first.finish() == 1
    assert gather(app) == 0
    assert len(rows(app, Notice)) == 1


def test_what_leaves_while_a_mail_is_made_is_told_by_the_next(app_on_postgresql, mailbox, clock):
    app = app_on_postgresql
    want(app, at_once=AtOnce.ALL)
    come(app, comment="Before.")
    clock.move(minutes=1)
    send_json(visitor(app), comment="Just then.")

    def release():
        with app.app_context():
            return outbox.release(house(app))

    with ThreadPoolExecutor(2) as pool:
        first = Gathering(app, pool)
        second = pool.submit(release)
        while not second.done() and not waits_for_a_lock(app):
            pause(0.02)
        assert first.finish() == 1
        assert second.result(30) == 1
    run(app)
    assert "Just then." not in plain(mailbox.next())
    clock.move(minutes=15)
    run(app)
    assert "Just then." in plain(mailbox.next())


def waits_for_a_lock(app):
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


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
        smtp.tried(house(app), envelope)  # and here it dies
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


def test_a_mail_that_is_given_up_by_our_own_fault_is_not_held_against_the_address(
    app_on_both, mailbox, clock
):
    app = app_on_both
    want(app, at_once=AtOnce.ALL)
    come(app)
    clock.move(minutes=1)
    gather(app)
    with app.app_context(), transaction() as session:  # whoever sent it is gone each time
        session.execute(sa.update(Notice).values(attempts=len(smtp.SCHEDULE) + 1))
    run(app)
    [given_up] = rows(app, Notice)

    assert mailbox.empty
    assert (given_up.due_at, given_up.error) == (None, "no attempt came to an end")
    assert watch_of(app).failed_at is None

"""Mail to authors: only who asked and confirmed gets any; through a real SMTP server."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Comment, Contact, Mail, Status, Subscription
from service.comments import subscriptions
from service.comments.moderate import Actor, decide, undo
from service.db import transaction
from service.housekeeping import tidy
from service.out import mail, outbox, smtp
from service.sites.changes import describe_page
from service.web.context import HOUSE
from tests.building import COMMENT, rows
from tests.conftest import visitor
from tests.out.mailbox import links, plain
from tests.web.desk import path_of, send_json, set_policy, site_of

ADDRESS = "ana.souza@example.org"


@pytest.fixture
def app(make_house, sqlite_url):
    return make_house(sqlite_url)


@pytest.fixture
def app_on_both(make_house, database_url):
    return make_house(database_url)


def house(app):
    return app.extensions[HOUSE]


def ask(app, **changes):
    """Comment and ask for mail; returns the answer."""
    answer = send_json(visitor(app), **{"notify": "yes", **changes})
    assert answer.status_code == 202, answer.json
    return answer.json


def run(app):
    """Let what is released become mail, and let the mail go out."""
    with app.app_context():
        outbox.release(house(app))
        for envelope in mail.claim(house(app)):
            mail.post(house(app), envelope)


def approve(app, public_id):
    with app.app_context():
        actor = Actor(None, [site_of(app).id])
        return decide(house(app), actor, public_id, Status.APPROVED)


def press(app, link):
    """Press the button of a mailed link's page."""
    return visitor(app).post(path_of(link), data={"go": "1"})


def confirmed(app, mailbox, **changes):
    """Comment, ask for mail, confirm it; returns the comment's public id."""
    answer = ask(app, **changes)
    run(app)
    [link] = links(mailbox.next())
    assert press(app, link).status_code == 200
    return answer["id"]


def released(app, clock):
    """Let the hold of every decision be over, and the mail go out."""
    clock.move(seconds=house(app).settings.undo_hold + 1)
    run(app)


# Asking --------------------------------------------------------------------------------------


def test_who_asks_is_first_asked_whether_it_was_he(app_on_both, mailbox):
    app = app_on_both
    ask(app, comment="Secret words of mine.")
    run(app)

    message = mailbox.next()
    assert message["To"] == ADDRESS
    assert message["From"] == "Blog <comments@service.example>"
    assert message["Subject"] == "Do you want mail about your comment on Blog?"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    for words in ("Secret words", "Souza"):
        assert words not in message.as_string().split("\n\n", 1)[1]
    assert "If it was not you, do nothing" in plain(message)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_opening_the_link_changes_nothing(app, mailbox):
    ask(app)
    run(app)
    [link] = links(mailbox.next())

    for method in ("get", "head", "options"):
        getattr(visitor(app), method)(path_of(link))

    assert rows(app, Subscription)[0].confirmed_at is None
    page = visitor(app).get(path_of(link))
    assert "Yes, send me mail" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_without_a_confirmation_nothing_more_comes(app, mailbox, clock):
    answer = ask(app)
    run(app)
    mailbox.next()
    approve(app, answer["id"])
    released(app, clock)

    assert mailbox.empty


def test_who_does_not_ask_is_not_written_to(app, mailbox, clock):
    answer = send_json(visitor(app)).json
    approve(app, answer["id"])
    released(app, clock)

    assert mailbox.empty
    assert rows(app, Subscription) == []


def test_a_confirmation_after_a_week_comes_too_late(app, mailbox, clock):
    ask(app)
    run(app)
    [link] = links(mailbox.next())
    clock.move(days=8)

    answer = press(app, link)

    assert answer.status_code == 404
    assert "too old" in answer.text
    with app.app_context():
        tidy(house(app))
    assert rows(app, Subscription) == []


@pytest.mark.parametrize(
    "changes",
    [{"subject": "http://spam.example"}, {"email": ""}],
    ids=["honeypot", "no address"],
)
def test_nobody_is_asked_because_of(app, mailbox, changes):
    set_policy(app, site_of(app), require_email=False)
    ask(app, **changes)
    run(app)

    assert mailbox.empty


def test_a_stranger_s_address_cannot_be_flooded_with_our_question(app_on_both, mailbox, clock):
    app = app_on_both
    for number in range(6):
        ask(app, comment=f"Number {number} of many.")
    run(app)
    assert mailbox.mails.qsize() == 3
    assert len(rows(app, Comment)) == 6

    clock.move(days=1)
    ask(app, comment="The day after.")
    run(app)
    assert mailbox.mails.qsize() == 4


def test_a_service_without_a_mail_server_offers_none(make_app, sqlite_url):
    app = make_app(sqlite_url)
    client = visitor(app)
    assert 'name="notify"' not in client.get("/s/blog/form?page=/amazon").text
    send_json(client, notify="yes")
    assert rows(app, Subscription) == []


def test_the_form_offers_it_and_keeps_the_tick_through_a_mistake(app):
    client = visitor(app)
    assert 'name="notify" value="yes">' in client.get("/s/blog/form?page=/amazon").text

    again = client.post("/s/blog/comments", data={**COMMENT, "comment": "", "notify": "yes"})

    assert 'name="notify" value="yes" checked>' in again.text


# Telling ---------------------------------------------------------------------------------------


def test_the_author_is_told_when_his_comment_is_published(app_on_both, mailbox, clock):
    app = app_on_both
    public_id = confirmed(app, mailbox)
    with app.app_context():
        describe_page(house(app), site_of(app), "/amazon", title="Coca & cacao", text="")
    approve(app, public_id)
    released(app, clock)

    message = mailbox.next()
    assert message["Subject"] == "Your comment on Coca & cacao is published"
    there, receipt, stop = links(message)
    assert there == f"https://blog.example.org/amazon#comment-{public_id}"
    assert visitor(app).get(path_of(receipt)).status_code == 200
    assert message["List-Unsubscribe"] == f"<{stop}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"].endswith("@service.example>")


def test_an_undo_within_the_hold_leaves_the_mailbox_empty(app_on_both, mailbox, clock):
    app = app_on_both
    public_id = confirmed(app, mailbox)
    moved = approve(app, public_id)
    with app.app_context():
        undo(house(app), Actor(None, [site_of(app).id]), moved.decision_id)
    released(app, clock)

    assert mailbox.empty


def test_who_confirms_after_it_was_published_is_told_then(app, mailbox, clock):
    answer = ask(app)
    run(app)
    [link] = links(mailbox.next())
    approve(app, answer["id"])
    released(app, clock)
    assert mailbox.empty

    press(app, link)
    released(app, clock)

    assert "is published" in mailbox.next()["Subject"]


def test_it_is_told_once_however_often_it_is_approved(app, mailbox, clock):
    public_id = confirmed(app, mailbox)
    actor = Actor(None, [site_of(app).id])
    for status in (Status.APPROVED, Status.PENDING, Status.APPROVED):
        with app.app_context():
            decide(house(app), actor, public_id, status)
        released(app, clock)

    assert mailbox.mails.qsize() == 1


def test_the_author_is_told_of_a_reply_with_its_words(app_on_both, mailbox, clock):
    app = app_on_both
    public_id = confirmed(app, mailbox)
    approve(app, public_id)
    released(app, clock)
    mailbox.next()
    reply = send_json(
        visitor(app),
        parent=public_id,
        author="Tom <b>",
        email="tom@example.org",
        comment="I was *there*.\nTwice.",
    ).json
    approve(app, reply["id"])
    released(app, clock)

    message = mailbox.next()
    assert message["To"] == ADDRESS
    assert message["Subject"] == "Tom <b> answered your comment on Blog"
    assert "> I was *there*.\n> Twice." in plain(message)
    html = message.get_body(("html",)).get_content()
    assert "<blockquote" in html
    assert "<em>there</em>" in html
    assert "Tom &lt;b&gt;" in html
    assert "tom@example.org" not in message.as_string()


def test_nobody_is_told_of_his_own_reply(app, mailbox, clock):
    public_id = confirmed(app, mailbox)
    approve(app, public_id)
    released(app, clock)
    mailbox.next()
    reply = send_json(visitor(app), parent=public_id, comment="And one more thing.").json
    approve(app, reply["id"])
    released(app, clock)

    assert mailbox.empty


def test_what_is_gone_when_the_mail_would_go_out_is_told_to_nobody(app, mailbox, clock):
    public_id = confirmed(app, mailbox)
    approve(app, public_id)
    clock.move(seconds=11)
    with app.app_context():
        outbox.release(house(app))
        decide(house(app), Actor(None, [site_of(app).id]), public_id, Status.SPAM)
    run(app)

    assert mailbox.empty


# Ending ------------------------------------------------------------------------------------------


def stop_link(app, mailbox, clock):
    public_id = confirmed(app, mailbox)
    approve(app, public_id)
    released(app, clock)
    return public_id, links(mailbox.next())[-1]


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {
            "data": '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            "One-Click\r\n--x--\r\n",
            "content_type": "multipart/form-data; boundary=x",
        },
        {"data": {"go": "1"}},
    ],
    ids=["urlencoded", "multipart", "button"],
)
def test_one_click_ends_it_without_a_question(app, mailbox, clock, how):
    public_id, link = stop_link(app, mailbox, clock)

    answer = visitor(app).post(path_of(link), **how)

    assert answer.status_code == 200
    reply = send_json(visitor(app), parent=public_id, author="Tom", email="tom@example.org").json
    approve(app, reply["id"])
    released(app, clock)
    assert mailbox.empty


def test_a_scanner_that_opens_the_link_ends_nothing(app, mailbox, clock):
    _, link = stop_link(app, mailbox, clock)

    assert "Stop the mail" in visitor(app).get(path_of(link)).text

    assert rows(app, Subscription)[0].ended_at is None


def test_the_receipt_ends_it_too(app, mailbox, clock):
    answer = ask(app)
    client = visitor(app)
    receipt = path_of(answer["receipt"])
    assert "You asked for mail" in client.get(receipt).text

    client.post(receipt, data={"action": "stop_mail"})

    assert "You asked for mail" not in client.get(receipt).text
    run(app)
    assert mailbox.empty


@pytest.mark.parametrize("token", ["x", "abc.1.AAAA", "a" * 500])
def test_a_wrong_link_is_not_found(app, token):
    for door in ("confirm", "unsubscribe"):
        for method in ("get", "post"):
            how = {"data": {"a": "b"}} if method == "post" else {}
            assert getattr(visitor(app), method)(f"/mail/{door}/{token}", **how).status_code == 404


def test_a_receipt_s_token_opens_no_mail_link_and_no_mail_link_a_receipt(app, mailbox):
    answer = ask(app)
    run(app)
    [link] = links(mailbox.next())
    receipt, token = answer["receipt"].rsplit("/", 1)[1], link.rsplit("/", 1)[1]

    assert visitor(app).get(f"/mail/confirm/{receipt}").status_code == 404
    assert visitor(app).get(f"/receipts/{token}").status_code == 404


@pytest.mark.parametrize("action", ["withdraw", "erase"])
def test_taking_the_comment_back_stops_its_mail(app_on_both, mailbox, clock, action):
    app = app_on_both
    answer = ask(app)
    visitor(app).post(path_of(answer["receipt"]), data={"action": action})
    run(app)

    assert mailbox.empty
    if action == "erase":
        assert (rows(app, Subscription), rows(app, Mail)) == ([], [])


def test_erasing_a_reply_takes_back_the_mail_that_would_tell_of_it(app_on_both, mailbox, clock):
    app = app_on_both
    public_id = confirmed(app, mailbox)
    approve(app, public_id)
    released(app, clock)
    mailbox.next()
    reply = send_json(visitor(app), parent=public_id, author="Tom", email="tom@example.org").json
    approve(app, reply["id"])
    clock.move(seconds=11)
    with app.app_context():
        outbox.release(house(app))
    assert rows(app, Mail)[-1].due_at is not None

    visitor(app).post(path_of(reply["receipt"]), data={"action": "erase"})
    run(app)

    assert mailbox.empty


# The server --------------------------------------------------------------------------------------


def test_a_server_that_is_busy_gets_it_again_later_with_the_same_id(app_on_both, mailbox, clock):
    app = app_on_both
    mailbox.answers = ["451 Try again later"]
    ask(app)
    run(app)
    [row] = rows(app, Mail)
    assert (row.error, row.sent_at) == ("refused with 451", None)
    run(app)
    assert mailbox.empty

    if app.extensions[HOUSE].settings.on_sqlite:
        clock.move(seconds=90)
    else:
        fall_due(app)
    run(app)

    assert mailbox.next()["Message-ID"] == f"<{row.public_id}@service.example>"


def fall_due(app):
    # On PostgreSQL leases and retries run by the server's own clock.
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Mail).values(due_at=sa.func.now() - timedelta(seconds=1)))


def test_an_address_that_is_refused_for_good_is_given_up(app, mailbox):
    mailbox.recipients = [f"550 <{ADDRESS}> is unknown"]
    ask(app)
    run(app)

    [row] = rows(app, Mail)
    assert (row.due_at, row.sent_at, row.error) == (None, None, "refused with 550")


def test_a_server_that_is_away_is_waited_for(app, mailbox, clock):
    mailbox.close()
    ask(app)
    run(app)
    assert rows(app, Mail)[0].error == "ConnectionRefusedError"

    mailbox.open()
    clock.move(seconds=90)
    run(app)
    assert mailbox.next()["To"] == ADDRESS


def test_after_the_last_try_it_is_given_up(app, mailbox, clock):
    mailbox.close()
    ask(app)
    for _ in range(len(smtp.SCHEDULE) + 1):
        run(app)
        clock.move(days=2)

    [row] = rows(app, Mail)
    assert (row.attempts, row.due_at) == (len(smtp.SCHEDULE) + 1, None)


def test_a_worker_that_died_with_it_leaves_it_to_the_next(app_on_both, mailbox, clock):
    app = app_on_both
    ask(app)
    with app.app_context():
        assert len(mail.claim(house(app))) == 1
        assert mail.claim(house(app)) == []
    clock.move(seconds=61)
    fall_due(app)
    run(app)

    assert mailbox.next()["To"] == ADDRESS


def test_who_lost_the_lease_marks_nothing(app_on_both, mailbox):
    app = app_on_both
    ask(app)
    with app.app_context():
        [late] = mail.claim(house(app))
    fall_due(app)
    run(app)
    mailbox.next()
    sent = rows(app, Mail)[0].sent_at

    with app.app_context():
        mail.post(house(app), late)

    assert rows(app, Mail)[0].sent_at == sent


def test_without_the_address_there_is_nothing_to_send_to(app, mailbox):
    ask(app)
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Contact).values(email_sealed=None, email_kid=None))
    run(app)

    assert rows(app, Mail)[0].error == "the address is kept no longer"


def test_an_address_past_its_time_is_written_to_no_more(app, mailbox, clock):
    ask(app)
    clock.move(days=91)
    run(app)

    assert rows(app, Mail)[0].error == "the address is kept no longer"
    assert mailbox.empty


def test_who_wants_mail_is_written_to_however_long_ago_he_wrote(app_on_both, mailbox, clock):
    app = app_on_both
    first = confirmed(app, mailbox)
    clock.move(days=91)
    approve(app, first)
    released(app, clock)

    assert mailbox.next()["To"] == ADDRESS


def test_a_server_without_the_encryption_asked_for_gets_nothing(make_house, sqlite_url, mailbox):
    app = make_house(sqlite_url, smtp_security="starttls")
    ask(app)
    run(app)

    assert mailbox.empty
    assert rows(app, Mail)[0].due_at is not None or rows(app, Mail)[0].error


# Keeping ------------------------------------------------------------------------------------------


def test_who_wants_mail_keeps_his_address_here_until_he_ends_it(app_on_both, mailbox, clock):
    app = app_on_both
    confirmed(app, mailbox)
    clock.move(days=400)
    with app.app_context():
        tidy(house(app))
    assert rows(app, Contact)[0].email_sealed is not None

    with app.app_context():
        [subscription] = rows(app, Subscription)
        comment = rows(app, Comment)[0]
        with transaction() as session:
            subscriptions.end(session, house(app), session.get(Comment, comment.id))
        tidy(house(app))
    assert subscription.id
    assert [row.email_sealed for row in rows(app, Contact)] in ([], [None])


def test_old_mails_are_forgotten(app, mailbox, clock):
    ask(app)
    run(app)
    clock.move(days=31)
    with app.app_context():
        tidy(house(app))

    assert rows(app, Mail) == []


def test_the_export_says_that_mail_was_asked_for(app):
    answer = ask(app)

    told = visitor(app).post(path_of(answer["receipt"]), json={"action": "export"}).json

    assert told["mail"] is True


def test_no_row_names_the_address(app, mailbox):
    mailbox.answers = [f"451 <{ADDRESS}> busy"]
    ask(app)
    run(app)

    assert "@" not in "".join(
        str(vars(row)) for row in (*rows(app, Mail), *rows(app, Subscription))
    )

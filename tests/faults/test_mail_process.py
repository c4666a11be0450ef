"""The real service sends mail beside serving, and a kill in between loses none."""

from datetime import timedelta

import sqlalchemy as sa

from models import AtOnce, Endpoint, Event, Watch
from service.app import create_app, utc_now
from service.db import transaction
from service.web.context import HOUSE
from service.webhooks.endpoints import add_endpoint
from tests.building import COMMENT, ORIGIN, found_demo_site, rows
from tests.databases import closing_all
from tests.out.mailbox import Mailbox
from tests.out.wishes import want
from tests.serving import Service, pause


def ask(service, number):
    body = {**COMMENT, "comment": f"Number {number}.", "notify": "yes"}
    body["email"] = f"reader{number}@example.org"
    status, answer = service.post_json("/s/blog/comments", body, {"Origin": ORIGIN})
    assert status == 202, answer


def mailing(folder, mailbox):
    """The service, sending to the mailbox with short leases."""
    return Service(
        folder,
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        mail_from="comments@service.example",
        smtp_deadline=1,
        mail_lease=2,
    )


def test_mail_that_was_asked_for_goes_out_even_when_the_service_is_killed(tmp_path):
    with Mailbox() as mailbox:
        service = mailing(tmp_path, mailbox)
        app = create_app(service.settings())
        with closing_all(app):
            found_demo_site(app)
        with service:
            ask(service, 0)
            assert mailbox.next()["To"] == "reader0@example.org"
            for number in range(1, 5):
                ask(service, number)
            service.kill()
            service.start()
            # Sent once more is allowed, lost is not; the ids stay the same.
            seen = {}
            while len(seen) < 4:
                message = mailbox.next()
                assert (
                    seen.setdefault(message["To"], message["Message-ID"]) == message["Message-ID"]
                )
    assert set(seen) == {f"reader{number}@example.org" for number in range(1, 5)}


def test_a_moderator_is_told_of_what_came_before_the_service_was_killed(tmp_path):
    with Mailbox() as mailbox:
        service = mailing(tmp_path, mailbox)
        app = create_app(service.settings())
        with closing_all(app), service:
            found_demo_site(app)
            want(app, at_once=AtOnce.ALL)
            body = {**COMMENT, "comment": "It waits."}
            assert service.post_json("/s/blog/comments", body, {"Origin": ORIGIN})[0] == 202
            while not rows(app, Event, Event.position.is_not(None)):
                pause(0.02)
            service.kill()
            with app.app_context(), transaction() as session:  # as if the minute were over
                session.scalars(sa.select(Watch)).one().due_at = utc_now() - timedelta(seconds=1)
            service.start()
            message = mailbox.next()
            assert message["To"] == "ana@staff.example.org"
            assert message["Subject"] == "1 comment waits on Blog"


def test_an_owner_is_told_of_a_webhook_that_failed_while_the_service_was_down(tmp_path):
    with Mailbox() as mailbox:
        service = mailing(tmp_path, mailbox)
        app = create_app(service.settings())
        with closing_all(app), app.app_context():
            site, began = found_demo_site(app), utc_now() - timedelta(hours=30)
            add_endpoint(app.extensions[HOUSE], site.id, url="https://hooks.example.org/")
            with transaction() as session:
                endpoint = session.scalars(sa.select(Endpoint)).one()
                endpoint.failing_since, endpoint.last_failure = began, "503"
                endpoint.check_at = began + timedelta(hours=1)
        with service:
            message = mailbox.next()
    assert message["To"] == "owner-blog@staff.example.org"
    assert message["Subject"] == "Webhook of Blog has failed for a day: hooks.example.org"
    assert mailbox.empty

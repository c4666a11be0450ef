"""The real service sends mail beside serving, and a kill in between loses none."""

from service.app import create_app
from tests.building import COMMENT, ORIGIN, found_demo_site
from tests.databases import closing_all
from tests.out.mailbox import Mailbox
from tests.serving import Service


def ask(service, number):
    body = {**COMMENT, "comment": f"Number {number}.", "notify": "yes"}
    body["email"] = f"reader{number}@example.org"
    status, answer = service.post_json("/s/blog/comments", body, {"Origin": ORIGIN})
    assert status == 202, answer


def test_mail_that_was_asked_for_goes_out_even_when_the_service_is_killed(tmp_path):
    with Mailbox() as mailbox:
        service = Service(
            tmp_path,
            smtp_host="127.0.0.1",
            smtp_port=mailbox.port,
            smtp_security="none",
            mail_from="comments@service.example",
            smtp_deadline=1,
            mail_lease=2,
        )
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

"""What tests of mail to moderators share: a wish, comments, and the mail that follows."""

from datetime import time

import sqlalchemy as sa

from models import AtOnce, Digest, Membership, Notice, Role, Watch
from service.db import db, transaction
from service.mail import notices
from service.mail.notices import Wish
from service.out import notices as out
from service.out import outbox
from service.web.context import HOUSE
from tests.conftest import visitor
from tests.web.desk import send_json, site_of
from tests.web.staff import hire

OFF = Wish(AtOnce.OFF, Digest.OFF, 8, 0, None, None)


def house(app):
    return app.extensions[HOUSE]


def want(app, moderator_id=None, role=Role.MODERATOR, **changes):
    """Let a moderator, new where none is named, want mail about the first site; his number."""
    site = site_of(app)
    number = moderator_id or hire(app, site, role=role)
    values = {name: getattr(OFF, name) for name in OFF.__slots__}
    with app.app_context():
        notices.wish(house(app), number, site.id, Wish(**{**values, **changes}))
    return number


def come(app, **changes):
    """Let a comment come and leave the house; its public id."""
    answer = send_json(visitor(app), **changes)
    assert answer.status_code == 202, answer.json
    with app.app_context():
        outbox.release(house(app))
    return answer.json["id"]


def gather(app):
    with app.app_context():
        return notices.gather(house(app))


def run(app):
    """Let what is due become mail, and let the mail go out."""
    with app.app_context():
        outbox.release(house(app))
        notices.gather(house(app))
        while envelopes := out.claim(house(app)):
            for envelope in envelopes:
                out.post(house(app), envelope)


def fall_due(app):
    """End every lease and pause: on PostgreSQL the server's own clock rules them."""
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Notice).where(Notice.due_at.is_not(None)).values(due_at=past()))


def past():
    return sa.text("'2026-01-01 00:00:00.000000'")


def watch_of(app):
    """The only watch."""
    with app.app_context():
        return db.session.scalars(sa.select(Watch)).one()


def set_role(app, moderator_id, role):
    with app.app_context(), transaction() as session:
        session.get_one(Membership, (moderator_id, site_of(app).id)).role = role


def told(app, mailbox, clock, **changes):
    """One comment, told at once; the mail."""
    want(app, at_once=AtOnce.ALL)
    come(app, **changes)
    clock.move(seconds=61)
    run(app)
    return mailbox.next()


NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}
ANA = "ana@staff.example.org"

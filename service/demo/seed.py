"""Filling the demo: through the same deeds as everybody, with the clock turned back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from flask import Flask

from models import Role, Site, Status
from service.comments.answers import answer
from service.comments.moderate import Actor, decide
from service.comments.submit import Submission, submit
from service.db import transaction
from service.demo.blog import PAGE, article_text
from service.demo.voices import Voice, voices
from service.house import House
from service.opening import setup_token
from service.privacy import EmailAddress, network_id
from service.queries.sites import thread_made
from service.sites.changes import found_site
from service.staff import accounts
from service.staff.accounts import Person
from service.web.context import HOUSE

SITE = "demo"
TITLE = "What the river carries"
DECIDING = timedelta(hours=2)  # how long a comment waited for the moderator
PASSWORD_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Credentials:
    """With what to sign in."""

    email: str
    password: str


def seed(app: Flask, *, origins: Sequence[str] = ("http://127.0.0.1:8081",)) -> Credentials:
    """Make the site, its people and about forty comments in all four states.

    Args:
        origins: of the blog; the first is the main one.

    Returns:
        With what the owner signs in; the moderator noor@example.org has the same password.
    """
    with app.app_context():
        house: House = app.extensions[HOUSE]
        password = house.token(PASSWORD_LENGTH)
        owner = Person(email="marta@example.org", name="Marta Quiroga", password=password)
        owner_id = accounts.claim(house, setup_token(house.now()) or "", owner)
        begun = replace(house, now=lambda: house.now() - timedelta(days=26))
        site = found_site(begun, slug=SITE, name="Slow Water", origins=origins, owner_id=owner_id)
        helper = Person(email="noor@example.org", name="Noor Haddad", password=password)
        moderator_id = accounts.add_moderator(house, helper, site_id=site.id, role=Role.MODERATOR)
        _name_page(site, begun.now())
        _speak(house, site, Actor(moderator_id, [site.id]))
    return Credentials(owner.email, password)


def _name_page(site: Site, now: datetime) -> None:
    # As the owner would by the API: its own words are then no evidence against its readers.
    with transaction() as session:
        thread = thread_made(session, site.id, PAGE, title=TITLE, now=now)
        thread.title, thread.page_text, thread.registered = TITLE, article_text(), True


def _speak(house: House, site: Site, actor: Actor) -> None:
    known: dict[str, str] = {}
    today = house.now()
    for voice in voices():
        written = today - timedelta(days=voice.days)
        if voice.owner:
            parent = known[voice.answers]
            written_by_owner = answer(_at(house, written), actor, parent, voice.text, version=None)
            known[voice.key] = written_by_owner.public_id
            continue
        sent = _submission(house, voice, known, written)
        public_id = submit(_at(house, written), site, sent).public_id
        known[voice.key] = public_id
        if voice.status is not Status.PENDING:
            decide(_at(house, written + DECIDING), actor, public_id, voice.status)


def _at(house: House, moment: datetime) -> House:
    return replace(house, now=lambda: moment)


def _submission(house: House, voice: Voice, known: dict[str, str], written: datetime) -> Submission:
    number = crc32(voice.name.encode()) % 65_536
    return Submission(
        page=PAGE,
        text=voice.text,
        name=voice.name,
        email=EmailAddress(f"reader{number}@example.org"),
        website=voice.website,
        parent=known[voice.answers] if voice.answers else None,
        title=TITLE,
        signals={"origin": True, "honeypot": False},
        network=network_id(f"10.{number // 256}.{number % 256}.1", written.date(), house.ring),
    )

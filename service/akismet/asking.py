"""The deed of a program that asks by Akismet's wire: is this spam? Nothing of it is kept.

What is answered is one of two words, so what a moderator of ours would find waiting is spam here:
`false` is what most programs publish.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models import Contact, Site
from models.spam import Document
from service import privacy
from service.akismet.callers import Caller, count_call, refuse_hurry
from service.comments.submit import judged, likeness_of
from service.db import db, transaction
from service.errors import UnavailableError
from service.house import House
from service.intake.signals import acquaintance, contact_of_address, with_memory
from service.learning.topic import on_page
from service.privacy import EmailAddress
from service.queries import sites
from service.records.shelving import links_in
from service.rules.ruling import spoken_of
from service.text.pages import PageError, key_on_site
from service.text.rulebook import SILENT, Spoken
from service.text.scoring import Scored, Surroundings

SPAM_FROM = 0.5
"""Probability from which it is spam where the site sets no threshold: more likely than not."""
DISCARD_FROM = 0.999
"""Probability from which nobody needs to look, in a language the model knows."""
TEST_NAME = "viagra-test-123"
TEST_ADDRESS = "akismet-guaranteed-spam@example.com"
ADMINISTRATOR = "administrator"
NONCE_LENGTH = 16
RETRY = 60  # seconds


@dataclass(frozen=True, slots=True)
class Suspect:
    """A comment to be judged; nothing of it is stored.

    Args:
        page: its page's address, as sent; empty = not known.
        topic: words that the caller says the page is about.
        roles: what its author is on the caller's site.
        signals: what the caller saw beside the text, by the names of `models.spam.site.signals`.
        test: it is only a try and teaches nothing.
    """

    text: str
    name: str = ""
    website: str = ""
    email: EmailAddress | None = None
    page: str = ""
    topic: str = ""
    roles: frozenset[str] = frozenset()
    signals: Mapping[str, Any] = field(default_factory=dict)
    test: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a check found.

    Args:
        document: the comment on its page, as it was scored.
        around: what was known beside it.
        scored: None where a rule of the wire answered without a look.
        why: the rule that decided; empty = the score did.
    """

    document: Document
    around: Surroundings
    scored: Scored | None
    spam: bool
    discard: bool = False
    """Nobody needs to look."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told.

    Args:
        guid: names this answer, so that a report may say what was answered.
    """

    judged: Judged
    guid: str


def check(house: House, caller: Caller, suspect: Suspect) -> Answer:
    """Judge a comment and count the call.

    Raises:
        TooManyError: the key called too often.
        UnavailableError: the spam check failed or the database is busy; to be asked again.
    """
    refuse_hurry(house, caller)
    found = judge(house, caller, suspect)
    counted = () if suspect.test else ("spam" if found.spam else "ham",)
    with transaction() as session:
        count_call(session, house, caller, *counted)
    return Answer(found, guid_of(house, caller, suspect, spam=found.spam))


def judge(house: House, caller: Caller, suspect: Suspect) -> Judged:
    """Judge a comment as one of the caller's site.

    Raises:
        UnavailableError: the spam check failed.
    """
    document = _document(caller.site, suspect)
    if ADMINISTRATOR in suspect.roles:
        return Judged(document, Surroundings(), None, spam=False, why="administrator")
    if _is_test(suspect):
        return Judged(document, Surroundings(), None, spam=True, why="test")
    session, site = db.session(), caller.site
    contact = contact_of_address(session, house, site.id, suspect.email)
    signals = {**suspect.signals, **acquaintance(suspect.email, contact)}
    around = with_memory(session, house, site, document, signals)
    scored = judged(session, house, site, document, around)
    if scored.probability is None:
        # Said as an answer, either word would be a lie: clients hold a comment and ask again.
        raise UnavailableError("The spam check failed; ask again later.", retry_after=RETRY)
    spoken = _spoken(house, site, suspect, contact)
    why, spam = _by_rule(site, suspect, scored, spoken)
    return Judged(
        document,
        around,
        scored,
        spam=spam,
        discard=spam and not why and scored.probability >= DISCARD_FROM,
        why=why,
    )


def _is_test(suspect: Suspect) -> bool:
    address = "" if suspect.email is None else suspect.email.normalised()
    return suspect.name == TEST_NAME or hmac.compare_digest(address.encode(), TEST_ADDRESS.encode())


def _document(site: Site, suspect: Suspect) -> Document:
    """Return the comment on its page, where that is one of ours; else under the caller's topic."""
    document = Document(text=suspect.text, author=suspect.name, url=suspect.website)
    thread = None
    if suspect.page:
        try:
            page = key_on_site(site, suspect.page)
        except PageError:
            page = ""
        thread = sites.thread_of_page(db.session(), site.id, page) if page else None
    document = on_page(db.session(), thread, document)
    return document if document.title else replace(document, title=suspect.topic)


def _by_rule(site: Site, suspect: Suspect, scored: Scored, spoken: Spoken) -> tuple[str, bool]:
    """Return the rule that decides (empty = the score does), and whether it is spam.

    In the order of `service.rules.arrival`: what blocks, what lets wait, the score, and what stands
    against it.
    """
    most = site.policy.links_most
    waits = (
        ("blocked", spoken.blocked),
        ("held", spoken.held),
        ("honeypot", bool(suspect.signals.get("honeypot"))),
        ("links", most is not None and links_in(suspect.text, suspect.website) > most),
    )
    for why, found in waits:
        if found:
            return why, True
    threshold = SPAM_FROM if site.policy.spam_tray_at is None else site.policy.spam_tray_at
    flagged = (scored.probability or 0.0) >= threshold
    if flagged and spoken.trusted:
        return "trusted", False
    if flagged and not scored.known_language:
        return "language", False
    return "", flagged


def _spoken(house: House, site: Site, suspect: Suspect, contact: Contact | None) -> Spoken:
    """Say what the site's rules find; a site that never had one is not asked."""
    if not site.rules_version:
        return SILENT
    said = Document(text=suspect.text, author=suspect.name, url=suspect.website)
    return spoken_of(db.session(), house, site.id, said, None if contact is None else contact.id)


def guid_of(house: House, caller: Caller, suspect: Suspect, *, spam: bool) -> str:
    """Return a name for an answer: 32 hexadecimal digits that only we can tell anything from."""
    nonce = hashlib.sha256(house.token(NONCE_LENGTH).encode()).hexdigest()[:NONCE_LENGTH]
    return nonce + _guid_mac(house, caller, suspect, nonce, spam=spam)


def answered(house: House, caller: Caller, suspect: Suspect, guid: str) -> bool | None:
    """Return whether this comment was called spam in the answer of that name; None = not ours."""
    for spam in (True, False):
        right = _guid_mac(house, caller, suspect, guid[:NONCE_LENGTH], spam=spam)
        if hmac.compare_digest(guid[NONCE_LENGTH:].encode(), right.encode()):
            return spam
    return None


def _guid_mac(house: House, caller: Caller, suspect: Suspect, nonce: str, *, spam: bool) -> str:
    likeness = reported_likeness(house, caller, suspect).hex()
    named = f"akismet|{caller.site.id}|{nonce}|{spam}|{likeness}"
    return privacy.fingerprint(named.encode(), house.ring)[:8].hex()


def reported_likeness(house: House, caller: Caller, suspect: Suspect) -> bytes:
    """Return 16 keyed bytes by which the same comment of a site is known again."""
    name = f"{caller.site.id}|{suspect.website}|{suspect.name}"
    return likeness_of(house, name, suspect.text)

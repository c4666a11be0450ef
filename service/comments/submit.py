"""The deed of a reader: a comment comes in, is scored, and waits, or goes where a rule says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Comment, Contact, EventType, Site, Status, SubmissionKey, Thread
from models.comment import PUBLIC_ID_LENGTH
from models.spam import Document
from service import privacy
from service.comments.moderate import RULE, move, tell
from service.comments.subscriptions import subscribe
from service.db import db, transaction
from service.errors import ClosedError, DuplicateError, InvalidError
from service.house import House
from service.intake.admission import Standing, admit, standing_of
from service.intake.alarm import count_in
from service.intake.signals import Sender, surroundings
from service.learning.topic import on_page
from service.privacy import EmailAddress
from service.queries import comments as queries
from service.queries import sites
from service.queries.lessons import approved_in_script
from service.queries.limits import hold_key
from service.records.announce import comment_event, subject_of
from service.records.shelving import grade, index_words, links_in, shelve
from service.rules.arrival import Case, arrival
from service.rules.ruling import heard, spoken_of
from service.sites.threads import closed
from service.text.language import said
from service.text.scoring import Scored, Surroundings

CLOSED = said("Comments on this page are closed.")
DUPLICATE = said("Duplicate comment detected; it looks as though you've already said that!")
KEY_REUSED = said(
    "This Idempotency-Key was used for another comment; use a fresh key for each one."
)
KNOWN_SCRIPT = 5  # comments a site approved in a script before it counts as known there


@dataclass(frozen=True, slots=True)
class SubmittedKey:
    """What makes a repeated submission recognisable.

    Args:
        kind: `header` (Idempotency-Key) or `form` (submission_id).
        key: the caller's key.
        body: the raw body it came with.
    """

    kind: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """What came in: checked by the form, not yet stored."""

    page: str
    text: str
    name: str
    email: EmailAddress | None
    website: str
    parent: str | None
    title: str
    signals: Mapping[str, Any]
    network: bytes
    """Keyed digest of the network and day; empty = not known, as a program did not say."""
    key: SubmittedKey | None = None
    language: str = "en"
    """Tag of the language its author was spoken to in."""
    notify: bool = False
    """Whether he wants mail when it is published or answered."""
    ticket: str = ""
    """The form's ticket, as sent."""
    proof: str = ""
    """A solved challenge, as sent."""
    note: str = ""
    """What a moderator is told of it; a comment with a note waits for a person."""
    receipt: str = ""
    """Token of an earlier comment by which the author proves himself, as sent."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer: the same for every verdict."""

    public_id: str
    receipt: str
    """Token of the author's private link."""


def submit(house: House, site: Site, submission: Submission) -> Accepted:
    """Take a comment: scored, stored with its event, and answered only after the commit.

    The same submission sent again gets the same answer and is stored once.

    Raises:
        ClosedError: the page takes no more comments.
        DuplicateError: the same words by the same name stand there already.
        InvalidError: the page is unknown, the parent is not there, or an Idempotency-Key was
            used for another body.
        TooManyError: the network sent too many, or so many come to the site that this one has
            to wait for its turn.
        UnavailableError: the database could not take it; nothing was stored.
    """
    standing = standing_of(
        db.session(), house, site, submission.page, submission.ticket, submission.proof
    )
    around, scored = _score(house, site, submission, standing)
    with transaction() as session:
        earlier = _earlier(session, house, site, submission.key)
        if earlier is None:
            standing = admit(session, house, site.id, standing, submission.network)
            signals = {**around.signals, **standing.signals()}
            judgement = replace(around, signals=signals), scored
            comment = _store(session, house, site, submission, judgement)
            count_in(session, house, site.id)
        else:
            comment = earlier
    if earlier is None:
        house.wake()
    return Accepted(comment.public_id, privacy.receipt_token(comment.public_id, house.ring))


def assess(house: House, site: Site, submission: Submission) -> Scored:
    """Score what would be submitted, as `submit` would; nothing is stored."""
    standing = standing_of(db.session(), house, site, submission.page, "", "")
    return _score(house, site, submission, standing)[1]


def _score(
    house: House, site: Site, submission: Submission, standing: Standing
) -> tuple[Surroundings, Scored]:
    session = db.session()
    thread = sites.thread_of_page(session, site.id, submission.page)
    document = on_page(
        session,
        thread,
        Document(text=submission.text, author=submission.name, url=submission.website),
    )
    sender = Sender(submission.email, submission.network, submission.parent is not None)
    seen = {**submission.signals, **standing.signals()}
    around = surroundings(session, house, (site, thread), document, sender, seen)
    return around, judged(session, house, site, document, around)


def judged(
    session: Session, house: House, site: Site, document: Document, around: Surroundings
) -> Scored:
    """Score a comment as the site's own history would have it.

    A script in which the site approved enough comments is a known one here, whatever the base
    model was trained on.
    """
    scored = house.scorer.score(document, around)
    if scored.known_language or not scored.script:
        return scored
    known = approved_in_script(session, site.id, scored.script, KNOWN_SCRIPT) >= KNOWN_SCRIPT
    return replace(scored, known_language=known)


def _earlier(
    session: Session, house: House, site: Site, key: SubmittedKey | None
) -> Comment | None:
    if key is None:
        return None
    since = house.now() - timedelta(hours=house.settings.idempotency_hours)
    digest = privacy.fingerprint(key.key.encode(), house.ring)
    body = privacy.fingerprint(key.body, house.ring)
    hold_key(session, digest)
    rows = queries.earlier_submission(session, site.id, kind=key.kind, key=digest, since=since)
    same = next((row for row in rows if row.fingerprint == body), None)
    if same is not None:
        return session.get_one(Comment, same.comment_id)
    if rows and key.kind == "header":
        raise InvalidError({"Idempotency-Key": [KEY_REUSED]})
    return None


def _store(
    session: Session,
    house: House,
    site: Site,
    submission: Submission,
    judgement: tuple[Surroundings, Scored],
) -> Comment:
    around, scored = judgement
    now = house.now()
    thread = _open_thread(session, house, site, submission)
    parent = _parent(session, site, thread, submission.parent)
    likeness = likeness_of(house, submission.name, submission.text)
    if queries.twin_stands(session, thread.id, likeness):
        raise DuplicateError(DUPLICATE)
    public_id = house.token(PUBLIC_ID_LENGTH)
    blind = is_blind(house, public_id)
    contact = _contact(session, house, site, submission.email)
    case = _case(session, house, site, submission, judgement, contact)
    arrived = arrival(site.policy, replace(case, blind=blind))
    published = arrived.status is Status.APPROVED
    comment = Comment(
        public_id=public_id,
        site_id=site.id,
        thread_id=thread.id,
        parent_id=None if parent is None else parent.id,
        contact_id=None if contact is None else contact.id,
        # What a rule publishes is moved there below, by a decision like any other.
        status=Status.PENDING if published else arrived.status,
        version=1,
        name=submission.name,
        website=submission.website,
        text=submission.text,
        language=submission.language,
        created_at=now,
        probability=scored.probability,
        band=scored.band,
        reasons=scored.reasons,
        model=scored.model,
        links=case.links,
        note=arrived.note,
        signals=heard(around.signals, case.spoken),
        known_language=scored.known_language,
        blind=blind,
        likeness=likeness,
    )
    grade(comment)
    session.add(comment)
    session.flush()  # the event and the key refer to the row's number
    shelve(session, comment, None, marks=around.marks)
    index_words(session, comment)
    comment_event(session, house, EventType.CREATED, subject_of(session, comment, None))
    if submission.notify:
        subscribe(session, house, comment, contact)
    if published:
        decision = move(session, house, RULE, comment, Status.APPROVED)
        decision.why = arrived.why
        tell(session, house, comment, decision)
    if submission.key is not None:
        session.add(
            SubmissionKey(
                site_id=site.id,
                kind=submission.key.kind,
                key=privacy.fingerprint(submission.key.key.encode(), house.ring),
                fingerprint=privacy.fingerprint(submission.key.body, house.ring),
                comment_id=comment.id,
                created_at=now,
            )
        )
    return comment


def likeness_of(house: House, name: str, text: str) -> bytes:
    """Return the keyed digest by which the same comment sent twice is found."""
    return privacy.fingerprint(f"{name.casefold()}\0{text}".encode(), house.ring)[:16]


def is_blind(house: House, public_id: str) -> bool:
    """Say whether a comment belongs to the random sample that nothing files.

    By a keyed digest of its id: nobody outside can tell, and it stays what it was.
    """
    digest = privacy.fingerprint(b"blind|" + public_id.encode(), house.ring)
    return int.from_bytes(digest[:4], "big") < house.settings.blind_sample * 2**32


def _case(
    session: Session,
    house: House,
    site: Site,
    submission: Submission,
    judgement: tuple[Surroundings, Scored],
    contact: Contact | None,
) -> Case:
    """Gather what decides where a comment goes."""
    around, scored = judgement
    document = Document(text=submission.text, author=submission.name, url=submission.website)
    author = None if contact is None else contact.id
    return Case(
        scored=scored,
        signals=around.signals,
        links=links_in(submission.text, submission.website),
        spoken=spoken_of(session, house, site.id, document, author),
        proven=_proven(session, house, site, submission, contact),
        remark=submission.note,
    )


def _proven(
    session: Session, house: House, site: Site, submission: Submission, contact: Contact | None
) -> bool:
    """Say whether an author is one who was approved here: by a receipt, and not by what he typed.

    The comment of the receipt must be public still and of this very address, of which more was
    approved than rejected.
    """
    earlier = privacy.read_receipt_token(submission.receipt, house.ring)
    if earlier is None or contact is None or contact.approved <= contact.rejected:
        return False
    comment = queries.comment_of_site(session, site.id, earlier)
    return comment is not None and comment.is_public and comment.contact_id == contact.id


def _open_thread(session: Session, house: House, site: Site, submission: Submission) -> Thread:
    """Return the thread of the page, kept from being merged away until the transaction ends.

    Raises:
        ClosedError: the page takes no more comments.
        InvalidError: the site does not know the page.
    """
    now, policy = house.now(), site.policy
    # Who may be published locks the thread before the author, as a decision does: locked in
    # another order, the two would wait for each other for ever.
    alone = privacy.read_receipt_token(submission.receipt, house.ring) is not None
    thread = sites.thread_of_page(session, site.id, submission.page, held=True, alone=alone)
    if policy.registered_pages_only and (thread is None or not thread.registered):
        raise InvalidError({"page": [said("The site does not know this page.")]})
    if thread is None:
        thread = sites.thread_made(
            session, site.id, submission.page, title=submission.title, now=now
        )
    if closed(thread, policy, now):
        raise ClosedError(CLOSED)
    return thread


def _parent(session: Session, site: Site, thread: Thread, parent: str | None) -> Comment | None:
    if parent is None:
        return None
    found = queries.comment_of_site(session, site.id, parent)
    if found is None or found.thread_id != thread.id or not found.is_public:
        raise InvalidError({"parent": [said("The comment you reply to is no longer there.")]})
    return found


def _contact(
    session: Session, house: House, site: Site, email: EmailAddress | None
) -> Contact | None:
    if email is None:
        return None
    today = house.now().date()
    index = privacy.blind_index(email, site_id=site.id, ring=house.ring)
    uid = privacy.new_uid()
    contact = queries.contact_made(session, site.id, index=index, uid=uid, today=today)
    if contact.email_sealed is None and house.settings.email_retention_days:
        sealed = privacy.seal(email, site_id=site.id, uid=contact.uid, ring=house.ring)
        contact.email_sealed, contact.email_kid = sealed.ciphertext, sealed.kid
    contact.seen += 1
    contact.last_day = max(contact.last_day, today)
    return contact

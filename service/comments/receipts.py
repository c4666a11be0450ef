"""The deeds of an author with his private link: look, edit, take back, export, erase."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import Comment, EventType, Site, Status, Thread
from service import privacy
from service.comments import subscriptions
from service.comments.moderate import RULE, move
from service.comments.sealed import open_address
from service.comments.submit import judged, likeness_of
from service.db import db, forget_freed_pages, transaction
from service.errors import ConflictError, ForbiddenError, NotFoundError
from service.house import House
from service.intake.signals import OF_OTHERS, with_memory
from service.learning.topic import document_of
from service.queries import comments as queries
from service.queries.lessons import add_lesson, forget_lessons
from service.queries.mails import drop_mails_about, subscription_of
from service.queries.revisions import forget_revisions, revisions_of
from service.records.announce import comment_event, iso, purge, subject_of
from service.records.shelving import grade, index_words, links_in, place_of, shelve
from service.rules.arrival import Case, arrival
from service.rules.ruling import heard, said_by, spoken_of
from service.text.language import said
from service.text.scoring import Scored, Surroundings

UNKNOWN = said(
    "This link belongs to no comment, or it was cut off. Copy the whole link and try again."
)
TOO_LATE = said("The time to edit this comment is over. You can still withdraw it.")


class State(enum.StrEnum):
    """What an author is told; never a score, never a reason."""

    WAITING = "waiting"
    PUBLISHED = "published"
    NOT_PUBLISHED = "not_published"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A comment as its author sees it."""

    comment: Comment
    thread: Thread
    site: Site
    state: State
    editable: bool
    mail: bool
    """Whether mail about it goes out, or will once its author confirms it."""


def look(house: House, token: str) -> Receipt:
    """Return what became of a comment.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    session = db.session()
    comment = queries.comment_by_public_id(session, _public_id(house, token))
    if comment is None:
        raise NotFoundError(UNKNOWN)
    return _receipt(session, house, comment)


def look_at_all(house: House, tokens: Sequence[str]) -> list[Receipt | None]:
    """Return what became of several comments, in order; None for a token not of ours."""
    session = db.session()
    names = [privacy.read_receipt_token(token, house.ring) for token in tokens]
    found = queries.comments_by_public_ids(session, [name for name in names if name])
    rows = [found.get(name or "") for name in names]
    return [None if row is None else _receipt(session, house, row) for row in rows]


def edit(house: House, token: str, text: str) -> Receipt:
    """Replace the text; it is scored again, and an approved comment goes back to the queue.

    Raises:
        NotFoundError: the token is not one of ours.
        ConflictError: taken back meanwhile.
        ForbiddenError: the time to edit is over.
    """
    seen = look(house, token)
    document = replace(document_of(db.session(), seen.comment), text=text)
    around = with_memory(db.session(), house, seen.site, document, seen.comment.signals)
    scored = judged(db.session(), house, seen.site, document, around)
    with transaction() as session:
        comment = _present(session, house, token)
        if not _editable(house, comment, _state(session, comment)):
            raise ForbiddenError(TOO_LATE)
        before, place = comment.status, place_of(comment)
        comment.text, comment.edited_at = text, house.now()
        comment.links = links_in(text, comment.website)
        comment.likeness = likeness_of(house, comment.name, text)
        filed = _judge(session, house, seen.site, comment, (around, scored))
        shelve(session, comment, place, marks=around.marks)
        index_words(session, comment)
        add_lesson(session, comment)  # a verdict on the old words teaches nothing of the new
        if before in (Status.PENDING, Status.APPROVED) and filed is not before:
            move(session, house, RULE, comment, filed).why = "edited by the author"
        else:
            _changed(session, comment, was_public=False)
        comment_event(session, house, EventType.EDITED, subject_of(session, comment, before))
        receipt = _receipt(session, house, comment)
    house.wake()
    return receipt


def _judge(
    session: Session,
    house: House,
    site: Site,
    comment: Comment,
    judgement: tuple[Surroundings, Scored],
) -> Status:
    """Put down what is known of a comment's new words, and return where they belong.

    Nothing is published by an edit: its receipt proves only who wrote this comment.
    """
    around, scored = judgement
    spoken = spoken_of(session, house, site.id, said_by(comment), comment.contact_id)
    comment.probability, comment.band = scored.probability, scored.band
    comment.reasons, comment.model = scored.reasons, scored.model
    comment.signals = heard(around.signals, spoken)
    comment.known_language = scored.known_language
    case = Case(scored, comment.signals, comment.links, spoken, blind=comment.blind)
    arrived = arrival(site.policy, case)
    comment.note = arrived.note
    grade(comment)
    return arrived.status


def withdraw(house: House, token: str) -> Receipt:
    """Take the comment out of every list and thread. Done twice is done.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    with transaction() as session:
        comment = _comment(session, house, token)
        if not comment.gone:
            was_public, place = comment.is_public, place_of(comment)
            comment.withdrawn_at = house.now()
            shelve(session, comment, place)
            index_words(session, comment)
            _changed(session, comment, was_public=was_public)
            subject = subject_of(session, comment, comment.status)
            comment_event(session, house, EventType.WITHDRAWN, subject)
            subscriptions.end(session, house, comment)
        receipt = _receipt(session, house, comment)
    house.wake()
    return receipt


def stop_mail(house: House, token: str) -> Receipt:
    """Let no more mail go out about the comment. Done twice is done.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    with transaction() as session:
        comment = _comment(session, house, token)
        subscriptions.end(session, house, comment)
        receipt = _receipt(session, house, comment)
    return receipt


def erase(house: House, token: str, *, with_text: bool) -> Receipt:
    """Delete the address and clear the name and website, on request the text too.

    The words are taken out of queued webhooks as well. Done twice is done.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    with transaction() as session:
        comment = _comment(session, house, token)
        contact = queries.contact_of(session, comment.contact_id)
        erase_comment(session, house, comment, with_text=with_text)
        if contact is not None:
            session.delete(contact)
        receipt = _receipt(session, house, comment)
    forget_freed_pages()
    house.wake()
    return receipt


def erase_comment(session: Session, house: House, comment: Comment, *, with_text: bool) -> None:
    """Clear what a comment says of its author, inside the caller's transaction.

    His contact is left to the caller. Done twice is done.
    """
    if comment.erased_at is not None:
        return
    was_public, place = comment.is_public, place_of(comment)
    comment.erased_at = house.now()
    # The thread before the author, as a submission locks them: the other way round the two wait for
    # each other for ever.
    _changed(session, comment, was_public=was_public)
    _clear(session, house, comment, with_text=with_text)
    shelve(session, comment, place)
    index_words(session, comment)
    purge(session, comment, house.now())
    comment_event(session, house, EventType.ERASED, subject_of(session, comment, comment.status))


def export(house: House, token: str) -> dict[str, Any]:
    """Return everything kept about this comment and its author, the address included.

    Raises:
        NotFoundError: the token is not one of ours.
    """
    receipt = look(house, token)
    comment = receipt.comment
    contact = queries.contact_of(db.session(), comment.contact_id)
    email = open_address(db.session(), house, contact)
    return {**exported(house, comment), "email": None if email is None else email.reveal()}


def exported(house: House, comment: Comment) -> dict[str, Any]:
    """Return everything kept about a comment but its author's address."""
    receipt = _receipt(db.session(), house, comment)
    return {
        "id": comment.public_id,
        "site": receipt.site.slug,
        "page": receipt.thread.page,
        "state": receipt.state.value,
        "name": comment.name,
        "website": comment.website or None,
        "text": comment.text,
        "text_before_edits": [row.text for row, _ in revisions_of(db.session(), comment.id)],
        "created_at": iso(comment.created_at),
        "edited_at": None if comment.edited_at is None else iso(comment.edited_at),
        "language": comment.language,
        "mail": receipt.mail,
        "signals": {name: seen for name, seen in comment.signals.items() if name not in OF_OTHERS},
    }


def _public_id(house: House, token: str) -> str:
    public_id = privacy.read_receipt_token(token, house.ring)
    if public_id is None:
        raise NotFoundError(UNKNOWN)
    return public_id


def _comment(session: Session, house: House, token: str) -> Comment:
    comment = queries.comment_for_change(session, _public_id(house, token), None)
    if comment is None:
        raise NotFoundError(UNKNOWN)
    return comment


def _present(session: Session, house: House, token: str) -> Comment:
    comment = _comment(session, house, token)
    if comment.gone:
        raise ConflictError(said("This comment was taken back."))
    return comment


def _receipt(session: Session, house: House, comment: Comment) -> Receipt:
    thread = session.get_one(Thread, comment.thread_id)
    site = session.get_one(Site, comment.site_id)
    state = _state(session, comment)
    subscription = subscription_of(session, comment.id)
    return Receipt(
        comment,
        thread,
        site,
        state,
        editable=_editable(house, comment, state),
        mail=subscription is not None and subscription.ended_at is None,
    )


def _state(session: Session, comment: Comment) -> State:
    if comment.erased_at is not None:
        return State.ERASED
    if comment.withdrawn_at is not None:
        return State.WITHDRAWN
    if comment.status is Status.APPROVED:
        return State.PUBLISHED
    if comment.status is Status.PENDING:
        return State.WAITING
    last = queries.last_decision(session, comment.id)
    # A program decides for those who gave it a key; only a rule's verdict is told to nobody.
    return State.NOT_PUBLISHED if last is not None and last[1] is not None else State.WAITING


def _editable(house: House, comment: Comment, state: State) -> bool:
    if comment.gone:
        return False
    # By the state the author is told, not by the status: the difference would tell the verdict.
    age = house.now() - comment.created_at
    return state is State.WAITING or age <= timedelta(minutes=house.settings.edit_minutes)


def _changed(session: Session, comment: Comment, *, was_public: bool) -> None:
    comment.version += 1
    if was_public:
        session.get_one(Thread, comment.thread_id, with_for_update={"key_share": True}).version += 1


def _clear(session: Session, house: House, comment: Comment, *, with_text: bool) -> None:
    comment.contact_id = None
    comment.name, comment.website, comment.signals = "", "", {}
    if with_text:
        comment.text = ""
    # Reasons quote words of the text, and the digest would still recognise it.
    comment.reasons, comment.likeness = [], house.token(16).encode()
    comment.note = ""  # it may name a host or a word of the text
    queries.forget_submissions(session, comment.id)
    drop_mails_about(session, comment.id)
    forget_revisions(session, comment.id)
    forget_lessons(session, comment.id)
    session.flush()

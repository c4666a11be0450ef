"""The deeds of a moderator on a comment's words: editing them, and putting them back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Comment, EventType, Revision, Thread
from models.comment import NAME_LENGTH, WEBSITE_LENGTH
from service.comments.moderate import Actor, held_comment, refuse_stale
from service.comments.submit import likeness_of
from service.db import transaction
from service.errors import BadRequestError, ConflictError, InvalidError, NotFoundError
from service.house import House
from service.queries import revisions as queries
from service.queries.comments import public_id_of
from service.queries.lessons import add_lesson
from service.records.announce import comment_event, subject_of
from service.records.audit import by_moderator, record
from service.records.shelving import index_words, links_in
from service.text.words import has_forbidden, is_website, normal_line, normal_text


@dataclass(frozen=True, slots=True)
class Wording:
    """What a comment says: its author's name, website and text."""

    name: str
    website: str
    text: str


def wording_of(comment: Comment | Revision) -> Wording:
    """Return what a comment says, or said before an edit."""
    return Wording(comment.name, comment.website, comment.text)


def revise(
    house: House, actor: Actor, public_id: str, wording: Wording, *, version: int
) -> Comment:
    """Change what a comment says; its status and score stay, and what it said is kept.

    Raises:
        NotFoundError: no such comment on the actor's sites.
        ConflictError: its author took it back.
        StaleError: somebody changed it since.
        InvalidError: a field that does not pass; nothing is changed.
    """
    wording = _normal(wording)
    _refuse(house, wording)
    with transaction() as session:
        comment = held_comment(session, public_id, actor)
        refuse_stale(session, house, comment, version)
        if wording_of(comment) != wording:
            _change(session, house, actor, comment, wording)
    house.wake()
    return comment


def undo_revision(house: House, actor: Actor, revision_id: int) -> Comment:
    """Put back what a comment said before an edit.

    An event of the edit that has not left the house is cancelled.

    Raises:
        NotFoundError: no such edit on the actor's sites.
        ConflictError: its author took it back, or it was changed again since.
    """
    with transaction() as session:
        undone = queries.revision(session, revision_id)
        if undone is None:
            raise NotFoundError("There is no such edit.")
        comment = held_comment(session, public_id_of(session, undone.comment_id), actor)
        if undone.version != comment.version:
            raise ConflictError("The comment was changed again since.")
        cancelled = queries.cancel_edit(session, undone, house.now())
        revision = _change(session, house, actor, comment, wording_of(undone), told=not cancelled)
        revision.undoes_id = undone.id
    house.wake()
    return comment


def _change(
    session: Session,
    house: House,
    actor: Actor,
    comment: Comment,
    wording: Wording,
    *,
    told: bool = True,
) -> Revision:
    if actor.moderator_id is None:
        raise BadRequestError("Only a person edits a comment.")
    before, now = wording_of(comment), house.now()
    comment.name, comment.website, comment.text = wording.name, wording.website, wording.text
    comment.edited_at, comment.version = now, comment.version + 1
    comment.links = links_in(wording.text, wording.website)
    comment.likeness = likeness_of(house, wording.name, wording.text)
    if comment.is_public:
        session.get_one(Thread, comment.thread_id, with_for_update={"key_share": True}).version += 1
    revision = Revision(
        comment_id=comment.id,
        moderator_id=actor.moderator_id,
        name=before.name,
        website=before.website,
        text=before.text,
        version=comment.version,
        made_at=now,
    )
    session.add(revision)
    index_words(session, comment)
    add_lesson(session, comment)
    doer = by_moderator(actor.moderator_id)
    subject: dict[str, str | int | bool | None] = {"comment": comment.public_id}
    record(session, house, doer, "comment.edit", site_id=comment.site_id, subject=subject)
    if told:
        about = subject_of(session, comment, comment.status)
        comment_event(session, house, EventType.EDITED, about, hold=house.settings.undo_hold)
    return revision


def _normal(typed: Wording) -> Wording:
    return Wording(normal_line(typed.name), typed.website.strip(), normal_text(typed.text))


def _refuse(house: House, wording: Wording) -> None:
    most = house.settings.comment_max
    errors: dict[str, list[str]] = {}
    if not 1 <= len(wording.text) <= most or has_forbidden(wording.text):
        errors["text"] = [f"Enter a text of 1 to {most} characters"]
    if len(wording.name) > NAME_LENGTH:
        errors["name"] = [f"Enter a name of at most {NAME_LENGTH} characters"]
    if len(wording.website) > WEBSITE_LENGTH or (
        wording.website and not is_website(wording.website)
    ):
        errors["website"] = ["Enter a web address that begins with https://, or nothing"]
    if errors:
        raise InvalidError(errors)

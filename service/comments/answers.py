"""The deed of answering as the site: the comment is approved, the answer stands below it."""

from sqlalchemy.orm import Session

from models import Comment, EventType, Site, Status
from models.comment import NAME_LENGTH, PUBLIC_ID_LENGTH
from service.comments.moderate import Actor, held_comment, move, refuse_stale, tell
from service.comments.submit import likeness_of
from service.db import transaction
from service.errors import InvalidError
from service.house import House
from service.records.announce import comment_event, subject_of
from service.records.shelving import index_words, links_in, shelve
from service.text.words import has_forbidden, normal_text


def answer(
    house: House, actor: Actor, public_id: str, text: str, *, version: int | None
) -> Comment:
    """Approve a comment and publish an answer to it under the site's name.

    Args:
        version: the version the moderator saw; None = whatever it is now.

    Both are decisions of their own, each of which can be undone; an answer that was undone waits
    in the queue.

    Raises:
        NotFoundError: no such comment on the actor's sites.
        ConflictError: its author took it back.
        StaleError: somebody changed it since.
        InvalidError: no text, or too long a one; nothing is changed.
    """
    text, most = normal_text(text), house.settings.comment_max
    if has_forbidden(text) or not 1 <= len(text) <= most:
        raise InvalidError({"text": [f"Enter an answer of 1 to {most} characters"]})
    with transaction() as session:
        parent = held_comment(session, public_id, actor)
        refuse_stale(session, house, parent, version)
        if parent.status is not Status.APPROVED:
            tell(session, house, parent, move(session, house, actor, parent, Status.APPROVED))
        written = _written(session, house, parent, text)
        decision = move(session, house, actor, written, Status.APPROVED)
        created = subject_of(session, written, None)
        hold = house.settings.undo_hold
        comment_event(
            session, house, EventType.CREATED, created, hold=hold, decision_id=decision.id
        )
        tell(session, house, written, decision)
    house.wake()
    return written


def _written(session: Session, house: House, parent: Comment, text: str) -> Comment:
    site = session.get_one(Site, parent.site_id)
    name = site.name[:NAME_LENGTH]
    comment = Comment(
        public_id=house.token(PUBLIC_ID_LENGTH),
        site_id=parent.site_id,
        thread_id=parent.thread_id,
        parent_id=parent.id,
        status=Status.PENDING,
        version=1,
        name=name,
        website="",
        text=text,
        language=parent.language,
        by_owner=True,
        created_at=house.now(),
        shelf="fine",
        links=links_in(text, ""),
        reasons=[],
        signals={},
        likeness=likeness_of(house, name, text),
    )
    session.add(comment)
    session.flush()  # the decision and the events refer to its row
    shelve(session, comment, None)
    index_words(session, comment)
    return comment

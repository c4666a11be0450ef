"""The deeds of a moderator: moving a comment, and taking that back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from models import ActorKind, ApiKey, Comment, Decision, Status, Thread
from models.spam import Document
from models.spam.site.memory import trace_of
from service.db import transaction
from service.errors import ConflictError, NotFoundError, StaleError
from service.house import Doer, House
from service.learning.learned import recall_of
from service.queries import comments as queries
from service.queries.events import cancel_event
from service.queries.lessons import add_lesson
from service.records.announce import BY_STATUS, comment_event, subject_of
from service.records.audit import by_moderator, record
from service.records.shelving import marks_of, place_of, shelve

REJECTED = (Status.SPAM, Status.TRASH)
WHY_LENGTH = 200
ACTS = {
    Status.APPROVED: "approve",
    Status.SPAM: "spam",
    Status.TRASH: "trash",
    Status.PENDING: "hold",
}
"""How the audit log names a move."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides, and where he may.

    Args:
        moderator_id: the person; None for a rule or a program.
        site_ids: sites on which he may decide.
        key_id: the program's key.
    """

    moderator_id: int | None
    site_ids: Sequence[int]
    key_id: int | None = None

    @property
    def doer(self) -> Doer | None:
        """Who it is, as the audit log names him; None for a rule."""
        if self.key_id is not None:
            return Doer(ActorKind.KEY, self.key_id)
        return None if self.moderator_id is None else by_moderator(self.moderator_id)


RULE = Actor(moderator_id=None, site_ids=())


@dataclass(frozen=True, slots=True)
class Moved:
    """What a decision did.

    Args:
        comment: as it stands now.
        decision_id: the decision's row; None when the comment stood there already.
    """

    comment: Comment
    decision_id: int | None


def decide(
    house: House,
    actor: Actor,
    public_id: str,
    new: Status,
    *,
    version: int | None = None,
    why: str = "",
) -> Moved:
    """Move a comment to a status; the only way one moves.

    The comment, the decision and its event are stored together or not at all. A comment that
    stands there already is success, whoever put it there.

    Args:
        version: the version the moderator saw; None = whatever it is now.
        why: a reason for the record, at most 200 characters.

    Raises:
        NotFoundError: no such comment on the actor's sites.
        ConflictError: its author took it back.
        StaleError: somebody changed it since; the text says who and when.
    """
    with transaction() as session:
        comment = held_comment(session, public_id, actor)
        if comment.status is new:
            return Moved(comment, None)
        refuse_stale(session, house, comment, version)
        decision = move(session, house, actor, comment, new)
        decision.why = why[:WHY_LENGTH]
        tell(session, house, comment, decision)
    house.wake()
    return Moved(comment, decision.id)


def undo(house: House, actor: Actor, decision_id: int) -> Moved:
    """Take a decision back: the comment returns to where it was, by a decision of its own.

    An event that has not left the house is cancelled, so nobody outside hears of either; one
    that has left is followed by a compensating event.

    Raises:
        NotFoundError: no such decision on the actor's sites.
        ConflictError: too old, undone already, or the comment was moved again since.
    """
    with transaction() as session:
        undone = queries.decision_of_sites(session, decision_id, actor.site_ids)
        if undone is None:
            raise NotFoundError("There is no such decision.")
        comment = held_comment(session, queries.public_id_of(session, undone.comment_id), actor)
        _refuse_late_undo(session, house, undone, comment)
        decision = take_back(session, house, actor, comment, undone)
    house.wake()
    return Moved(comment, decision.id)


def take_back(
    session: Session, house: House, actor: Actor, comment: Comment, undone: Decision
) -> Decision:
    """Undo a decision inside the caller's transaction; the comment stands as it left it."""
    decision = move(session, house, actor, comment, undone.before)
    decision.undoes_id = undone.id
    if not cancel_event(session, undone.id, house.now()):
        tell(session, house, comment, decision)
    return decision


def move(session: Session, house: House, actor: Actor, comment: Comment, new: Status) -> Decision:
    """Move a comment inside the caller's transaction and return the decision, flushed.

    For `decide`, `undo`, batches, an owner's answer, an author's edit and a rule that publishes
    only; the caller writes the event.
    """
    old, was_public, place = comment.status, comment.is_public, place_of(comment)
    comment.status = new
    comment.version += 1
    shelve(session, comment, place, marks=_marks(session, house, comment))
    if was_public != comment.is_public:
        # Not against those who are just writing below it: they may wait for what we hold.
        lock = {"key_share": True}
        session.get_one(Thread, comment.thread_id, with_for_update=lock).version += 1
    _count(session, comment, old, new)
    decision = Decision(
        site_id=comment.site_id,
        comment_id=comment.id,
        moderator_id=actor.moderator_id,
        key_id=actor.key_id,
        before=old,
        after=new,
        version=comment.version,
        made_at=house.now(),
    )
    session.add(decision)
    add_lesson(session, comment)
    session.flush()  # the event and the log refer to the decision's row
    if actor.doer is not None:
        _record(session, house, actor.doer, decision, comment)
    return decision


def _record(
    session: Session, house: House, doer: Doer, decision: Decision, comment: Comment
) -> None:
    subject: dict[str, str | int | bool | None] = {
        "comment": comment.public_id,
        "decision": decision.id,
    }
    act = f"comment.{ACTS[decision.after]}"
    record(session, house, doer, act, site_id=comment.site_id, subject=subject)


def _marks(session: Session, house: House, comment: Comment) -> tuple[int, ...] | None:
    """Return the campaign marks of a comment that waits again."""
    if comment.status is not Status.PENDING:
        return None
    trace = trace_of(Document(text=comment.text, author=comment.name, url=comment.website))
    return marks_of(trace, recall_of(session, house, comment.site_id, trace))


def held_comment(session: Session, public_id: str, actor: Actor) -> Comment:
    """Return a comment on which the actor may decide, locked until the transaction ends.

    Raises:
        NotFoundError: no such comment on the actor's sites.
        ConflictError: its author took it back.
    """
    comment = queries.comment_for_change(session, public_id, actor.site_ids)
    if comment is None:
        raise NotFoundError("There is no such comment.")
    if comment.gone:
        raise ConflictError("The author took this comment back.")
    return comment


def refuse_stale(session: Session, house: House, comment: Comment, version: int | None) -> None:
    """Refuse to act on a comment that is no longer as the moderator saw it.

    Raises:
        StaleError: somebody changed it since; the text says who and when.
    """
    if version is not None and version != comment.version:
        raise StaleError(_who_was_first(session, house, comment))


def _who_was_first(session: Session, house: House, comment: Comment) -> str:
    last = queries.last_decision(session, comment.id)
    if last is None:
        return "The comment was changed since this page was loaded."
    decision, maker = last
    ago = max(0, round((house.now() - decision.made_at).total_seconds()))
    return f"Moved to {decision.after.value} by {told_maker(maker)} {told_span(ago)} ago."


def told_maker(maker: queries.Maker | None) -> str:
    """Return who made a decision, as pages say it."""
    if isinstance(maker, ApiKey):
        return f"the key {maker.name}"
    return "a rule" if maker is None else maker.name


def told_span(seconds: int) -> str:
    """Return a span in the largest unit that fits, as one says it."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _refuse_late_undo(session: Session, house: House, undone: Decision, comment: Comment) -> None:
    if house.now() - undone.made_at > timedelta(days=house.settings.undo_days):
        raise ConflictError("This decision is too old to be undone; decide again instead.")
    refuse_stale(session, house, comment, undone.version)


def _count(session: Session, comment: Comment, old: Status, new: Status) -> None:
    contact = queries.contact_of(session, comment.contact_id)
    if contact is None:
        return
    contact.approved += (new is Status.APPROVED) - (old is Status.APPROVED)
    contact.rejected += (new in REJECTED) - (old in REJECTED)


def tell(session: Session, house: House, comment: Comment, decision: Decision) -> None:
    """Write a decision's event; it leaves the house once the hold is over."""
    comment_event(
        session,
        house,
        BY_STATUS[comment.status],
        subject_of(session, comment, decision.before),
        hold=house.settings.undo_hold,
        decision_id=decision.id,
    )

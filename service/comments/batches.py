"""The deeds on many comments at once: deciding those chosen, all that match, and taking it back."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from models import Batch, Comment, Decision, Status
from models.comment import PUBLIC_ID_LENGTH
from service.comments.moderate import WHY_LENGTH, Actor, move, take_back, tell, told_maker
from service.db import db, transaction
from service.errors import BadRequestError, ConflictError, NotFoundError
from service.house import House
from service.queries import batches as queries
from service.queries import comments as comment_queries
from service.queries.filters import Filter
from service.queries.housekeeping import BATCH
from service.queries.listing import highest_row, matching_rows
from service.records.audit import by_moderator, record

CHOSEN_MOST = 200
"""Comments chosen by hand that one act may move."""
STEP = 20
"""Comments moved in one transaction: readers who send a comment wait no longer for their turn."""
WINDOW = 5000
"""Rows that one step looks through for matches."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A comment chosen by hand, as the moderator saw it."""

    public_id: str
    version: int


class Result(enum.StrEnum):
    """What became of one of many."""

    MOVED = "moved"
    UNCHANGED = "unchanged"
    """It stood there already, whoever put it there."""
    STALE = "stale"
    """Somebody changed it since."""
    GONE = "gone"
    """Its author took it back."""
    MISSING = "missing"
    LATE = "late"
    """The time in which a decision can be taken back is over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a comment that was to be moved with others.

    Args:
        comment: as it stands now; None = there is none of that id.
        decision_id: the decision's row; None where nothing was moved.
    """

    public_id: str
    result: Result
    comment: Comment | None
    decision_id: int | None = None


def decide_chosen(
    house: House, actor: Actor, picks: Sequence[Pick], new: Status, *, why: str = ""
) -> Batch:
    """Move the chosen comments, all in one transaction, and return the batch.

    One that somebody changed since, or whose author took it back, is skipped and counted.

    Raises:
        BadRequestError: none chosen, or more than `CHOSEN_MOST`.
    """
    if not 1 <= len(picks) <= CHOSEN_MOST:
        raise BadRequestError(f"Choose between 1 and {CHOSEN_MOST} comments.")
    with transaction() as session:
        batch = _made(session, house, actor, new, why)
        batch.finished_at = house.now()
        seen = {pick.public_id: pick.version for pick in picks}
        known = comment_queries.comments_by_public_ids(session, list(seen))
        rows = [one.id for one in known.values() if one.site_id in actor.site_ids]
        for comment in queries.comments_for_change(session, rows):
            if comment.status is new and not comment.gone:
                continue  # it stands there already, whoever put it there
            if comment.gone or comment.version != seen[comment.public_id]:
                _skip(session, batch, comment)
            else:
                _put(session, house, actor, batch, comment)
    house.wake()
    return batch


def decide_each(
    house: House, actor: Actor, picks: Sequence[Pick], new: Status, *, why: str = ""
) -> list[Outcome]:
    """Move each of these comments, all in one transaction, and say what became of each.

    For programs: there is no batch; `undo_each` takes the decisions back.

    Raises:
        BadRequestError: none chosen, or more than `CHOSEN_MOST`.
    """
    if not 1 <= len(picks) <= CHOSEN_MOST:
        raise BadRequestError(f"Choose between 1 and {CHOSEN_MOST} comments.")
    with transaction() as session:
        known = comment_queries.comments_by_public_ids(session, [pick.public_id for pick in picks])
        rows = [one.id for one in known.values() if one.site_id in actor.site_ids]
        held = {one.public_id: one for one in queries.comments_for_change(session, rows)}
        seen = {pick.public_id: pick.version for pick in picks}
        # In the order of rows, as others lock them too; the answer keeps the order sent.
        found = {
            one: _outcome(session, house, actor, (comment, seen[one]), (new, why))
            for one, comment in held.items()
        }
    house.wake()
    return [
        found.get(pick.public_id, Outcome(pick.public_id, Result.MISSING, None)) for pick in picks
    ]


def _outcome(
    session: Session,
    house: House,
    actor: Actor,
    pick: tuple[Comment, int],
    wanted: tuple[Status, str],
) -> Outcome:
    (comment, version), (new, why) = pick, wanted
    if comment.gone:
        return Outcome(comment.public_id, Result.GONE, comment)
    if comment.status is new:
        return Outcome(comment.public_id, Result.UNCHANGED, comment)
    if comment.version != version:
        return Outcome(comment.public_id, Result.STALE, comment)
    decision = move(session, house, actor, comment, new)
    decision.why = why[:WHY_LENGTH]
    tell(session, house, comment, decision)
    return Outcome(comment.public_id, Result.MOVED, comment, decision.id)


@dataclass(frozen=True, slots=True)
class Return:
    """What became of a decision that was to be taken back with others.

    Args:
        decision_id: as it was asked for.
        comment: as it stands now; None = there is no such decision.
        undo_id: the decision that took it back, now or before.
        by: who has decided about the comment since, where that keeps it from being taken back.
    """

    decision_id: int
    result: Result
    comment: Comment | None = None
    undo_id: int | None = None
    by: str | None = None


def undo_each(house: House, actor: Actor, decision_ids: Sequence[int]) -> list[Return]:
    """Take each of these decisions back, all in one transaction, and say what became of each.

    For programs, by the rules of a batch's undo: what somebody has decided again since stays.

    Raises:
        BadRequestError: none named, or more than `CHOSEN_MOST`.
    """
    if not 1 <= len(decision_ids) <= CHOSEN_MOST:
        raise BadRequestError(f"Name between 1 and {CHOSEN_MOST} decisions.")
    with transaction() as session:
        known = comment_queries.decisions_of_sites(session, decision_ids, actor.site_ids)
        rows = {one.comment_id for one in known.values()}
        comments = {one.id: one for one in queries.comments_for_change(session, sorted(rows))}
        before = comment_queries.undoings_of(session, list(known))
        # The newest first: two about one comment are both taken back only in that order.
        found = {
            one: _returned(
                session, house, actor, (known[one], comments[known[one].comment_id]), before
            )
            for one in sorted(known, reverse=True)
        }
    house.wake()
    return [found.get(one, Return(one, Result.MISSING)) for one in decision_ids]


def _returned(
    session: Session,
    house: House,
    actor: Actor,
    row: tuple[Decision, Comment],
    before: Mapping[int, Decision],
) -> Return:
    decision, comment = row
    undo = before.get(decision.id)
    if comment.gone:
        return Return(decision.id, Result.GONE, comment)
    if undo is not None and undo.version == comment.version:
        return Return(decision.id, Result.UNCHANGED, comment, undo.id)
    if decision.version != comment.version:
        by = _decided_since(session, decision)
        return Return(decision.id, Result.STALE, comment, by=by)
    if house.now() - decision.made_at > timedelta(days=house.settings.undo_days):
        return Return(decision.id, Result.LATE, comment)
    made = take_back(session, house, actor, comment, decision)
    return Return(decision.id, Result.MOVED, comment, made.id)


def _decided_since(session: Session, decision: Decision) -> str | None:
    """Return who decided last; None where it was its author's edit that changed the comment."""
    last = comment_queries.last_decision(session, decision.comment_id)
    if last is None or last[0].id == decision.id:
        return None
    return told_maker(last[1])


def decide_matching(
    house: House, actor: Actor, chosen: Filter, new: Status, *, why: str = ""
) -> Batch:
    """Begin to move all comments that match; the dispatcher does it, a few at a time.

    Those that arrive later are not touched.

    Raises:
        BadRequestError: the actor may decide nowhere, or they stand there already.
    """
    if not actor.site_ids:
        raise BadRequestError("You decide on none of these sites.")
    if chosen.status is new:
        raise BadRequestError("These comments stand there already.")
    with transaction() as session:
        batch = _made(session, house, actor, new, why)
        batch.chosen = chosen.to_json()
        batch.snapshot = highest_row(session)
    house.wake()
    return batch


def undo_batch(house: House, actor: Actor, public_id: str) -> Batch:
    """Begin to take a batch back; if it still runs, it stops first.

    Raises:
        NotFoundError: the moderator has no such batch.
        ConflictError: too old, or undone already.
    """
    with transaction() as session:
        undone = queries.batch_for_change(session, actor.moderator_id or 0, public_id)
        if undone is None or undone.new is None:
            raise NotFoundError("There is no such act.")
        if queries.undo_of(session, undone.id) is not None:
            raise ConflictError("This was taken back already.")
        if house.now() - undone.made_at > timedelta(days=house.settings.undo_days):
            raise ConflictError("This is too old to be undone; decide again instead.")
        undone.finished_at = undone.finished_at or house.now()
        batch = _made(session, house, actor, None, "")
        batch.undoes_id = undone.id
    house.wake()
    return batch


def go_on(house: House) -> int:
    """Do the next step of the oldest unfinished batch; a chore of the dispatcher.

    Returns:
        As a chore does: a full batch of housekeeping while there is more to do at once.
    """
    if not queries.batches_wait(db.session()):
        return 0
    with transaction() as session:
        batch = queries.open_batch(session)
        if batch is None:
            return 0
        actor = Actor(batch.moderator_id, batch.site_ids)
        if batch.undoes_id is None:
            _step(session, house, actor, batch)
        else:
            _step_back(session, house, actor, batch)
    house.wake()
    return BATCH


def _step(session: Session, house: House, actor: Actor, batch: Batch) -> None:
    chosen = Filter.from_json(batch.chosen)
    last = min(batch.place + WINDOW, batch.snapshot)
    rows = matching_rows(session, batch.site_ids, chosen, (batch.place, last), limit=STEP)
    for comment in queries.comments_for_change(session, rows):
        if comment.gone or (chosen.status is not None and comment.status is not chosen.status):
            _skip(session, batch, comment)
        elif comment.status is not batch.new:
            _put(session, house, actor, batch, comment)
    batch.place = rows[-1] if len(rows) == STEP else last
    if batch.place >= batch.snapshot:
        batch.finished_at = house.now()


def _step_back(session: Session, house: House, actor: Actor, batch: Batch) -> None:
    undone = queries.decisions_of_batch(
        session, batch.undoes_id or 0, after=batch.place, limit=STEP
    )
    held = queries.comments_for_change(session, [one.comment_id for one in undone])
    comments = {comment.id: comment for comment in held}
    for decision in undone:
        _return(session, house, actor, batch, (decision, comments[decision.comment_id]))
    if undone:
        batch.place = undone[-1].id
    else:
        batch.finished_at = house.now()


def _return(
    session: Session, house: House, actor: Actor, batch: Batch, row: tuple[Decision, Comment]
) -> None:
    decision, comment = row
    if comment.gone or comment.version != decision.version:
        _skip(session, batch, comment)
        return
    take_back(session, house, actor, comment, decision).batch_id = batch.id
    batch.changed += 1


def _made(session: Session, house: House, actor: Actor, new: Status | None, why: str) -> Batch:
    if actor.moderator_id is None:
        raise BadRequestError("Only a person acts on many comments.")
    batch = Batch(
        public_id=house.token(PUBLIC_ID_LENGTH),
        moderator_id=actor.moderator_id,
        new=new,
        site_ids=list(actor.site_ids),
        chosen={},
        snapshot=0,
        place=0,
        changed=0,
        skipped=0,
        others=[],
        why=why[:WHY_LENGTH],
        made_at=house.now(),
    )
    session.add(batch)
    session.flush()  # decisions refer to its row
    act = "batch.undo" if new is None else "batch.decide"
    record(
        session, house, by_moderator(batch.moderator_id), act, subject={"batch": batch.public_id}
    )
    return batch


def _put(session: Session, house: House, actor: Actor, batch: Batch, comment: Comment) -> None:
    if batch.new is None:
        raise ValueError("an undo puts nothing")
    decision = move(session, house, actor, comment, batch.new)
    decision.batch_id, decision.why = batch.id, batch.why
    tell(session, house, comment, decision)
    batch.changed += 1


def _skip(session: Session, batch: Batch, comment: Comment) -> None:
    batch.skipped += 1
    last = comment_queries.last_decision(session, comment.id)
    other = None if last is None else last[0].moderator_id
    if other is not None and other not in batch.others:
        batch.others = [*batch.others, other]

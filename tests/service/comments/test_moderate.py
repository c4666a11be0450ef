"""Deciding and taking back; on both databases."""

import itertools
import threading

import pytest

from models import Comment, Contact, Decision, Event, EventType, Status, Thread
from service.comments.moderate import Actor, decide, undo
from service.comments.receipts import withdraw
from service.errors import ConflictError, NotFoundError, StaleError
from service.out.outbox import release
from service.records.announce import BY_STATUS
from service.web.context import HOUSE
from tests.building import make_moderator, rows
from tests.service.comments.test_submit import take


@pytest.fixture
def ana(app_on_both):
    """A moderator of the site `blog`."""
    return Actor(make_moderator(app_on_both, "Ana", operator=False), [1])


def move(app, actor, public_id, status, **how):
    with app.app_context():
        return decide(app.extensions[HOUSE], actor, public_id, status, **how)


def take_back(app, actor, decision_id):
    with app.app_context():
        return undo(app.extensions[HOUSE], actor, decision_id)


def events(app):
    return [event.type for event in rows(app, Event, Event.cancelled_at.is_(None))]


@pytest.mark.parametrize(
    ("before", "after"),
    [pair for pair in itertools.product(Status, Status) if pair[0] is not pair[1]],
)
def test_every_status_leads_to_every_other_with_its_event(app, before, after):
    actor = Actor(make_moderator(app, "Ana"), [1])
    public_id = take(app).public_id
    if before is not Status.PENDING:
        move(app, actor, public_id, before)
    move(app, actor, public_id, after)

    assert rows(app, Comment)[0].status is after
    assert events(app)[-1] is BY_STATUS[after]
    contact = rows(app, Contact)[0]
    assert contact.approved == (after is Status.APPROVED)
    assert contact.rejected == (after in (Status.SPAM, Status.TRASH))


def test_of_two_opposite_verdicts_at_once_one_wins_and_the_other_is_told_who(app_on_both, ana):
    bob = Actor(make_moderator(app_on_both, "Bob", operator=False), [1])
    ids = [take(app_on_both, text=f"Comment {n}").public_id for n in range(30)]
    barrier = threading.Barrier(2)
    outcomes = {"Ana": [], "Bob": []}

    def judge(name, actor, status):
        for public_id in ids:
            barrier.wait(20)
            try:
                move(app_on_both, actor, public_id, status, version=1)
                outcomes[name].append("won")
            except StaleError as error:
                outcomes[name].append(error.message)

    judges = [
        threading.Thread(target=judge, args=("Ana", ana, Status.APPROVED)),
        threading.Thread(target=judge, args=("Bob", bob, Status.SPAM)),
    ]
    for one in judges:
        one.start()
    for one in judges:
        one.join(60)

    pairs = list(zip(outcomes["Ana"], outcomes["Bob"], strict=True))
    assert len(pairs) == 30
    for anas, bobs in pairs:
        assert [anas, bobs].count("won") == 1
        assert "by Ana" in bobs or "by Bob" in anas
    assert len(rows(app_on_both, Decision)) == 30
    assert len(events(app_on_both)) == 60


def test_the_thread_has_a_new_version_only_when_readers_see_a_change(app_on_both, ana):
    public_id = take(app_on_both).public_id
    versions = []
    for status in (Status.SPAM, Status.APPROVED, Status.TRASH, Status.PENDING):
        move(app_on_both, ana, public_id, status)
        versions.append(rows(app_on_both, Thread)[0].version)
    assert versions == [0, 1, 2, 2]


def test_an_undo_before_the_release_cancels_and_after_it_compensates(app_on_both, ana, clock):
    public_id = take(app_on_both).public_id
    first = move(app_on_both, ana, public_id, Status.APPROVED).decision_id
    take_back(app_on_both, ana, first)
    assert events(app_on_both) == [EventType.CREATED]

    second = move(app_on_both, ana, public_id, Status.APPROVED).decision_id
    clock.move(seconds=11)
    with app_on_both.app_context():
        release(app_on_both.extensions[HOUSE])
    take_back(app_on_both, ana, second)
    assert events(app_on_both) == [EventType.CREATED, EventType.APPROVED, EventType.HELD]
    assert rows(app_on_both, Comment)[0].version == 5


def test_what_was_moved_again_or_is_too_old_is_not_undone(app_on_both, ana, clock):
    public_id = take(app_on_both).public_id
    first = move(app_on_both, ana, public_id, Status.APPROVED).decision_id
    second = move(app_on_both, ana, public_id, Status.SPAM).decision_id
    with pytest.raises(StaleError):
        take_back(app_on_both, ana, first)
    clock.move(days=8)
    with pytest.raises(ConflictError):
        take_back(app_on_both, ana, second)


def test_a_withdrawn_comment_is_decided_no_more(app_on_both, ana):
    accepted = take(app_on_both)
    with app_on_both.app_context():
        withdraw(app_on_both.extensions[HOUSE], accepted.receipt)
    with pytest.raises(ConflictError):
        move(app_on_both, ana, accepted.public_id, Status.APPROVED)


def test_comments_of_other_sites_do_not_exist(app_on_both, ana):
    public_id = take(app_on_both).public_id
    stranger = Actor(ana.moderator_id, [999])
    with pytest.raises(NotFoundError):
        move(app_on_both, stranger, public_id, Status.APPROVED)
    decision = move(app_on_both, ana, public_id, Status.APPROVED).decision_id
    with pytest.raises(NotFoundError):
        take_back(app_on_both, stranger, decision)


def test_public_fields_travel_only_while_the_comment_is_public(app_on_both, ana):
    public_id = take(app_on_both).public_id
    move(app_on_both, ana, public_id, Status.APPROVED)
    move(app_on_both, ana, public_id, Status.TRASH)
    created, approved, trashed = [event.body for event in rows(app_on_both, Event)]
    assert b"The river part" in approved
    assert b"The river part" not in created + trashed
    assert b'"previous_status":"approved"' in trashed

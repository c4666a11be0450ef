"""Taking a comment: repetition, twins, pace, policy; on both databases."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from models import Comment, Contact, Event, RateBucket, Status, SubmissionKey
from service.comments.submit import Submission, SubmittedKey, submit
from service.db import db, transaction
from service.errors import DuplicateError, InvalidError, TooManyError
from service.pace import Pace, turn_in
from service.privacy import EmailAddress
from service.queries.limits import bucket_for_change
from service.queries.sites import site_by_slug
from service.rules.arrival import Case, arrival
from service.text.scoring import Scored, Scorer
from service.web.context import HOUSE
from tests.building import rows

SUBMISSION = Submission(
    page="/amazon",
    text="The river part stayed with me.",
    name="Ana",
    email=EmailAddress("ana@example.org"),
    website="",
    parent=None,
    title="",
    signals={"origin": True},
    network=b"n" * 16,
)


def take(app, house=None, **changes):
    """Submit a valid comment with some parts changed."""
    with app.app_context():
        site = site_by_slug(db.session(), "blog")
        return submit(house or app.extensions[HOUSE], site, replace(SUBMISSION, **changes))


def key(value="k", body=b"{}", kind="header"):
    return SubmittedKey(kind, value, body)


def test_a_comment_its_event_and_its_contact_are_stored_together(app_on_both):
    accepted = take(app_on_both)

    comment = rows(app_on_both, Comment)[0]
    assert (comment.public_id, comment.status) == (accepted.public_id, Status.PENDING)
    assert comment.probability is not None
    assert [event.comment_id for event in rows(app_on_both, Event)] == [comment.id]
    contact = rows(app_on_both, Contact)[0]
    assert (contact.id, contact.seen) == (comment.contact_id, 1)
    assert b"ana" not in contact.email_sealed + contact.email_index


def test_the_same_author_is_known_again_however_he_writes_his_address(app_on_both):
    take(app_on_both)
    take(app_on_both, text="Second", email=EmailAddress("ANA@Example.ORG"))

    assert [contact.seen for contact in rows(app_on_both, Contact)] == [2]


def test_the_same_submission_again_gets_the_same_answer_and_is_stored_once(app_on_both):
    first = take(app_on_both, key=key())
    again = take(app_on_both, key=key())

    assert again == first
    assert len(rows(app_on_both, Comment)) == len(rows(app_on_both, Event)) == 1


def test_equal_submissions_at_the_same_moment_are_stored_once(app_on_both):
    barrier, answers = threading.Barrier(6), []

    def race():
        barrier.wait(10)
        answers.append(take(app_on_both, key=key()))

    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert len(answers) == 6
    assert len(set(answers)) == 1
    assert len(rows(app_on_both, Comment)) == len(rows(app_on_both, Event)) == 1


def test_first_comments_of_a_new_page_at_the_same_moment_share_a_thread(app_on_both):
    barrier = threading.Barrier(6)

    def race(number):
        barrier.wait(10)
        take(app_on_both, text=f"Comment {number}", network=bytes([number]) * 16)

    racers = [threading.Thread(target=race, args=(number,)) for number in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    found = rows(app_on_both, Comment)
    assert len(found) == 6
    assert len({comment.thread_id for comment in found}) == 1
    assert [contact.seen for contact in rows(app_on_both, Contact)] == [6]


def test_a_programs_key_with_another_body_is_its_mistake(app):
    take(app, key=key(body=b"one"))
    with pytest.raises(InvalidError):
        take(app, text="Another", key=key(body=b"two"))


def test_a_browsers_id_with_another_body_is_a_new_comment(app):
    first = take(app, key=key(body=b"one", kind="form"))
    second = take(app, text="Mended", key=key(body=b"two", kind="form"))
    assert first != second
    assert len(rows(app, Comment)) == 2


def test_a_key_is_forgotten_after_a_day(app, clock):
    take(app, key=key())
    clock.move(hours=25)
    with pytest.raises(DuplicateError):
        take(app, key=key())


def test_neither_key_nor_body_is_stored_in_the_clear(app):
    take(app, key=key("my-key", b"the body"))
    stored = rows(app, SubmissionKey)[0]
    assert len(stored.key) == len(stored.fingerprint) == 32
    assert b"my-key" not in stored.key + stored.fingerprint


def test_the_same_words_by_the_same_name_are_refused_once_they_stand_there(app_on_both):
    take(app_on_both)
    with pytest.raises(DuplicateError):
        take(app_on_both, name="ANA")
    take(app_on_both, name="Bob")
    take(app_on_both, page="/elsewhere")
    assert len(rows(app_on_both, Comment)) == 3


def test_one_network_may_send_so_many_at_once_and_then_so_many_a_minute(
    make_app, sqlite_url, clock
):
    app = make_app(sqlite_url, submissions_burst=3, submissions_per_minute=6)
    for number in range(3):
        take(app, text=f"Comment {number}")
    with pytest.raises(TooManyError) as refused:
        take(app, text="One too many")
    assert refused.value.retry_after == 10
    take(app, text="From elsewhere", network=b"m" * 16)

    clock.move(seconds=10)
    take(app, text="After a while")
    with pytest.raises(TooManyError):
        take(app, text="One too many again")
    assert len(rows(app, Comment)) == 5


def test_a_clock_set_back_does_not_shut_anybody_out(make_app, sqlite_url, clock):
    app = make_app(sqlite_url, submissions_burst=3, submissions_per_minute=6)
    take(app)
    clock.move(hours=-1)
    take(app, text="Earlier, it seems")
    assert min(row.tokens for row in rows_of_buckets(app)) >= 1


@pytest.mark.parametrize("per_minute", [0.5, 3, 6, 7, 30, 90])
def test_whoever_waits_as_long_as_he_was_told_has_his_turn(app, clock, per_minute):
    pace = Pace(1, per_minute)
    with app.app_context(), transaction() as session:
        for number in range(100):
            key, began = number.to_bytes(16), clock.now
            row = bucket_for_change(session, key, full=number / 100, now=began)
            seconds = turn_in(session, key, pace, began)
            assert seconds > 0
            assert turn_in(session, key, pace, began + timedelta(seconds=seconds)) == 0
            assert row.tokens < 1


def rows_of_buckets(app):
    with app.app_context():
        return list(db.session.query(RateBucket))


class BrokenModel:
    name = "broken"

    def score(self, _document):
        raise MemoryError("the model is broken")


def test_a_broken_model_holds_the_comment_and_says_so(app):
    house = replace(app.extensions[HOUSE], scorer=Scorer(BrokenModel()))
    take(app, house=house)

    comment = rows(app, Comment)[0]
    assert (comment.status, comment.probability) == (Status.PENDING, None)
    assert "check failed" in comment.note


@pytest.mark.parametrize(
    ("threshold", "probability", "known", "signals", "status"),
    [
        (None, 0.999, True, {}, Status.PENDING),
        (0.9, 0.9, True, {}, Status.SPAM),
        (0.9, 0.899, True, {}, Status.PENDING),
        (0.9, None, True, {}, Status.PENDING),
        (0.9, 0.999, False, {}, Status.PENDING),
        (0.9, 0.1, True, {"honeypot": True}, Status.PENDING),
        (0.0, 0.0, True, {}, Status.SPAM),
    ],
)
def test_a_score_files_only_what_a_person_let_it(
    app, threshold, probability, known, signals, status
):
    policy = replace(rows_site(app).policy, spam_tray_at=threshold)
    scored = Scored(probability=probability, known_language=known, note="")
    assert arrival(policy, Case(scored, signals)).status is status


def rows_site(app):
    with app.app_context():
        return site_by_slug(db.session(), "blog")

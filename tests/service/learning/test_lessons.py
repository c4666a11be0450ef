"""Verdicts become examples, examples a model; on both databases, through the real deeds."""

import math
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import (
    Comment,
    Decision,
    Event,
    Example,
    Job,
    Lesson,
    ModelState,
    Site,
    SiteModel,
    Status,
    Thread,
    Trace,
)
from models.spam.site.refit import refit
from service.comments.moderate import Actor, decide, undo
from service.comments.receipts import edit, erase, withdraw
from service.db import db, transaction
from service.errors import ConflictError, NotFoundError
from service.learning import lessons, training
from service.learning.learned import active_residual
from service.out.trainer import RefitError, fit_once
from service.web.context import HOUSE
from tests.building import make_moderator, rows
from tests.service.comments.test_submit import take
from tests.spamming import HONEST, SELLING


@pytest.fixture
def ana(app_on_both):
    """A moderator of the site `blog`."""
    return Actor(make_moderator(app_on_both, "Ana", operator=False), [1])


def house_of(app):
    return app.extensions[HOUSE]


def verdict(app, actor, status, **comment):
    """Take a comment, decide, and return its public id with the decision's number."""
    public_id = take(app, **comment).public_id
    with app.app_context():
        return public_id, decide(house_of(app), actor, public_id, status).decision_id


def learn(app):
    with app.app_context():
        return lessons.learn(house_of(app))


def fit(app):
    """Fit what is due, as the trainer does, in this process."""
    with app.app_context():
        claimed = training.claim_fit(house_of(app))
        return claimed is not None and fit_once(house_of(app), claimed, refit)


def examples(app):
    with app.app_context():
        query = sa.select(Example).order_by(Example.comment_id)
        return list(db.session.scalars(query))


def count(app, table):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def teach(app, actor, number=6):
    """Six honest and six selling comments, decided and learned from."""
    for place in range(number):
        verdict(app, actor, Status.APPROVED, text=HONEST[place], name=f"Reader {place}")
        verdict(app, actor, Status.SPAM, text=SELLING[place], name=f"Seller {place}")
    learn(app)


def test_an_approval_teaches_ham_and_a_spam_verdict_spam(app_on_both, ana):
    verdict(app_on_both, ana, Status.APPROVED)
    verdict(app_on_both, ana, Status.SPAM, text="Cheap pills at http://pills.example.com now")
    assert count(app_on_both, Lesson) == 2

    assert learn(app_on_both) == 2

    found = examples(app_on_both)
    assert [(one.spam, one.moderator_id) for one in found] == [
        (False, ana.moderator_id),
        (True, ana.moderator_id),
    ]
    assert count(app_on_both, Lesson) == 0
    assert learn(app_on_both) == 0


def test_an_example_holds_numbers_and_not_a_word(app_on_both, ana):
    verdict(app_on_both, ana, Status.SPAM, text="Unmistakable quicksilver remedy, order here")
    learn(app_on_both)
    (example,) = examples(app_on_both)
    for word in (b"quicksilver", b"Unmistakable", b"remedy"):
        assert word not in example.features


@pytest.mark.parametrize("status", [Status.TRASH, Status.PENDING])
def test_trash_and_pending_teach_nothing(app, status):
    actor = Actor(make_moderator(app, "Ana"), [1])
    public_id, _ = verdict(app, actor, Status.APPROVED)
    learn(app)
    with app.app_context():
        decide(house_of(app), actor, public_id, status)
    learn(app)
    assert examples(app) == []


def test_undoing_a_verdict_takes_back_what_it_taught(app_on_both, ana):
    _, decision = verdict(app_on_both, ana, Status.SPAM, text=SELLING[0])
    learn(app_on_both)
    assert count(app_on_both, Trace) > 0
    with app_on_both.app_context():
        undo(house_of(app_on_both), ana, decision)
    learn(app_on_both)
    assert examples(app_on_both) == []
    assert count(app_on_both, Trace) == 0


def test_undoing_a_second_verdict_brings_back_the_first(app_on_both, ana):
    public_id, _ = verdict(app_on_both, ana, Status.APPROVED)
    with app_on_both.app_context():
        second = decide(house_of(app_on_both), ana, public_id, Status.SPAM).decision_id
    learn(app_on_both)
    assert [one.spam for one in examples(app_on_both)] == [True]
    with app_on_both.app_context():
        undo(house_of(app_on_both), ana, second)
    learn(app_on_both)
    assert [one.spam for one in examples(app_on_both)] == [False]


def test_what_a_rule_filed_teaches_nothing_until_a_person_looks(app):
    actor = Actor(make_moderator(app, "Ana"), [1])
    with app.app_context(), transaction() as session:
        site = session.get_one(Site, 1)
        site.stored_policy = replace(site.policy, spam_tray_at=0.0).to_json()
    public_id = take(app, text=SELLING[0]).public_id
    learn(app)
    assert examples(app) == []
    with app.app_context():
        moved = decide(house_of(app), actor, public_id, Status.APPROVED)
        undo(house_of(app), actor, moved.decision_id)
    learn(app)
    assert rows(app, Comment)[0].status is Status.SPAM
    assert examples(app) == []


def test_an_edit_after_the_verdict_takes_the_lesson_back(app):
    actor = Actor(make_moderator(app, "Ana"), [1])
    accepted = take(app)
    with app.app_context():
        decide(house_of(app), actor, accepted.public_id, Status.APPROVED)
    learn(app)
    with app.app_context():
        edit(house_of(app), accepted.receipt, "Quite another text now.")
    learn(app)
    assert examples(app) == []


def test_erasing_a_comment_erases_what_was_learned_from_it_at_once(app_on_both, ana):
    accepted = take(app_on_both, text=SELLING[0])
    with app_on_both.app_context():
        decide(house_of(app_on_both), ana, accepted.public_id, Status.SPAM)
    learn(app_on_both)
    with app_on_both.app_context():
        erase(house_of(app_on_both), accepted.receipt, with_text=True)
    assert examples(app_on_both) == []
    assert count(app_on_both, Trace) == count(app_on_both, Lesson) == 0


def test_a_withdrawn_comment_still_teaches(app):
    actor = Actor(make_moderator(app, "Ana"), [1])
    accepted = take(app)
    with app.app_context():
        decide(house_of(app), actor, accepted.public_id, Status.APPROVED)
        withdraw(house_of(app), accepted.receipt)
    learn(app)
    assert [one.spam for one in examples(app)] == [False]


def test_five_verdicts_ask_for_a_fit_at_once_and_fewer_within_a_minute(app_on_both, ana, clock):
    for place in range(4):
        verdict(app_on_both, ana, Status.APPROVED, text=HONEST[place])
    learn(app_on_both)
    assert (rows(app_on_both, Job)[0].due_at - clock.now).total_seconds() == 60
    verdict(app_on_both, ana, Status.APPROVED, text=HONEST[5])
    learn(app_on_both)
    assert rows(app_on_both, Job)[0].due_at == clock.now


def test_a_fit_takes_over_and_moves_the_scores_of_what_comes_next(app_on_both, ana):
    teach(app_on_both, ana)
    assert fit(app_on_both)

    (model,) = rows(app_on_both, SiteModel)
    assert model.state is ModelState.ACTIVE, model.report
    assert (model.ham, model.spam) == (6, 6)
    assert rows(app_on_both, Site)[0].model_version == 1
    with app_on_both.app_context():
        site = db.session.get(Site, 1)
        assert active_residual(db.session(), house_of(app_on_both), site) is not None


def test_nothing_is_fitted_from_fewer_than_three_of_each(app_on_both, ana):
    for place in range(8):
        verdict(app_on_both, ana, Status.SPAM, text=SELLING[place], name=f"Seller {place}")
    learn(app_on_both)
    fit(app_on_both)
    assert rows(app_on_both, SiteModel) == []
    assert rows(app_on_both, Job)[0].due_at is None


def test_a_campaign_is_known_again_as_soon_as_one_of_it_was_rejected(app_on_both, ana):
    text = "We restore sunken canoes for collectors of antique paddles, write to our harbour desk"
    take(app_on_both, text=text, name="One")
    before = rows(app_on_both, Comment)[-1].probability
    verdict(app_on_both, ana, Status.SPAM, text=f"{text} today", name="Two")
    learn(app_on_both)

    take(app_on_both, text=f"{text} soon", name="Three")
    comment = rows(app_on_both, Comment)[-1]
    assert comment.probability > before
    assert comment.signals["memory"]["overlap"] > 0.5
    assert "campaign" in [reason["name"] for reason in comment.reasons]
    logit = sum(reason["weight"] for reason in comment.reasons)
    assert logit == pytest.approx(logit_of(comment.probability), abs=0.01)


def logit_of(probability):
    return math.log(probability / (1 - probability))


def test_a_campaign_of_a_thousand_is_remembered_once(app, clock):
    actor = Actor(make_moderator(app, "Ana"), [1])
    for number in range(10):
        verdict(
            app, actor, Status.SPAM, text=SELLING[0], name=f"Seller {number}", page=f"/{number}"
        )
    learn(app)
    with app.app_context():
        carriers = db.session.scalars(
            sa.select(Trace.comment_id).where(Trace.kind == "shingle").distinct()
        ).all()
    assert len(carriers) == 1


def test_a_page_title_counts_as_the_topic_once_its_comment_was_approved(app_on_both, ana):
    text = "Cheap viagra pills without prescription"
    title = "cheap viagra pills without prescription"
    take(app_on_both, text="Hello there, first!", title=title)
    take(app_on_both, text=text, name="Two")
    bare = rows(app_on_both, Comment)[-1].probability
    with app_on_both.app_context():
        first = db.session.scalars(sa.select(Comment).order_by(Comment.id)).first()
        decide(house_of(app_on_both), ana, first.public_id, Status.APPROVED)
    take(app_on_both, text=text, name="Three")
    assert rows(app_on_both, Comment)[-1].probability < bare
    assert rows(app_on_both, Thread)[0].provisional_title == title


def test_two_workers_learn_each_lesson_once(make_app, databases):
    url = databases.fresh("postgresql")
    app = make_app(url)
    actor = Actor(make_moderator(app, "Ana"), [1])
    for number in range(60):
        verdict(app, actor, Status.APPROVED, text=f"A fine comment, number {number}")
    taken = []

    def work():
        while (number := learn(app)) > 0:
            taken.append(number)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    learn(app)
    assert len(examples(app)) == 60
    assert count(app, Lesson) == 0
    assert rows(app, Job)[0].fresh == 60


def test_a_failing_fit_is_tried_again_later_and_loses_no_verdict(app_on_both, ana, clock):
    teach(app_on_both, ana)

    def broken(_request):
        raise RefitError("killed")

    with app_on_both.app_context():
        claimed = training.claim_fit(house_of(app_on_both))
        assert not fit_once(house_of(app_on_both), claimed, broken)
    job = rows(app_on_both, Job)[0]
    assert (job.fresh, job.failures) == (12, 1)
    assert job.due_at > clock.now
    assert not fit(app_on_both)
    clock.move(seconds=61)
    assert fit(app_on_both)


def test_a_worker_that_lost_its_lease_stores_nothing(app_on_both, ana, clock):
    teach(app_on_both, ana)
    with app_on_both.app_context():
        late = training.claim_fit(house_of(app_on_both))
        assert training.claim_fit(house_of(app_on_both)) is None
    clock.move(seconds=121)
    assert fit(app_on_both)
    with app_on_both.app_context():
        assert not fit_once(house_of(app_on_both), late, refit)
    assert len(rows(app_on_both, SiteModel)) == 1


def test_a_fit_that_takes_its_process_down_each_time_rests_ever_longer(app_on_both, ana, clock):
    teach(app_on_both, ana)

    def claimed_and_gone():
        with app_on_both.app_context():
            claimed = training.claim_fit(house_of(app_on_both))
        clock.move(seconds=121)
        return claimed is not None

    assert [claimed_and_gone() for _ in range(4)] == [True, True, True, False]
    job = rows(app_on_both, Job)[0]
    assert (job.failures, job.token) == (training.DEATHS, "")
    # Of the pause of four minutes two are over now.
    assert [claimed_and_gone() for _ in range(2)] == [False, True]


def test_rolling_back_to_the_base_stops_learning_until_it_is_resumed(app_on_both, ana):
    teach(app_on_both, ana)
    fit(app_on_both)
    with app_on_both.app_context():
        training.roll_back(house_of(app_on_both), 1, None, ana.moderator_id)
        site = db.session.get(Site, 1, populate_existing=True)
        assert active_residual(db.session(), house_of(app_on_both), site) is None
        assert not site.policy.learn
    teach_more(app_on_both, ana)
    assert not fit(app_on_both)
    with app_on_both.app_context():
        training.set_learning(house_of(app_on_both), 1, learn=True)
    assert fit(app_on_both)


def teach_more(app, actor):
    for place in range(6, 9):
        verdict(app, actor, Status.APPROVED, text=HONEST[place], name=f"Reader {place}")
        verdict(app, actor, Status.SPAM, text=SELLING[place], name=f"Seller {place}")
    learn(app)


def test_a_kept_model_can_be_put_back_to_work(app_on_both, ana):
    teach(app_on_both, ana)
    fit(app_on_both)
    teach_more(app_on_both, ana)
    fit(app_on_both)
    first, second = rows(app_on_both, SiteModel)
    if second.state is ModelState.REFUSED:
        pytest.fail(f"the second fit was refused: {second.report}")
    assert first.state is ModelState.KEPT
    with app_on_both.app_context():
        training.roll_back(house_of(app_on_both), 1, first.id, ana.moderator_id)
    first, second = rows(app_on_both, SiteModel)
    assert (first.state, second.state) == (ModelState.ACTIVE, ModelState.KEPT)
    assert first.activated_by_id == ana.moderator_id
    with app_on_both.app_context(), pytest.raises(NotFoundError):
        training.roll_back(house_of(app_on_both), 1, 999, ana.moderator_id)


def test_five_models_are_kept_and_older_ones_lose_their_weights(app_on_both, ana):
    teach(app_on_both, ana)
    with app_on_both.app_context():
        house = house_of(app_on_both)
        claimed = training.claim_fit(house)
        answer = refit(claimed.request)
    for _ in range(8):
        with app_on_both.app_context():
            training.set_learning(house, 1, learn=True)
            fit_once(house, training.claim_fit(house), lambda _request: answer)
    kept = [row.content is not None for row in rows(app_on_both, SiteModel)]
    assert kept == [False] * 3 + [True] * 5
    with app_on_both.app_context(), pytest.raises(ConflictError, match="not kept"):
        training.roll_back(house, 1, rows(app_on_both, SiteModel)[0].id, ana.moderator_id)


@pytest.mark.parametrize("harm", ["flip", "cut", "swap", "pickle", "empty"])
def test_a_tampered_site_model_is_refused_and_the_last_good_one_judges(app_on_both, ana, harm):
    teach(app_on_both, ana)
    fit(app_on_both)
    teach_more(app_on_both, ana)
    fit(app_on_both)
    house = house_of(app_on_both)
    with app_on_both.app_context(), transaction() as session:
        good, bad = session.scalars(sa.select(SiteModel).order_by(SiteModel.id)).all()
        assert bad.state is ModelState.ACTIVE
        bad.content = {
            "flip": bad.content[:-1] + bytes([bad.content[-1] ^ 1]),
            "cut": bad.content[: len(bad.content) // 2],
            "swap": b"\x80\x04K\x01.",
            "pickle": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.",
            "empty": b"",
        }[harm]
    house.residuals.clear()
    with app_on_both.app_context():
        site = db.session.get(Site, 1)
        residual = active_residual(db.session(), house, site)
        assert residual is not None
        assert residual.to_bytes() == good.content
    take(app_on_both, text="It still takes comments.", name="Reader")


def test_withdrawing_a_moderators_labels_forgets_them_and_what_they_taught(app_on_both, ana):
    bob = Actor(make_moderator(app_on_both, "Bob", operator=False), [1])
    teach(app_on_both, ana)
    for place in range(6, 9):
        verdict(app_on_both, bob, Status.SPAM, text=HONEST[place], name=f"Reader {place}")
    learn(app_on_both)
    fit(app_on_both)
    owner = 1
    with app_on_both.app_context():
        training.withdraw_labels(house_of(app_on_both), 1, bob.moderator_id, owner)
        site = db.session.get(Site, 1, populate_existing=True)
        assert active_residual(db.session(), house_of(app_on_both), site) is None
    assert {one.moderator_id for one in examples(app_on_both)} == {ana.moderator_id}
    assert fit(app_on_both)
    with app_on_both.app_context():
        site = db.session.get(Site, 1, populate_existing=True)
        lessons.relearn(house_of(app_on_both), site)
    learn(app_on_both)
    assert {one.moderator_id for one in examples(app_on_both)} == {ana.moderator_id}
    with app_on_both.app_context():
        training.restore_labels(house_of(app_on_both), 1, bob.moderator_id)
    learn(app_on_both)
    assert len(examples(app_on_both)) == 15


def test_learning_again_from_the_ledger_gives_the_same_examples(app_on_both, ana):
    teach(app_on_both, ana)
    before = [(one.comment_id, one.spam, one.features, one.family) for one in examples(app_on_both)]
    with app_on_both.app_context():
        number = lessons.relearn(house_of(app_on_both), db.session.get(Site, 1))
    assert number == 12
    assert examples(app_on_both) == []
    learn(app_on_both)
    after = [(one.comment_id, one.spam, one.features, one.family) for one in examples(app_on_both)]
    assert after == before


def test_examples_of_older_feature_code_are_made_again(app_on_both, ana):
    teach(app_on_both, ana)
    with app_on_both.app_context(), transaction() as session:
        session.execute(sa.update(Example).values(feature_version="older"))
    assert not fit(app_on_both)
    assert examples(app_on_both) == []
    learn(app_on_both)
    assert fit(app_on_both)


def test_learning_never_writes_a_decision_or_an_event(app_on_both, ana):
    teach(app_on_both, ana)
    before = (len(rows(app_on_both, Decision)), len(rows(app_on_both, Event)))
    fit(app_on_both)
    assert (len(rows(app_on_both, Decision)), len(rows(app_on_both, Event))) == before

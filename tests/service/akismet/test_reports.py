"""What programs report by Akismet's wire teaches their site's model, for less than people do."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from models import (
    AkismetMonth,
    AuditEntry,
    Job,
    ModelState,
    ReportedExample,
    Role,
    Site,
    SiteModel,
    Trace,
)
from models.spam.site.adapt import Example as Lesson
from models.spam.site.adapt import Residual
from models.spam.site.fitting import KEY_MOST, _of_keys
from models.spam.site.packing import unpack_request
from models.spam.site.trial import trial
from models.spam.site.vector import Vector
from service import housekeeping
from service.akismet import reports
from service.comments.moderate import Actor
from service.db import db, transaction
from service.errors import NotFoundError
from service.learning import training
from service.learning.learned import active_residual
from service.web.context import HOUSE
from tests.building import found_demo_site, make_moderator, rows
from tests.conftest import visitor
from tests.service.learning.test_lessons import count, fit, teach
from tests.spamming import HONEST, SELLING
from tests.web.caller import THANKS, Caller, akismet_key
from tests.web.desk import site_of
from tests.web.staff import hire, sign_in, submit_form


@pytest.fixture
def caller(app):
    return Caller(visitor(app), akismet_key(app))


@pytest.fixture
def caller_on_both(app_on_both):
    return Caller(visitor(app_on_both), akismet_key(app_on_both))


def report_all(caller, number=6):
    """Report as many honest and selling comments."""
    for place in range(number):
        caller.ham(comment_content=HONEST[place], comment_author=f"Reader {place}")
        caller.spam(comment_content=SELLING[place], comment_author=f"Seller {place}")


def counted(app):
    with app.app_context():
        row = db.session.scalars(sa.select(AkismetMonth)).one()
    return row.missed_spam, row.false_positives


def judges_alone(app):
    with app.app_context():
        site = db.session.get(Site, 1, populate_existing=True)
        return active_residual(db.session(), app.extensions[HOUSE], site) is None


def test_reports_are_kept_as_numbers_and_fitted_like_verdicts(app_on_both, caller_on_both):
    assert caller_on_both.spam(comment_content=SELLING[0]).text == THANKS
    report_all(caller_on_both)
    assert fit(app_on_both)

    (model,) = rows(app_on_both, SiteModel)
    assert model.state is ModelState.ACTIVE, model.report
    assert (model.ham, model.spam) == (6, 7)
    assert not judges_alone(app_on_both)
    first = rows(app_on_both, ReportedExample)[0]
    assert b"pills" not in first.features
    assert count(app_on_both, Trace) == 0
    acts = [(row.act, row.actor_kind.value, row.actor_id) for row in rows(app_on_both, AuditEntry)]
    assert acts.count(("akismet.report_spam", "key", 1)) == 7


def test_the_same_report_counts_once_and_another_label_takes_its_place(app_on_both, caller_on_both):
    caller_on_both.check()
    for _ in range(3):
        caller_on_both.spam()
    assert [one.spam for one in rows(app_on_both, ReportedExample)] == [True]
    assert counted(app_on_both) == (1, 0)
    assert rows(app_on_both, Job)[0].fresh == 1

    caller_on_both.ham(user_ip="198.51.100.7", comment_author_email="other@example.org")
    assert [one.spam for one in rows(app_on_both, ReportedExample)] == [False]
    assert counted(app_on_both) == (1, 0)  # the check had said so


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (0, 1)),
        ({"comment_check_response": "true"}, (0, 1)),
        ({"comment_check_response": "false"}, (0, 0)),
        ({"guid": "0" * 32}, (0, 1)),
    ],
)
def test_what_the_check_said_is_taken_from_the_caller_or_judged_again(
    app, caller, fields, expected
):
    caller.ham(comment_content=SELLING[0], **fields)

    assert counted(app) == expected


def test_the_name_of_an_answer_tells_what_it_was_though_the_model_changed(app, caller):
    guid = caller.check(comment_content=SELLING[0]).headers["X-akismet-guid"]
    report_all(caller, 3)
    before = counted(app)
    with app.app_context(), transaction() as session:
        session.get_one(Site, 1).stored_policy = {"spam_tray_at": 1.0}

    caller.ham(comment_content=SELLING[0], guid=guid)
    assert counted(app) == (before[0], before[1] + 1)
    caller.ham(comment_content=SELLING[4], guid=guid)  # of another comment: it says nothing
    assert counted(app) == (before[0], before[1] + 1)


def test_nothing_is_learned_from_a_comment_without_a_word(app, caller):
    assert caller.spam(comment_content="", comment_author="").text == THANKS

    assert rows(app, ReportedExample) == []


def test_reports_teach_the_site_of_their_key_alone(app):
    shop = found_demo_site(app, "shop", ["https://shop.example.org"])
    caller = Caller(visitor(app), akismet_key(app, shop))
    assert caller.spam().data == b"invalid"
    caller.spam(blog="https://shop.example.org")

    assert [one.site_id for one in rows(app, ReportedExample)] == [shop.id]


def test_a_report_counts_half_and_fills_what_verdicts_leave_free(app, monkeypatch):
    teach(app, Actor(make_moderator(app, "Ana", operator=False), [1]), 3)
    caller = Caller(visitor(app), akismet_key(app))
    report_all(caller)
    monkeypatch.setattr(training, "HISTORY", 10)
    with app.app_context():
        claimed = training.claim_fit(app.extensions[HOUSE])
    lessons, _base = unpack_request(claimed.request)

    weights = sorted((one.weight, one.account < 0) for one in lessons)
    assert weights == [(0.5, True)] * 4 + [(1.0, False)] * 6


def lesson(account, *, spam=False, weight=1.0, logit=0.0):
    vector = Vector(np.array([1], np.int32), np.array([1.0], np.float32))
    return Lesson(vector, spam, logit, account=account, weight=weight)


@pytest.mark.parametrize(("people", "most"), [(0, KEY_MOST), (30, KEY_MOST), (80, 80.0)])
def test_one_key_weighs_no_more_than_the_people_or_fifty_verdicts(people, most):
    lessons = [lesson(1)] * people + [lesson(-1, weight=0.5)] * 400 + [lesson(-2, weight=0.5)] * 4
    weights = np.array([one.weight for one in lessons])
    capped = weights * _of_keys(lessons, weights)

    accounts = np.array([one.account for one in lessons])
    assert capped[accounts > 0].sum() == people
    assert capped[accounts == -1].sum() == pytest.approx(most)
    assert capped[accounts == -2].sum() == 2.0


def test_what_a_key_taught_is_tried_on_the_verdicts_of_people():
    lax = Residual(np.array([1], np.int32), np.array([-4.0], np.float32), 0.0)
    people = [lesson(1, spam=place < 5, logit=2.0 if place < 5 else -2.0) for place in range(10)]
    reported = [lesson(-1, spam=False, logit=2.0), lesson(-1, spam=True, logit=9.0)] * 200
    frozen = [lesson(0, spam=True, logit=9.0), lesson(0, spam=False, logit=-9.0)]

    assert trial(lax, lax, frozen, reported).accepted
    verdict = trial(lax, lax, frozen, [*people, *reported])
    assert not verdict.accepted
    assert verdict.report["newest"]["base"]["spam"] == 5


def test_an_owner_sees_what_a_key_reported_and_withdraws_it(app, caller):
    report_all(caller)
    fit(app)
    hire(app, site_of(app), "Olga", Role.OWNER)
    olga = visitor(app)
    sign_in(olga, "Olga")
    page = olga.get("/sites/blog/model").text
    assert "Key <bdi>WordPress</bdi>" in page
    assert "reported 6 honest, 6 spam" in page
    assert "and what programs report by their keys" in page

    key = caller.key[:8]
    labels = "/sites/blog/model/labels"
    submit_form(olga, labels, action="withdraw", key=key)
    assert judges_alone(app)
    assert "12 earlier reports are withdrawn" in olga.get("/sites/blog/model").text
    fit(app)
    assert judges_alone(app)

    caller.spam(comment_content=SELLING[0], comment_author="Seller 0")
    assert "reported 0 honest, 1 spam; 11 earlier" in olga.get("/sites/blog/model").text
    submit_form(olga, labels, action="restore", key=key)
    assert fit(app)
    assert not judges_alone(app)
    assert submit_form(olga, labels, action="withdraw", key="unknown1").status_code == 404


def test_a_key_of_another_site_withdraws_nothing(app, caller):
    shop = found_demo_site(app, "shop", ["https://shop.example.org"])
    other = akismet_key(app, shop)
    with app.app_context(), pytest.raises(NotFoundError):
        training.withdraw_reports(app.extensions[HOUSE], 1, other[:8])


def test_reports_go_after_a_year_and_the_oldest_when_there_are_too_many(
    app_on_both, caller_on_both, clock, monkeypatch
):
    monkeypatch.setattr(reports, "KEPT", 4)
    for place in range(6):
        caller_on_both.spam(comment_content=SELLING[place])
        clock.move(days=1)
    assert len(rows(app_on_both, ReportedExample)) == 4
    clock.move(days=363)
    with app_on_both.app_context():
        housekeeping.tidy(app_on_both.extensions[HOUSE])
    assert len(rows(app_on_both, ReportedExample)) == 2


def test_reports_of_older_feature_code_teach_nothing(app, caller):
    report_all(caller, 3)
    with app.app_context(), transaction() as session:
        session.execute(sa.update(ReportedExample).values(feature_version="older"))

    assert not fit(app)


def test_a_site_that_does_not_learn_keeps_reports_for_later(app, caller):
    with app.app_context(), transaction() as session:
        site = session.get_one(Site, 1)
        site.stored_policy = replace(site.policy, learn=False).to_json()
    report_all(caller, 3)
    assert not fit(app)
    with app.app_context():
        training.set_learning(app.extensions[HOUSE], 1, learn=True)
    assert fit(app)

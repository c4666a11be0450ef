"""Rules on comments that come and are edited: through the readers' doors, on both databases."""

import json
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import (
    AuditEntry,
    Comment,
    Contact,
    Decision,
    Event,
    Moderator,
    QueueCount,
    Rule,
    RuleKind,
    RuleVerdict,
    Status,
    Thread,
)
from service.db import db
from service.errors import InvalidError, NotFoundError
from service.records.audit import by_moderator
from service.rules import changes
from service.text.scoring import Scorer
from service.web.context import HOUSE
from tests.building import found_demo_site, make_moderator, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import BrokenModel
from tests.web.desk import SITE_ORIGIN, move_to, path_of, send_json, set_policy, site_of

BLOCK, TRUST, HOLD = RuleVerdict.BLOCK, RuleVerdict.TRUST, RuleVerdict.HOLD
HOST, WORD = RuleKind.HOST, RuleKind.WORD
ANA, BOB = "ana.souza@example.org", "bob@example.org"


def owner_of(app):
    return make_moderator(app, f"Olga{len(rows(app, Moderator))}", operator=False)


def rule(app, kind, verdict, typed):
    """Save rules as their owner would, after the rehearsal."""
    owner, house = owner_of(app), app.extensions[HOUSE]
    with app.app_context():
        wanted = changes.wanted(kind, verdict, typed)
        return changes.add_rules(replace(house, doer=by_moderator(owner)), 1, owner, wanted)


def rule_on_author(app, verdict, public_id):
    owner, house = owner_of(app), app.extensions[HOUSE]
    contact = rows(app, Comment, Comment.public_id == public_id)[0].contact_id
    with app.app_context():
        wanted = changes.wanted_author(contact, verdict)
        return changes.add_rules(replace(house, doer=by_moderator(owner)), 1, owner, wanted)


def end(app, number):
    owner, house = owner_of(app), app.extensions[HOUSE]
    with app.app_context():
        return changes.end_rule(replace(house, doer=by_moderator(owner)), 1, owner, number)


def send(app, text="The river part stayed with me.", **fields):
    """Send a comment from the site's page; returns it as it was stored, and its receipt's token."""
    answer = send_json(visitor(app), headers=SITE_ORIGIN, comment=text, **fields)
    assert answer.status_code == 202, answer.json
    assert answer.json["status"] == "held"
    comment = rows(app, Comment, Comment.public_id == answer.json["id"])[0]
    return comment, answer.json["receipt"].rsplit("/", 1)[1]


def approved(app, text="My first one here, about the boats.", **fields):
    """A comment that was approved; returns it and its receipt's token."""
    comment, receipt = send(app, text, **fields)
    move_to(app, site_of(app), comment.public_id, Status.APPROVED)
    return comment, receipt


def test_a_blocked_word_files_the_next_comment_to_the_spam_tray(app_on_both):
    rule(app_on_both, WORD, BLOCK, "casino\nbuy now")
    comment, _ = send(app_on_both, "Come to the c4s1no tonight.")

    assert (comment.status, comment.note) == (Status.SPAM, "Rule: the word casino is blocked.")
    assert comment.signals["rules"] == [rows(app_on_both, Rule)[0].id]
    assert [event.type.value for event in rows(app_on_both, Event)] == ["comment.created"]
    assert rows(app_on_both, Decision) == []
    assert send(app_on_both, "No such word here.")[0].status is Status.PENDING


def test_a_blocked_host_files_what_links_below_it(app_on_both):
    rule(app_on_both, HOST, BLOCK, "casino.example")
    comment, _ = send(app_on_both, "Look at https://spin.casino.example/now")
    assert comment.note == "Rule: the host casino.example is blocked."
    assert comment.status is Status.SPAM
    assert send(app_on_both, "Me again.", url="https://casino.example")[0].status is Status.SPAM


def test_a_blocked_author_is_known_by_the_address_however_he_writes_it(app_on_both):
    first, _ = send(app_on_both, email=BOB)
    rule_on_author(app_on_both, BLOCK, first.public_id)

    again, _ = send(app_on_both, "Me again.", author="Robert", email="BOB@example.org")
    assert (again.status, again.note) == (Status.SPAM, "Rule: this author is blocked.")
    assert send(app_on_both, "Somebody else.", email=ANA)[0].status is Status.PENDING
    assert rows(app_on_both, Comment)[0].status is Status.PENDING  # what is there is not touched


def test_who_is_filed_by_a_rule_is_told_that_he_waits(app):
    rule(app, WORD, BLOCK, "casino")
    _, receipt = send(app, "Come to the casino.")
    answer = visitor(app).get(f"/receipts/{receipt}", headers={"Accept": "application/json"})
    assert answer.json["state"] == "waiting"


def test_trust_keeps_a_score_from_filing_and_a_block_goes_before_it(app_on_both):
    set_policy(app_on_both, site_of(app_on_both), spam_tray_at=0.0)
    rule(app_on_both, HOST, TRUST, "fine.example")
    trusted, _ = send(app_on_both, "See https://fine.example/a")
    assert (trusted.status, trusted.note) == (
        Status.PENDING,
        "Rule: the host fine.example is trusted, so the score does not file this.",
    )
    assert send(app_on_both, "No link here.")[0].status is Status.SPAM

    rule_on_author(app_on_both, TRUST, trusted.public_id)
    assert send(app_on_both, "Nothing but words.")[0].status is Status.PENDING
    rule(app_on_both, WORD, BLOCK, "words")
    assert send(app_on_both, "Some more words.")[0].status is Status.SPAM


def test_a_word_that_holds_lets_a_comment_wait_whatever_its_score(app_on_both):
    set_policy(app_on_both, site_of(app_on_both), spam_tray_at=0.0)
    rule(app_on_both, WORD, HOLD, "lawyer*")
    comment, _ = send(app_on_both, "My lawyers will write to you.")
    assert comment.status is Status.PENDING
    assert comment.note == "Rule: the word lawyer* makes this wait."


def test_the_blind_sample_is_never_filed(make_app, database_url):
    app = make_app(database_url, blind_sample=1.0)
    rule(app, WORD, BLOCK, "casino")
    comment, _ = send(app, "Come to the casino.")
    assert (comment.blind, comment.status) == (True, Status.PENDING)


def test_a_rule_on_another_site_says_nothing_here(app):
    owner, house = owner_of(app), app.extensions[HOUSE]
    with app.app_context():
        other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
        changes.add_rules(house, other.id, owner, changes.wanted(WORD, BLOCK, "casino"))
    assert send(app, "Come to the casino.")[0].status is Status.PENDING


def test_an_ended_rule_touches_nothing_more_and_stays_on_record(app_on_both):
    [made] = rule(app_on_both, WORD, BLOCK, "casino")
    assert send(app_on_both, "A casino.")[0].status is Status.SPAM
    end(app_on_both, made.id)
    end(app_on_both, made.id)

    assert send(app_on_both, "A second casino.")[0].status is Status.PENDING
    [kept] = rows(app_on_both, Rule)
    assert kept.ended_at is not None
    acts = [(entry.act, entry.subject["rule"]) for entry in rows(app_on_both, AuditEntry)]
    assert acts == [("rule.add", made.id), ("rule.end", made.id)]


def test_the_other_verdict_on_the_same_takes_its_place_and_the_same_again_changes_nothing(
    app_on_both,
):
    rule(app_on_both, HOST, BLOCK, "casino.example")
    assert rule(app_on_both, HOST, BLOCK, "https://www.casino.example/") == []
    [trust] = rule(app_on_both, HOST, TRUST, "casino.example")
    live = [one.id for one in rows(app_on_both, Rule) if one.ended_at is None]
    assert live == [trust.id]
    assert rule(app_on_both, WORD, BLOCK, "casino example") != []  # of another kind


def test_a_rule_of_another_site_cannot_be_ended(app):
    [made] = rule(app, WORD, BLOCK, "casino")
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    with app.app_context(), pytest.raises(NotFoundError):
        changes.end_rule(app.extensions[HOUSE], other.id, 1, made.id)


def test_a_site_has_so_many_rules_and_no_more(app, monkeypatch):
    monkeypatch.setattr(changes, "MOST_LIVE", 3)
    rule(app, WORD, BLOCK, "one\ntwo")
    with pytest.raises(InvalidError):
        rule(app, WORD, BLOCK, "three\nfour")
    assert [one.typed for one in rows(app, Rule)] == ["one", "two"]


def test_an_edit_is_judged_by_rules_again(app_on_both):
    rule(app_on_both, WORD, BLOCK, "casino")
    comment, receipt = approved(app_on_both)
    visitor(app_on_both).post(
        f"/receipts/{receipt}", data={"action": "edit", "comment": "A casino, really."}
    )
    edited = rows(app_on_both, Comment)[0]
    assert (edited.status, edited.note) == (Status.SPAM, "Rule: the word casino is blocked.")
    assert edited.public_id == comment.public_id


def test_an_edit_publishes_nothing(app):
    set_policy(app, site_of(app), publish_proven=True)
    _, receipt = approved(app)
    visitor(app).post(f"/receipts/{receipt}", data={"action": "edit", "comment": "Other words."})
    assert rows(app, Comment)[0].status is Status.PENDING


def test_who_proves_himself_is_published_by_a_decision_like_any_other(app_on_both):
    app = app_on_both
    set_policy(app, site_of(app), publish_proven=True)
    first, receipt = approved(app)
    version = rows(app, Thread)[0].version
    comment, _ = send(app, "And a second one.", receipt=receipt)

    assert (comment.status, comment.version, comment.note) == (Status.APPROVED, 2, "")
    decision = rows(app, Decision, Decision.comment_id == comment.id)[0]
    assert (decision.moderator_id, decision.before, decision.after) == (
        None,
        Status.PENDING,
        Status.APPROVED,
    )
    assert decision.why == "Rule: the author proved to be one whose comments were approved here."
    assert rows(app, Thread)[0].version == version + 1
    assert [(one.seen, one.approved) for one in rows(app, Contact)] == [(2, 2)]
    with app.app_context():
        counts = db.session.execute(sa.select(QueueCount.status, QueueCount.number)).all()
    assert {status: number for status, number in counts if number} == {Status.APPROVED: 2}
    events = rows(app, Event, Event.comment_id == comment.id)
    hold = app.extensions[HOUSE].settings.undo_hold
    assert [
        (one.type.value, json.loads(one.body)["data"]["status"], one.decision_id) for one in events
    ] == [("comment.created", "pending", None), ("comment.approved", "approved", decision.id)]
    assert (events[1].release_at - events[0].release_at).total_seconds() == hold
    assert "And a second one." in visitor(app).get("/s/blog/thread.html?page=/amazon").text
    assert first.contact_id == comment.contact_id


def test_a_whole_receipt_link_proves_as_its_token_does(app):
    set_policy(app, site_of(app), publish_proven=True)
    _, receipt = approved(app)
    link = f"https://comments.example.org/receipts/{receipt}"
    assert send(app, "Second.", receipt=link)[0].status is Status.APPROVED


def test_the_answer_and_the_form_never_tell_that_it_was_published(app):
    set_policy(app, site_of(app), publish_proven=True)
    _, receipt = approved(app)
    told = [
        send_json(visitor(app), headers=SITE_ORIGIN, comment=text, receipt=receipt).json
        for text, receipt in (("One more.", receipt), ("Another.", ""))
    ]
    assert told[0]["status"] == told[1]["status"]
    assert told[0]["message"] == told[1]["message"]
    published, waiting = (visitor(app).get(path_of(one["receipt"])).text for one in told)
    assert "Published" in published
    assert "Published" not in waiting


def forged(receipt):
    return receipt[:-1] + ("a" if receipt[-1] != "a" else "b")


def test_without_the_right_proof_a_comment_waits(app_on_both):
    app = app_on_both
    set_policy(app, site_of(app), publish_proven=True)
    _, of_ana = approved(app, email=ANA)
    _, of_bob = approved(app, "Bob was here.", author="Bob", email=BOB)
    waiting, of_waiting = send(app, "This one waits.", author="Ana", email=ANA)
    proofs = {
        "none": "",
        "another's": of_bob,
        "forged": forged(of_ana),
        "of one that waits": of_waiting,
        "nonsense": "x" * 500,
    }
    for name, receipt in proofs.items():
        assert send(app, f"With {name}.", receipt=receipt)[0].status is Status.PENDING, name
    without_address = {"email": "", "receipt": of_ana}
    set_policy(app, site_of(app), publish_proven=True, require_email=False)
    assert send(app, "Without an address.", **without_address)[0].status is Status.PENDING
    answer = send_json(visitor(app), comment="From no page of the site.", receipt=of_ana)
    found = rows(app, Comment, Comment.public_id == answer.json["id"])[0]
    assert (found.status, waiting.status) == (Status.PENDING, Status.PENDING)


def test_a_receipt_of_another_site_proves_nothing_here(app):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    set_policy(app, site_of(app), publish_proven=True)
    approved(app)
    answer = visitor(app).post(
        "/s/other/comments",
        json={"comment": "Elsewhere.", "author": "Ana", "email": ANA, "page": "/x"},
    )
    other = rows(app, Comment)[-1]
    move_to(app, rows(app, type(site_of(app)))[1], other.public_id, Status.APPROVED)
    receipt = answer.json["receipt"].rsplit("/", 1)[1]
    assert send(app, "Here.", receipt=receipt)[0].status is Status.PENDING


@pytest.mark.parametrize("how", ["to trash", "withdrawn", "erased"])
def test_proof_ends_with_the_comment_it_rests_on(app, how):
    set_policy(app, site_of(app), publish_proven=True)
    approved(app, "One that stays.")
    comment, receipt = approved(app)
    if how == "to trash":
        move_to(app, site_of(app), comment.public_id, Status.TRASH)
    else:
        action = {"withdrawn": "withdraw", "erased": "erase"}[how]
        visitor(app).post(f"/receipts/{receipt}", data={"action": action, "sure": "1"})
    assert send(app, "With old proof.", receipt=receipt)[0].status is Status.PENDING


def test_an_author_rejected_as_often_as_approved_waits(app):
    set_policy(app, site_of(app), publish_proven=True)
    _, receipt = approved(app)
    bad, _ = send(app, "Something nasty.")
    move_to(app, site_of(app), bad.public_id, Status.SPAM)
    assert send(app, "With proof.", receipt=receipt)[0].status is Status.PENDING


def test_a_trusted_author_is_published_with_proof_alone_where_nobody_else_is(app_on_both):
    first, receipt = approved(app_on_both)
    rule_on_author(app_on_both, TRUST, first.public_id)

    assert send(app_on_both, "Without proof.")[0].status is Status.PENDING
    comment, _ = send(app_on_both, "With proof.", receipt=receipt)
    assert comment.status is Status.APPROVED
    why = rows(app_on_both, Decision, Decision.comment_id == comment.id)[0].why
    assert why == "Rule: this author is trusted, and proved to be the one."


def test_a_check_that_fails_publishes_nothing_even_with_proof(app):
    set_policy(app, site_of(app), publish_proven=True)
    first, receipt = approved(app)
    rule_on_author(app, TRUST, first.public_id)
    app.extensions[HOUSE] = replace(app.extensions[HOUSE], scorer=Scorer(BrokenModel()))
    comment, _ = send(app, "With proof.", receipt=receipt)
    assert (comment.status, comment.probability) == (Status.PENDING, None)


def test_more_links_than_the_site_lets_wait_even_with_proof(app):
    set_policy(app, site_of(app), publish_proven=True, links_most=1)
    _, receipt = approved(app)
    comment, _ = send(app, "See https://a.example and https://b.example", receipt=receipt)
    assert comment.status is Status.PENDING
    assert comment.note.startswith("It holds 2 links")
    assert send(app, "See https://a.example", receipt=receipt)[0].status is Status.APPROVED


def test_erasing_an_author_takes_the_rule_on_him_along_and_the_note_of_the_comment(app_on_both):
    app = app_on_both
    first, receipt = send(app, "See https://casino.example", email=BOB)
    rule(app, HOST, BLOCK, "casino.example")
    rule_on_author(app, BLOCK, first.public_id)
    _, receipt = send(app, "Again https://casino.example", author="Bob", email=BOB)
    visitor(app).post(f"/receipts/{receipt}", data={"action": "erase", "sure": "1"})

    assert [one.kind for one in rows(app, Rule)] == [HOST]
    assert rows(app, Contact) == []
    assert rows(app, Comment)[-1].note == ""
    again, _ = send(app, "Here I am again.", author="Bob", email=BOB)
    assert again.status is Status.PENDING


def test_what_rules_said_is_not_in_the_authors_export(app):
    rule(app, WORD, BLOCK, "casino")
    comment, receipt = send(app, "A casino.")
    assert comment.signals["rules"]
    export = visitor(app).post(f"/receipts/{receipt}", data={"action": "export"})
    assert "rules" not in export.json["signals"]
    assert "Rule" not in export.text


def test_proofs_at_the_same_moment_are_all_published_and_counted(app_on_both):
    app = app_on_both
    set_policy(app, site_of(app), publish_proven=True)
    _, receipt = approved(app)
    others = [send(app, f"Waiting {number}.")[0].public_id for number in range(3)]
    barrier, found = threading.Barrier(9), []

    def proves(number):
        barrier.wait(10)
        found.append(send(app, f"Proven {number}.", receipt=receipt)[0].status)

    def waits(number):
        barrier.wait(10)
        found.append(send(app, f"Plain {number}.")[0].status)

    def decides(number):
        barrier.wait(10)
        move_to(app, site_of(app), others[number], Status.APPROVED)

    racers = [
        threading.Thread(target=deed, args=(number,))
        for deed in (proves, waits, decides)
        for number in range(3)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert sorted(found) == [Status.APPROVED] * 3 + [Status.PENDING] * 3
    assert [(one.seen, one.approved) for one in rows(app, Contact)] == [(10, 7)]
    assert [thread.version for thread in rows(app, Thread)] == [7]

"""Where a comment goes: every signal alone, and no mixture that publishes without proof."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Policy, RuleKind, RuleVerdict, Status
from service.rules.arrival import NOTE_LENGTH, Case, arrival
from service.text.rulebook import Entry, Spoken
from service.text.scoring import FAILED, Scored

CLEAN = Scored(probability=0.05, band="fine", known_language=True, note="")
SEEN = {"origin": True, "alarm": "calm", "honeypot": False, "quick": False}
PROVEN = Case(CLEAN, SEEN, proven=True)
OPEN = Policy(publish_proven=True)
AUTHOR = Entry(1, RuleKind.AUTHOR, RuleVerdict.TRUST, "7", "", 7)
AUTHOR_TRUSTED = Spoken((AUTHOR,), trusted=True, author_trusted=True)
HOST = Entry(2, RuleKind.HOST, RuleVerdict.TRUST, "a.example", "a.example")
CASINO = Entry(3, RuleKind.WORD, RuleVerdict.BLOCK, "casino", "casino")
MAYBE = Entry(4, RuleKind.WORD, RuleVerdict.HOLD, "maybe", "maybe")
HOST_TRUSTED = Spoken((HOST,), trusted=True)
BLOCKED = Spoken((CASINO, AUTHOR), trusted=True, author_trusted=True)
HELD = Spoken((MAYBE, AUTHOR), trusted=True, author_trusted=True)
SURE = replace(CLEAN, probability=0.99, band="spam")


def where(policy, case):
    return arrival(policy, case).status


def test_an_author_who_proved_himself_is_published_where_the_site_lets_it():
    assert where(OPEN, PROVEN) is Status.APPROVED
    assert where(Policy(), PROVEN) is Status.PENDING
    assert where(Policy(), replace(PROVEN, spoken=AUTHOR_TRUSTED)) is Status.APPROVED
    assert where(Policy(), replace(PROVEN, spoken=HOST_TRUSTED)) is Status.PENDING


@pytest.mark.parametrize(
    "change",
    [
        {"proven": False},
        {"remark": "A test."},
        {"blind": True},
        {"links": 3},
        {"spoken": HELD},
        {"scored": Scored()},
        {"scored": replace(CLEAN, note=FAILED)},
        {"scored": replace(CLEAN, probability=None, band=None)},
        {"scored": replace(CLEAN, known_language=False)},
        {"scored": SURE},
        {"signals": {**SEEN, "origin": False}},
        {"signals": {**SEEN, "alarm": "slow"}},
        {"signals": {**SEEN, "alarm": "work"}},
        {"signals": {**SEEN, "honeypot": True}},
        {"signals": {**SEEN, "quick": True, "ticket_age": 0.4}},
        {"signals": {}},
    ],
)
@pytest.mark.parametrize("spoken", [Spoken(), AUTHOR_TRUSTED])
def test_anything_unsure_waits_even_with_proof(change, spoken):
    policy = replace(OPEN, links_most=2)
    case = replace(PROVEN, spoken=spoken)
    assert where(policy, case) is Status.APPROVED
    assert where(policy, replace(case, **change)) is Status.PENDING


def test_a_block_files_whatever_else_speaks_and_says_so():
    told = arrival(OPEN, replace(PROVEN, spoken=BLOCKED))
    assert (told.status, told.note) == (Status.SPAM, "Rule: the word casino is blocked.")
    assert where(OPEN, replace(PROVEN, spoken=BLOCKED, remark="A test.")) is Status.SPAM


@pytest.mark.parametrize("spoken", [BLOCKED, HELD, AUTHOR_TRUSTED, Spoken()])
def test_the_blind_sample_is_neither_filed_nor_published(spoken):
    policy = replace(OPEN, spam_tray_at=0.5)
    for scored in (CLEAN, SURE):
        assert where(policy, replace(PROVEN, scored=scored, spoken=spoken, blind=True)) is (
            Status.PENDING
        )


def test_a_word_that_holds_goes_before_the_score():
    policy = Policy(spam_tray_at=0.9)
    case = Case(SURE, SEEN)
    assert where(policy, case) is Status.SPAM
    assert arrival(policy, replace(case, spoken=HELD)).note == (
        "Rule: the word maybe makes this wait."
    )
    assert where(policy, replace(case, spoken=HELD)) is Status.PENDING


@pytest.mark.parametrize("spoken", [AUTHOR_TRUSTED, HOST_TRUSTED])
def test_no_score_files_what_is_trusted_and_none_publishes_it(spoken):
    policy = Policy(spam_tray_at=0.5, publish_proven=True)
    told = arrival(policy, Case(replace(CLEAN, probability=0.6), SEEN, spoken=spoken, proven=True))
    assert told.status is Status.PENDING
    assert "is trusted, so the score does not file this" in told.note


def test_too_many_links_wait_with_a_remark_and_the_score_may_still_file_them():
    policy = Policy(links_most=2, spam_tray_at=0.9)
    told = arrival(policy, Case(CLEAN, SEEN, links=3))
    assert told.status is Status.PENDING
    assert told.note == "It holds 3 links; the site lets a comment with more than 2 wait."
    assert where(policy, Case(SURE, SEEN, links=3)) is Status.SPAM
    assert arrival(policy, Case(CLEAN, SEEN, links=2)).note == ""


ENTRIES = st.builds(
    Entry,
    st.just(1),
    st.sampled_from(RuleKind),
    st.sampled_from(RuleVerdict),
    st.text(max_size=300),
    st.text(max_size=300),
)
CASES = st.builds(
    Case,
    scored=st.builds(
        Scored,
        probability=st.none() | st.floats(0, 1),
        band=st.sampled_from([None, "fine", "unsure", "spam"]),
        known_language=st.booleans(),
        note=st.sampled_from(["", FAILED]),
    ),
    signals=st.dictionaries(
        st.sampled_from(["origin", "alarm", "honeypot", "quick", "ticket_age"]),
        st.sampled_from([None, True, False, "calm", "slow", "work", 1, 0.2]),
    ).filter(lambda seen: not isinstance(seen.get("ticket_age"), str)),
    links=st.integers(0, 9),
    spoken=st.builds(
        Spoken, st.lists(ENTRIES, min_size=1, max_size=3), st.booleans(), st.booleans()
    ),
    blind=st.booleans(),
    proven=st.booleans(),
    remark=st.sampled_from(["", "A test."]),
)
POLICIES = st.builds(
    Policy,
    spam_tray_at=st.none() | st.floats(0, 1),
    links_most=st.none() | st.integers(0, 9),
    publish_proven=st.booleans(),
)


@given(POLICIES, CASES)
def test_nothing_is_published_without_proof_a_rule_and_a_clean_check(policy, case):
    told = arrival(policy, case)

    assert len(told.note) <= NOTE_LENGTH
    assert (told.status is Status.APPROVED) == bool(told.why)
    if told.status is Status.APPROVED:
        assert case.proven
        assert policy.publish_proven or case.spoken.author_trusted
        assert not told.note
        assert not case.blind
        assert not case.spoken.blocked
        assert not case.spoken.held
        assert case.scored.probability is not None
        assert case.scored.band != "spam"
        assert case.signals["alarm"] == "calm"
        assert case.signals["origin"] is True
    if told.status is Status.SPAM:
        assert not case.blind
        assert case.spoken.blocked or policy.spam_tray_at is not None

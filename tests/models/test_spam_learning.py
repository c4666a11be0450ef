"""What a site's verdicts teach the model: the pure part, in memory."""

import json
import pickle
import subprocess
import sys
import zlib
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from models.spam import Document, ModelFileError, load_base
from models.spam.features import LETTERS
from models.spam.site.adapt import STRONGEST, Example, Residual
from models.spam.site.fitting import fit
from models.spam.site.memory import (
    NOTHING,
    Recall,
    family_of,
    memory_logit,
    memory_reasons,
    registered_host,
    trace_of,
)
from models.spam.site.packing import Answer, pack_answer, pack_request, unpack_answer
from models.spam.site.refit import refit
from models.spam.site.signals import SIGNALS, signal_values
from models.spam.site.site_score import score_for_site
from models.spam.site.trial import SURE, split, trial
from models.spam.site.vector import VECTOR_WIDTH, Vector, vector_of

MODEL = load_base()
SUBJECTS = ("boat", "garden", "recipe", "driver", "novel", "window", "bridge", "lamp", "sweater")
HONEST = (
    "I tried the {0} myself last summer and the {1} broke, number {2}",
    "Does the {0} also work without a {1}? Mine has {2} of them",
    "You are wrong about the {0}, my {1} has lasted {2} years",
    "Thank you, my {0} looks like the {1} in picture {2} now",
)
FLATTERY = (
    "Intriguing piece on the {0}, it offers insight into every {1}, chapter {2}",
    "Such a thoughtful reflection on the {0} and the wider {1} landscape, part {2}",
    "This resonates deeply: the {0} truly transforms how we see a {1}, lesson {2}",
)
"""Praise that says nothing, which the base model takes for honest."""


def story(number, seed=0, account=1):
    """Verdicts of a site under flattery, in time order."""
    chance = Random(seed)
    found = []
    for place in range(number):
        spam = place % 2 == 1
        pattern = chance.choice(FLATTERY if spam else HONEST)
        text = pattern.format(chance.choice(SUBJECTS), chance.choice(SUBJECTS), place)
        document = Document(text, f"Name{place}")
        found.append(
            Example(
                vector=vector_of(MODEL, document, {}),
                spam=spam,
                offset=MODEL.score(document).logit,
                account=account,
                family=family_of(trace_of(document)),
            )
        )
    return found


def logits(residual, examples):
    return np.array([e.offset + (residual.of(e.vector) if residual else 0) for e in examples])


def caught(residual, examples):
    """Share of the spam above all but 1 % of the ham."""
    spam = np.array([example.spam for example in examples])
    found = logits(residual, examples)
    limit = np.quantile(found[~spam], 0.99, method="higher")
    return float(np.mean(found[spam] > limit))


def test_what_the_base_cannot_see_a_site_learns_from_thirty_verdicts():
    later = story(300, seed=1)
    spam = np.array([example.spam for example in later])
    assert np.mean(logits(None, later)[spam] > 0) < 0.1
    assert np.mean(logits(fit(story(30)), later)[spam] > 0) > 0.9
    assert caught(fit(story(30)), later) > caught(None, later)


def test_nothing_is_learned_from_fewer_than_three_of_a_kind():
    examples = story(40)
    ham = [example for example in examples if not example.spam]
    spam = [example for example in examples if example.spam]
    assert fit([]) is None
    assert fit(ham + spam[:2]) is None
    assert fit(ham[:2] + spam) is None
    assert fit(ham[:3] + spam[:3]) is not None


@pytest.mark.parametrize("kind", [False, True])
def test_a_history_that_is_almost_one_sided_breaks_nothing(kind):
    examples = story(240)
    most = [example for example in examples if example.spam is kind]
    few = [example for example in examples if example.spam is not kind][:3]
    residual = fit(most + few)
    later = story(200, seed=2)
    spam = np.array([example.spam for example in later])
    before, after = logits(None, later)[~spam], logits(residual, later)[~spam]
    assert not np.any(after >= SURE)
    assert np.mean(after > 0) <= np.mean(before > 0) + 0.1
    assert abs(residual.intercept) < 1.0


def test_ten_percent_of_flipped_labels_from_one_account_cost_at_most_three_points():
    later = story(400, seed=3)
    clean = story(300)
    flipped = [
        replace(example, spam=not example.spam, account=2) if place % 10 == 3 else example
        for place, example in enumerate(clean)
    ]
    assert caught(fit(flipped), later) >= caught(fit(clean), later) - 0.03


def test_a_family_of_near_duplicates_counts_as_three():
    examples = story(60)
    odd = replace(examples[0], spam=True, family=7)
    once = fit([*examples, *[odd] * 3])
    often = fit([*examples, *[odd] * 100])
    assert abs(often.of(odd.vector) - once.of(odd.vector)) < 1.0


def test_no_single_feature_decides_alone():
    vector = Vector(np.array([5], np.int32), np.array([1], np.float32))
    other = Vector(np.array([9], np.int32), np.array([1], np.float32))
    examples = [Example(vector, spam=True, offset=-9.0, family=n) for n in range(300)]
    examples += [Example(other, spam=False, offset=9.0, family=-n) for n in range(300)]
    residual = fit(examples)
    assert np.all(np.abs(residual.weights) <= STRONGEST)


def test_fitting_twice_gives_the_same_bytes():
    examples = story(80)
    assert fit(examples).to_bytes() == fit(examples).to_bytes()


def test_a_residual_survives_being_stored():
    residual = fit(story(40))
    again = Residual.from_bytes(residual.to_bytes())
    assert again.to_bytes() == residual.to_bytes()
    example = story(41)[-1]
    assert again.of(example.vector) == residual.of(example.vector)


@pytest.mark.parametrize(
    "harm",
    [
        lambda _stored: b"",
        lambda stored: stored[:10],
        lambda stored: stored[: len(stored) // 2],
        lambda stored: stored[:-1] + bytes([stored[-1] ^ 1]),
        lambda stored: b"GPX1" + stored[4:],
        lambda _stored: pickle.dumps({"weights": [1]}),
        zlib.compress,
        lambda stored: stored + b"more",
    ],
    ids=["empty", "head", "half", "bit", "mark", "pickle", "packed", "longer"],
)
def test_a_residual_that_was_tampered_with_is_refused(harm):
    with pytest.raises(ModelFileError):
        Residual.from_bytes(harm(fit(story(20)).to_bytes()))


@pytest.mark.parametrize(
    "weights",
    [
        Residual(np.array([3, 2], np.int32), np.array([1, 1], np.float32), 0.0),
        Residual(np.array([3], np.int32), np.array([np.nan], np.float32), 0.0),
        Residual(np.array([VECTOR_WIDTH], np.int32), np.array([1], np.float32), 0.0),
        Residual(np.array([-1], np.int32), np.array([1], np.float32), 0.0),
        Residual(np.array([1], np.int32), np.array([1], np.float32), float("inf")),
    ],
    ids=["falling", "no number", "beyond", "below", "infinite"],
)
def test_a_residual_of_impossible_values_is_refused(weights):
    with pytest.raises(ModelFileError):
        Residual.from_bytes(weights.to_bytes())


def test_a_vector_survives_being_stored_to_three_digits():
    vector = vector_of(MODEL, Document("See http://example.org/page for more"), {"reply": True})
    again = Vector.from_bytes(vector.to_bytes())
    assert np.array_equal(again.ids, vector.ids)
    assert np.allclose(again.values, vector.values, rtol=1e-3)
    assert not np.any((vector.ids >= LETTERS.start) & (vector.ids < LETTERS.stop))


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"GPV1",
        b"GPV1\xff\xff\xff\xff",
        b"XXXX\x00\x00\x00\x00",
        b"GPV1\x01\x00\x00\x00\xff\xff\xff\xff\x00\x3c",
        b"GPV1\x01\x00\x00\x00\x01\x00\x00\x00\x00\x7e",
        b"GPV1\x02\x00\x00\x00\x05\x00\x00\x00\x05\x00\x00\x00\x00\x3c\x00\x3c",
    ],
    ids=["empty", "mark", "long", "other", "below", "infinite", "twice"],
)
def test_bytes_that_are_no_vector_are_refused(stored):
    with pytest.raises(ValueError, match="vector"):
        Vector.from_bytes(stored)


def test_unknown_and_hostile_signals_count_as_nothing_seen():
    assert not signal_values({}).any()
    odd = {row.name: value for row, value in zip(SIGNALS, ["x", None, [], {}, "9"], strict=False)}
    assert not signal_values(odd).any()
    assert np.all(np.abs(signal_values({row.name: 10**9 for row in SIGNALS})) <= 1)


def test_a_form_sent_in_a_second_and_one_a_week_old_are_both_told():
    names = [row.words for row in SIGNALS]
    quick, old = signal_values({"ticket_age": 1.0}), signal_values({"ticket_age": 7 * 86_400})
    assert names[int(np.flatnonzero(quick)[0])] == "sent within three seconds"
    assert names[int(np.flatnonzero(old)[0])] == "sent from a form more than a day old"


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("blog.pills.shop", "pills.shop"),
        ("shop.pills.co.uk", "pills.co.uk"),
        ("pills.com.br", "pills.com.br"),
        ("someone.blogspot.com", ""),
        ("bit.ly", ""),
        ("m.youtube.com", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_a_host_is_remembered_by_what_somebody_registered(host, registered):
    assert registered_host(host) == registered


def test_short_comments_are_nobodys_campaign():
    assert trace_of(Document("Nice post, thanks!")).shingles == ()
    assert len(trace_of(Document("one two three four five six")).shingles) == 4


def test_a_long_comment_leaves_at_most_sixty_four_shingles():
    text = " ".join(f"word{n}" for n in range(2000))
    trace = trace_of(Document(text))
    assert len(trace.shingles) == 64
    assert all(-(2**63) <= number < 2**63 for number in trace.shingles)


def test_disguise_does_not_hide_a_campaign():
    plain = trace_of(Document("buy the cheapest replica watches from our new store today"))
    hidden = trace_of(
        Document("buy the ch\u200beapest repl\u0456ca watches from our new st0re today")
    )
    assert len(set(plain.shingles) & set(hidden.shingles)) > 0.5 * len(hidden.shingles)


def test_the_memory_adds_what_its_reasons_say():
    for recall in (NOTHING, Recall(0.3), Recall(0.9, 1, 0), Recall(0.0, 0, 2), Recall(0.6, 0, 1)):
        assert memory_logit(recall) == sum(reason.weight for reason in memory_reasons(recall))
    assert memory_logit(NOTHING) == 0


@pytest.mark.parametrize("recall", [NOTHING, Recall(0.7, 1, 0), Recall(0.3, 0, 1)])
def test_base_memory_and_what_was_learned_add_up_to_the_logit(recall):
    residual = fit(story(60))
    text = "Intriguing piece on the garden, see https://example.org/a and my bridge"
    document = Document(text, "Ann", "https://ann.example.net")
    signals = {"first_timer": True, "thread_rate": 12}
    score = score_for_site(MODEL, document, signals=signals, residual=residual, recall=recall)
    assert sum(reason.weight for reason in score.reasons) == pytest.approx(score.logit, abs=1e-6)
    expected = (
        MODEL.score(document).logit
        + memory_logit(recall)
        + residual.of(vector_of(MODEL, document, signals))
    )
    assert score.logit == pytest.approx(expected, abs=1e-4)
    assert any(reason.name == "learned" for reason in score.reasons)


def test_without_learning_a_site_scores_as_the_base_does():
    document = Document("Best casino bonus http://casino.example.com")
    alone = score_for_site(MODEL, document, signals={}, residual=None)
    assert alone.to_json() == MODEL.score(document).to_json()


def frozen_like(number=60):
    return story(number, seed=9)


def test_a_candidate_that_is_no_worse_takes_over():
    examples = story(100)
    older, newest = split(examples)
    verdict = trial(fit(examples), fit(older), frozen_like(), newest)
    assert verdict.accepted, verdict.report
    assert {"base", "candidate"} <= set(verdict.report["frozen"])
    assert {"base", "live", "candidate"} <= set(verdict.report["newest"])
    json.dumps(verdict.report)


def test_a_candidate_that_flags_honest_comments_is_refused_and_says_why():
    examples = story(100)
    mad = Residual(np.empty(0, np.int32), np.empty(0, np.float32), 6.0)
    _, newest = split(examples)
    verdict = trial(mad, mad, frozen_like(), newest)
    assert not verdict.accepted
    assert any("honest" in reason for reason in verdict.report["reasons"])


def test_a_candidate_that_lets_spam_through_is_refused_and_says_why():
    sure = [
        Example(example.vector, example.spam, 3.0 if example.spam else -3.0)
        for example in story(60, seed=4)
    ]
    asleep = Residual(np.empty(0, np.int32), np.empty(0, np.float32), -5.0)
    verdict = trial(asleep, asleep, sure, sure)
    assert any("of the spam is seen" in reason for reason in verdict.report["reasons"])


def test_a_request_and_its_answer_go_through_a_process_of_their_own():
    examples = story(60)
    request = pack_request(examples)
    done = subprocess.run(
        [sys.executable, "-m", "models.spam.site.refit"],
        input=request,
        capture_output=True,
        check=True,
    )
    answer = unpack_answer(done.stdout)
    assert answer.residual.to_bytes() == fit(examples).to_bytes()
    assert done.stdout == refit(request)
    assert "frozen" in answer.report


def test_too_little_to_learn_from_is_an_answer_without_a_candidate():
    answer = unpack_answer(refit(pack_request(story(4))))
    assert answer == Answer(None, {})
    assert not answer.accepted


@pytest.mark.parametrize(
    "request_bytes", [b"", b"nonsense", pickle.dumps([1, 2])], ids=["empty", "text", "pickle"]
)
def test_a_request_that_makes_no_sense_ends_with_one_line(request_bytes):
    done = subprocess.run(
        [sys.executable, "-m", "models.spam.site.refit"],
        input=request_bytes,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_an_answer_with_a_tampered_candidate_is_refused():
    packed = pack_answer(Answer(fit(story(20)), {"accepted": True}))
    with pytest.raises(ModelFileError):
        unpack_answer(packed[:-1] + bytes([packed[-1] ^ 1]))

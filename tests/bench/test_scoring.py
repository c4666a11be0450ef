"""The stage benchmark runs, and scoring keeps its place beside what was timed with it."""

import pytest

from models.spam import load_base
from tests.bench.scoring import KINDS, PEERS, STAGES, Row, measured, memory, table, text_of

# Far above what is reached, so that a busy machine passes and a return to slow ways does not.
TIMES_COUNTING_WORDS = 40
TIMES_SCIKIT_LEARN = 2.5
TIMES_A_SHORTER_TEXT = 6


@pytest.fixture(scope="module")
def model():
    return load_base()


@pytest.mark.parametrize("kind", KINDS)
def test_scoring_a_long_comment_stays_near_to_counting_its_words(model, kind):
    row = measured(model, kind, 4_000, 15)

    assert row.ratio(PEERS[0]) < TIMES_COUNTING_WORDS
    assert row.ratio(PEERS[1]) < TIMES_SCIKIT_LEARN


def test_a_text_twenty_times_as_long_is_not_twenty_times_as_slow(model):
    # In turns, judged by the quietest: what else the machine does is not the text's fault.
    ratios = []
    for _ in range(3):
        short, long = (measured(model, "plain", size, 15) for size in (4_000, 82_000))
        ratios.append(long.times["whole"][0] / short.times["whole"][0])

    assert min(ratios) < TIMES_A_SHORTER_TEXT


def test_texts_have_the_size_asked_for():
    assert {len(text_of(kind, size)) for kind in KINDS for size in (100, 4_000)} == {100, 4_000}


def test_the_table_has_a_column_per_stage_and_peer():
    times = dict.fromkeys((*STAGES, *PEERS), (2.0, 3.0))

    lines = table([Row("plain", 100, times)]).splitlines()

    assert "| plain | 100 | 2 (3) |" in lines[2]
    assert len({line.count("|") for line in lines}) == 1


def test_the_model_adds_little_memory():
    added = memory()

    if added is None:
        pytest.skip("this system does not say how much memory a process has")
    assert 0 < added[0] < 30_000

"""Training is reproducible, fair to sites and scripts, and what is served is what was trained."""

import gzip
import json
from collections import Counter
from datetime import date
from random import Random

import numpy as np
import pytest

from models.spam import load
from models.spam.document import Document
from models.spam.making.attacks import ATTACKS
from models.spam.making.build import build
from models.spam.making.samples import (
    GROUP_CAP,
    Sample,
    SampleError,
    augmented,
    labels_of,
    read_split,
    sample_weights,
)
from models.spam.making.train import fit, train
from models.spam.measuring.evaluate import evaluate, figures, leave_sites_out
from models.spam.structure import MEASURES
from models.spam.text import fold
from tests.models.spam_samples import samples

MADE = date(2020, 1, 2)


def write(path, rows):
    lines = [
        json.dumps(
            {
                "text": row.document.text,
                "author": row.document.author,
                "url": row.document.url,
                "label": "spam" if row.spam else "ham",
                "site": row.site,
                "lang": row.language,
            }
        )
        for row in rows
    ]
    with gzip.open(path, "wt", encoding="utf-8") as opened:
        opened.write("\n".join(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("labelled")
    write(path / "train.jsonl.gz", samples("haacked") + samples())
    write(path / "dev.jsonl.gz", samples("haacked") + samples())
    return path


@pytest.fixture(scope="module")
def trained(folder):
    return train(folder, made=MADE, seed=3)


def test_what_is_served_is_what_scikit_learn_says(trained, folder):
    rows = read_split(folder, "dev")

    served = np.array([trained.model.score(row.document).logit for row in rows])

    assert np.abs(served - trained.decision(rows)).max() < 1e-4


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained, folder):
    again, other = train(folder, made=MADE, seed=3), train(folder, made=MADE, seed=4)

    first = trained.model.weights.hashed
    assert np.array_equal(first, again.model.weights.hashed)
    assert not np.array_equal(first, other.model.weights.hashed)


def test_files_may_be_named_one_by_one(trained, folder):
    files = [folder / "dev.jsonl.gz", folder / "train.jsonl.gz"]

    again = train(files, made=MADE, seed=3)

    assert np.array_equal(trained.model.weights.hashed, again.model.weights.hashed)


def test_disguise_never_speaks_for_a_comment_whatever_the_training_says():
    odd = Document("Copied from a strange edi\u200btor that spl\u200bits words", "Ann")
    rows = samples() + [Sample(odd, spam=False, site="diary")] * 60

    weights = fit(rows, rows, made=MADE).model.weights

    disguises = [row.disguise for row in MEASURES]
    assert np.all(weights.measured[disguises] >= 0)


def test_a_script_is_known_only_after_enough_honest_comments():
    russian = [
        Sample(Document(f"Спасибо, номер {n}", "Ира"), spam=False, site="x") for n in range(19)
    ]
    rows = samples()

    few = fit(rows + russian[:10], rows, made=MADE).model.card.scripts
    enough = fit(rows + russian, rows, made=MADE).model.card.scripts

    assert "cyrillic" not in few
    assert enough >= {"cyrillic", "latin"}


def test_no_site_weighs_more_than_its_cap_and_both_classes_weigh_alike():
    big = [Sample(Document("a"), spam=False, site="big")] * (10 * GROUP_CAP)
    small = [Sample(Document("b"), spam=False, site="small")] * GROUP_CAP
    spam = [Sample(Document("c"), spam=True, site="big")] * 50
    rows = big + small + spam

    weights = sample_weights(rows)

    assert weights.mean() == pytest.approx(1)
    assert weights[: len(big)].sum() == pytest.approx(weights[len(big) : len(big + small)].sum())
    assert weights[labels_of(rows)].sum() == pytest.approx(weights[~labels_of(rows)].sum())


def test_websites_and_names_are_dropped_lent_and_moved():
    rows = [
        *[Sample(Document("Fine.", "Ann", "http://ann.example"), spam=False, site="a")] * 500,
        *[Sample(Document("Fine.", ""), spam=False, site="b")] * 500,
        *[Sample(Document("Buy at http://spam.example now", "Bob"), spam=True, site="c")] * 500,
    ]

    changed = augmented(rows, Random(1))

    with_website = Counter((row.site, bool(row.document.url)) for row in changed)
    assert 150 < with_website["a", True] < 250
    assert 125 < with_website["b", True] < 225
    assert 200 < with_website["c", True] < 300
    assert sum(bool(row.document.author) for row in changed[500:1000]) > 350
    moved = [row.document for row in changed[1000:] if row.document.url]
    assert {document.url for document in moved} == {"http://spam.example"}
    assert [row.spam for row in changed] == [row.spam for row in rows]


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_an_attack_changes_a_text_and_folding_undoes_it(name):
    text = "Please visit our wonderful casino website at http://casino.com today"

    attacked = ATTACKS[name](text, Random(1))

    assert attacked != text
    shared = set(fold(attacked).text.split()) & set(fold(text).text.split())
    assert len(shared) >= 7


@pytest.mark.parametrize("rows", [[row for row in samples() if row.spam], []])
def test_a_class_that_is_missing_is_named(rows):
    with pytest.raises(ValueError, match="both ham and spam"):
        fit(rows, samples(), made=MADE)


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', '{"text": "x", "label": "maybe"}'])
def test_a_line_that_is_no_labelled_comment_is_named(tmp_path, line):
    (tmp_path / "train.jsonl").write_text('{"text": "x", "label": "ham"}\n' + line)

    with pytest.raises(SampleError, match=r"train\.jsonl, line 2"):
        read_split(tmp_path, "train")


def test_a_build_writes_a_model_that_loads_and_a_card_that_tells_its_figures(folder, tmp_path):
    told = []

    evaluation = build(folder, tmp_path / "out", made=MADE, progress=told.append)

    model = load(tmp_path / "out" / "model.npz")
    card = (tmp_path / "out" / "CARD.md").read_text(encoding="utf-8")
    assert model.name == "base 2020-01-02"
    assert model.card.figures["blogs"]["spam"] == evaluation.sets[0].spam
    assert "## What it cannot do" in card
    assert f"| blogs | {evaluation.sets[0].ham} / {evaluation.sets[0].spam} |" in card
    assert "| ru | 6 |" in card
    assert len(told) > 3


def test_an_evaluation_has_sites_languages_attacks_and_speed(trained, folder):
    evaluation = evaluate(trained.model, folder)

    names = [found.name for found in evaluation.sets]
    assert names[:2] == ["blogs", "blogs and archives"]
    assert {"haacked", "diary", "textdetox"} <= set(names)
    assert dict(evaluation.languages)["ru"].count == 6
    assert {name for name, _ in evaluation.attacks} >= {"none", *ATTACKS}
    assert [speed.characters for speed in evaluation.speed] == [200, 1000, 4000, 82000]
    assert evaluation.left_out == ()


def test_a_blog_left_out_is_judged_on_all_its_comments(folder):
    found = {one.name: one for one in leave_sites_out(folder)}

    everything = read_split(folder, "train") + read_split(folder, "dev")
    rows = [row for row in everything if row.site == "haacked"]
    assert found["haacked"].ham + found["haacked"].spam == len(rows)


def test_figures_of_a_set_worked_out_by_hand():
    logits = np.array([-9.0, -9.0, -9.0, 9.0, 9.0, 9.0, 9.0, -9.0])
    labels = np.array([False, False, False, False, True, True, True, True])

    found = figures("set", logits, labels)

    assert (found.ham, found.spam) == (4, 4)
    assert found.auc == pytest.approx(0.75)
    assert found.flagged.value == found.filed.value == 0.25
    assert found.caught.value == found.fine.value == 0.75
    assert found.flagged.low == pytest.approx(0.0456, abs=1e-4)  # Wilson, 1 of 4
    assert found.flagged.high == pytest.approx(0.6994, abs=1e-4)
    assert found.calibration_error == pytest.approx(0.25, abs=1e-3)


def test_a_set_of_one_class_has_no_curve():
    found = figures("set", np.array([-1.0]), np.array([False]))

    assert found.auc is None
    assert found.recall_at_1 is None
    assert found.caught.count == 0

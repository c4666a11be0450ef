"""What is measured, how it is told, and the page that shows it."""

import json
import shutil
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from random import Random

import numpy as np
import pytest

from models.spam import Document
from models.spam.making.samples import Sample, SampleError, read_split
from models.spam.making.train import train
from models.spam.measuring.card import card
from models.spam.measuring.evaluate import evaluate
from models.spam.measuring.figures import Evaluation, Share
from models.spam.measuring.left_out import folds
from models.spam.measuring.measures import figures, shape, share, threshold
from models.spam.measuring.peers import INSTALL, PROGRAMS, compare, mail, naive_bayes, spamprobe
from models.spam.measuring.replayed import read_replayed
from models.spam.measuring.report import page, write_report
from models.spam.measuring.robustness import (
    APPENDED,
    EMPTIED,
    EVERYTHING,
    PREPENDED,
    attacked,
    changes,
)
from models.spam.measuring.sections import as_text, sections
from models.spam.measuring.tables import percent
from models.spam.measuring.times import by_time, times_of
from tests.models.spam_samples import samples

MADE = date(2020, 1, 2)


def write(path, rows):
    """Write samples as labelled comments, a day apart, newest first."""
    lines = [
        json.dumps(
            {
                "text": row.document.text,
                "author": row.document.author,
                "url": row.document.url,
                "label": "spam" if row.spam else "ham",
                "site": row.site,
                "lang": row.language,
                "time": f"20{30 - number // 28:02}-01-{28 - number % 28:02}T00:00:00+00:00",
            }
        )
        for number, row in enumerate(rows)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("labelled")
    rows = samples("haacked") + samples("joehx")
    write(path / "train.jsonl", rows)
    write(path / "dev.jsonl", rows)
    return path


@pytest.fixture(scope="module")
def model(folder):
    return train(folder, made=MADE).model


@pytest.fixture(scope="module")
def evaluation(model, folder):
    return evaluate(model, folder, sites_left_out=True, curves=True, peers=True)


def test_the_threshold_lets_through_no_more_ham_than_allowed():
    ham = np.arange(1000.0)

    assert np.mean(ham > threshold(ham, 0.01)) <= 0.01
    assert np.mean(ham > threshold(ham, 0.001)) <= 0.001


def test_a_perfect_calibration_lies_on_the_diagonal():
    chance = np.random.default_rng(1)
    told = chance.uniform(0.01, 0.99, 40_000)
    labels = chance.uniform(size=40_000) < told

    found = shape("set", np.log(told / (1 - told)), labels)

    assert max(abs(b.told - b.found) for b in found.reliability) < 0.03
    assert sum(b.count for b in found.reliability) == 40_000


def test_the_curve_never_falls_as_more_ham_may_be_flagged():
    chance = np.random.default_rng(1)
    logits = np.concatenate([chance.normal(-1, 1, 500), chance.normal(1, 1, 500)])

    found = shape("set", logits, np.arange(1000) >= 500)

    alarms, caught = zip(*found.roc, strict=True)
    assert (alarms[0], alarms[-1]) == (0.001, 0.1)
    assert list(caught) == sorted(caught)


def test_a_set_of_one_class_has_no_shape():
    assert shape("set", np.array([1.0]), np.array([True])) is None


def test_halves_are_older_and_newer_by_time_not_by_place():
    times = ["2021", "2019", "", "2022", "2020"]
    logits = np.array([9.0, -9.0, 0.0, 9.0, -9.0])

    older, newer = by_time("blog", times, logits, np.array([True] * 5), parts=2)

    assert (older.caught.value, newer.caught.value) == (0.0, 1.0)
    assert (older.name, newer.name) == ("blog, older half", "blog, newer half")
    assert by_time("blog", ["", ""], logits[:2], np.array([True, True]), parts=2) == ()


def test_equal_comments_keep_the_times_of_their_places(tmp_path):
    row = Sample(Document("The same.", "Ann"), spam=False, site="x")
    write(tmp_path / "dev.jsonl", [row, row])

    found = times_of(tmp_path, "dev", [row, row, row])

    assert found == ["2030-01-28T00:00:00+00:00", "2030-01-27T00:00:00+00:00", ""]


def test_a_blog_is_seen_neither_in_training_nor_in_calibration(folder):
    for fold in folds(folder):
        assert fold.site not in {row.site for row in (*fold.train, *fold.dev)}
        assert {row.site for row in fold.unseen} == {fold.site}
        assert len(fold.times) == len(fold.unseen)


def test_every_change_of_a_spammer_is_tried_and_the_ham_stays(model, folder):
    rows = read_split(folder, "dev")

    found = dict(attacked(model, rows))

    assert {"none", EVERYTHING, EMPTIED, APPENDED, PREPENDED} <= set(found)
    assert all(of.count == sum(row.spam for row in rows) for of in found.values())
    assert attacked(model, [row for row in rows if row.spam]) == ()


def test_honest_words_are_put_after_or_before_and_the_website_goes():
    ham = [Document(" ".join(f"honest{n}" for n in range(100)))]
    spam = Document("Buy now", "Bob", "http://shop.example")
    done = {name: change(spam, Random(1)) for name, change in changes(ham).items()}

    assert done[APPENDED].text.startswith("Buy now honest")
    assert done[PREPENDED].text.endswith(" Buy now")
    assert len(done[APPENDED].text.split()) == 62
    assert done[EMPTIED] == Document("Buy now", "Bob")
    assert done["none"] == spam


def test_an_evaluation_holds_all_there_is_to_know(evaluation):
    assert [found.name for found in evaluation.left_out] == ["haacked", "joehx"]
    assert "haacked, newest third" in {found.name for found in evaluation.times}
    assert "haacked, newer half" in {found.name for found in evaluation.times}
    assert [step.share for step in evaluation.learning][-1] == 1.0
    assert [peer.name for peer in evaluation.peers][:2] == list(PROGRAMS)
    assert evaluation.footprint.file > 1000
    assert 0 < evaluation.footprint.load < 5
    assert {(c.site, c.split) for c in evaluation.collections} >= {("joehx", "dev")}


def test_naive_bayes_tells_the_training_comments_apart(folder):
    rows = read_split(folder, "train")

    logits, seconds = naive_bayes(rows, rows)

    found = figures("set", logits, np.array([row.spam for row in rows]))
    assert found.auc > 0.95
    assert seconds > 0


@pytest.mark.skipif(not shutil.which("spamprobe"), reason=INSTALL)
def test_spamprobe_answers_every_comment_in_its_order(folder):
    rows = read_split(folder, "train")
    hostile = Sample(
        Document("From me\nFrom: you\n\0", 'Q"uo\nte', "http://a b"), spam=False, site="x"
    )

    logits, _ = spamprobe(rows, [*rows, hostile])

    assert len(logits) == len(rows) + 1
    assert figures("set", logits[:-1], np.array([row.spam for row in rows])).auc > 0.9


def test_a_comment_cannot_begin_a_second_mail():
    written = mail(
        Sample(Document("From a\nFrom b\r\nFrom c", "Ann\nFrom d"), spam=False, site="x")
    )

    assert sum(line.startswith("From ") for line in written.split("\n")) == 1


def test_a_filter_that_is_not_installed_is_left_out_with_what_to_do(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    found = compare(folder)

    assert [peer.name for peer in found if peer.missing] == list(PROGRAMS)
    assert INSTALL in found[0].missing
    assert found[-1].sets


def test_text_tells_every_section_that_has_figures(evaluation):
    text = as_text(evaluation)

    titles = [section.title for section in sections(evaluation)]
    assert [line[4:] for line in text.splitlines() if line.startswith("### ")] == titles
    assert "Sites never seen" in titles
    assert "Other filters on the same comments" in titles


def test_what_was_not_measured_is_not_told():
    text = as_text(Evaluation((), (), (), (), ()))

    assert text == ""


def test_a_share_of_nothing_is_a_dash():
    assert percent(share(np.array([], dtype=bool))) == "-"
    assert percent(Share(0.5, 0.25, 0.75, 4)) == "50.0% (25.0%-75.0%)"


def test_a_card_names_the_comments_it_learned_from_and_only_those(model, evaluation):
    text = card(model, evaluation)

    assert "| haacked | train |" in text
    assert "comment pull requests of haacked.com" in text
    assert "YouTube" not in text
    assert "60 honest words appended" in text
    assert "2020-01-02" in text


def test_a_card_of_comments_of_ones_own_names_no_public_collection(model, tmp_path):
    write(tmp_path / "dev.jsonl", [replace(row, site="allotment") for row in samples()])

    text = card(model, evaluate(model, tmp_path))

    assert "| allotment | dev |" in text
    assert "licence" not in text


class Page(HTMLParser):
    """Counts what a page holds."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src") if name in found]


def test_the_page_runs_and_fetches_nothing(model, evaluation):
    text = page(model, evaluation)
    found = Page(text)

    assert "script" not in found.tags
    assert all(link.startswith("#") for link in found.links)
    assert "url(" not in text
    assert "default-src 'none'" in text


def test_every_plot_of_the_page_has_its_words_and_a_table_in_its_section(model, evaluation):
    found = Page(page(model, evaluation))

    assert found.tags.count("svg") == found.tags.count("desc") == found.tags.count("figure") >= 7
    assert found.tags.count("table") > len(sections(evaluation))
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)


def test_names_in_the_page_cannot_be_markup(model, evaluation, tmp_path):
    write(tmp_path / "dev.jsonl", samples("<script>alert(1)</script>"))

    file = write_report(model, evaluate(model, tmp_path), tmp_path / "report" / "new")

    text = file.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_replayed_stream_is_told_stretch_by_stretch(tmp_path, model, evaluation):
    rows = [
        {"label": "spam" if n % 2 else "ham", "probability": 0.5 if n < 50 else n % 2}
        for n in range(100)
    ]
    file = tmp_path / "my blog.out.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))

    found = read_replayed(file)

    assert found.name == "my-blog"
    assert [stretch.until for stretch in found.stretches] == list(range(10, 101, 10))
    assert found.stretches[0].flagged.value == 1.0
    assert found.stretches[-1].flagged.value == 0.0
    assert [half.auc for half in found.halves] == [0.5, 1.0]


@pytest.mark.parametrize("text", ["", '{"label": "ham"}', '{"label": "x", "probability": 1}', "["])
def test_what_is_no_replayed_stream_is_refused(tmp_path, text):
    file = tmp_path / "out.jsonl"
    file.write_text(text)

    with pytest.raises(SampleError, match=r"out\.jsonl"):
        read_replayed(file)

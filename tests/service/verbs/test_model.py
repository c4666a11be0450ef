"""The verbs of `gatepost model` as an operator types them."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.spam import base_path, load
from service.cli import main
from tests.models.spam_samples import samples
from tests.serving import ROOT

PILLS = {"text": "Buy ch\u200beap vi4gra http://pills.example.com", "author": "Pills", "url": None}
RIVER = {"id": 1, "text": "The part about the river stayed with me.", "author": "Ana", "url": ""}


def model(*arguments, typed="", cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "model", *map(str, arguments)],
        cwd=cwd,
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output=True,
        check=False,
        timeout=120,
    )


def typed_here(*arguments, typed=""):
    """The same in this process: to start one takes longer than to score a comment."""
    told, error = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    read = io.TextIOWrapper(io.BytesIO(typed.encode() if isinstance(typed, str) else typed))
    command = ["model", *map(str, arguments)]
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in {"stdin": read, "stdout": told, "stderr": error}.items():
            patch.setattr(sys, name, stream)
        code = main(command)
    for stream in (told, error):
        stream.flush()
    said = told.buffer.getvalue(), error.buffer.getvalue()
    return subprocess.CompletedProcess(command, code, *said)


def answers(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def row_of(sample):
    document = sample.document
    return {
        "text": document.text,
        "author": document.author,
        "url": document.url,
        "label": "spam" if sample.spam else "ham",
        "site": "haacked",
    }


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """One file of labelled comments, without splits."""
    path = tmp_path_factory.mktemp("labelled") / "decided.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(row_of(sample))}\n" for sample in samples())
    return path


@pytest.fixture(scope="module")
def trained(labelled, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "new"
    return model("train", labelled, "--out", out, "--date", "2020-01-02"), out


def test_training_takes_any_labelled_file_and_tells_what_it_does(trained):
    done, out = trained

    told = done.stderr.decode()
    assert done.returncode == 0
    assert "there is no dev.jsonl" in told
    assert "calibrating" in told
    assert told.endswith(f"written to {out}\n")
    assert sorted(path.name for path in out.iterdir()) == ["CARD.md", "model.npz"]
    assert load(out / "model.npz").name == "base 2020-01-02"


def test_the_same_comments_give_the_same_bytes(trained, labelled, tmp_path):
    _, first = trained

    model("train", labelled, "--out", tmp_path, "--date", "2020-01-02")

    assert (tmp_path / "model.npz").read_bytes() == (first / "model.npz").read_bytes()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ('{"text": "x", "label": "ham"}\nno json', "bad.jsonl, line 2"),
        ('{"text": "x", "label": "ham"}', "both ham and spam"),
        ("", "both ham and spam"),
        ('{"text": "x", "label": "perhaps"}', "bad.jsonl, line 1"),
    ],
)
def test_comments_that_cannot_be_trained_on_leave_the_last_model(tmp_path, lines, reason):
    (tmp_path / "bad.jsonl").write_text(lines)
    (tmp_path / "model.npz").write_bytes(b"the last good one")

    done = model("train", tmp_path / "bad.jsonl", "--out", tmp_path)

    [*_, last] = done.stderr.decode().splitlines()
    assert done.returncode == 78
    assert last.startswith("gatepost: these comments cannot be trained on: ")
    assert reason in last
    assert "Traceback" not in done.stderr.decode()
    assert (tmp_path / "model.npz").read_bytes() == b"the last good one"
    assert {path.name for path in tmp_path.iterdir()} == {"bad.jsonl", "model.npz"}


def test_a_folder_without_comments_is_named(tmp_path):
    done = model("train", tmp_path / "nowhere", "--out", tmp_path / "out")

    assert done.returncode == 78
    assert f"{tmp_path / 'nowhere'} is no folder" in done.stderr.decode()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_stopped_takes_its_process_and_its_files_along(labelled, tmp_path, sent):
    training = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "model", "train", labelled, "--out", tmp_path],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    with training:
        # By then the new model file is written, though not in its place.
        assert any("attacking" in line for line in training.stderr)
        [child] = map(
            int, Path(f"/proc/{training.pid}/task/{training.pid}/children").read_text().split()
        )
        os.kill(child, signal.SIGSTOP)  # it can neither finish nor clean up
        training.send_signal(sent)
        code = training.wait(timeout=30)

    assert code == 128 + sent
    assert not Path(f"/proc/{child}").exists()
    assert list(tmp_path.iterdir()) == []


def test_an_evaluation_is_printed_and_written_as_a_page(trained, labelled, tmp_path):
    _, out = trained

    done = model(
        "evaluate", labelled, "--model", out / "model.npz", "--report", tmp_path / "report"
    )

    assert done.returncode == 0
    assert b"### Known sites" in done.stdout
    assert b"| haacked |" in done.stdout
    assert "<svg" in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_comments_are_scored_line_by_line_in_their_order():
    done = model("score", typed="\n".join(map(json.dumps, [RIVER, PILLS])))

    fine, spam = answers(done)
    assert fine["id"] == 1
    assert fine["probability"] < 0.5 < spam["probability"]
    assert fine["band"] in ("fine", "unsure")
    assert fine["known_language"] is True
    assert sum(reason["weight"] for reason in spam["reasons"]) == pytest.approx(
        spam["logit"], abs=0.01
    )


def test_a_field_that_is_null_is_empty():
    nulls = {"text": None, "author": None, "url": None, "title": None, "page_text": None}

    done = typed_here("score", typed=f"{json.dumps(nulls)}\n{json.dumps({'text': ''})}\n")

    first, second = answers(done)
    assert first["probability"] == second["probability"]
    assert first["text"] is None


@pytest.mark.parametrize(
    "bad",
    [b"not json", b"[]", b"{}", b'{"text": 5}', b'{"text": "x", "url": {}}', b"\xff", b"[" * 9999],
)
def test_a_line_that_is_no_comment_is_named_and_the_good_ones_before_it_stand(bad):
    done = typed_here("score", typed=b'{"text": "fine"}\n' + bad + b'\n{"text": "never"}\n')

    assert done.returncode == 1
    assert done.stderr == b"line 2 is not an object with a text\n"
    assert [row["text"] for row in answers(done)] == ["fine"]


def test_a_reader_who_has_seen_enough_ends_the_scoring_quietly(tmp_path):
    (tmp_path / "in.jsonl").write_text(f"{json.dumps(RIVER)}\n" * 300)
    with (tmp_path / "in.jsonl").open("rb") as typed:
        scoring = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "model", "score"],
            cwd=ROOT,
            stdin=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    with scoring:
        assert json.loads(scoring.stdout.readline())["id"] == 1
        scoring.stdout.close()
        told = scoring.stderr.read()

    assert scoring.returncode == 128 + signal.SIGPIPE
    assert told == b""


def test_odd_letters_come_back_as_they_went_in():
    row = {"text": "half a letter \ud800, a mark first \ufeff, Привет"}

    [answer] = answers(typed_here("score", typed=json.dumps(row)))

    assert answer["text"] == row["text"]


def test_decisions_are_replayed_in_their_order_and_the_answer_can_be_measured(labelled, tmp_path):
    rows = [RIVER | {"label": "ham"}, PILLS | {"label": "spam"}]

    done = model("replay", typed="".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "garden.jsonl").write_bytes(done.stdout)
    measured = model("evaluate", labelled, "--replayed", tmp_path / "garden.jsonl")

    assert [row["text"] for row in answers(done)] == [row["text"] for row in rows]
    assert all(0 < row["probability"] < 1 for row in answers(done))
    assert b"Learning from decisions: garden" in measured.stdout


def test_a_line_that_cannot_be_replayed_is_named():
    assert b"line 1" in model("replay", typed="{}\n").stderr
    assert b"UTF-8" in model("replay", typed=b"\xff\n").stderr


def test_an_explanation_tells_what_was_folded_and_weights_that_add_up():
    done = typed_here("explain", typed=json.dumps(PILLS))

    text = done.stdout.decode()
    assert "buy cheap viagra (link)" in text
    assert "invisible characters inside words taken out: 1" in text
    weights = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    numbers = [float(weight) for weight in weights if weight[0] in "+-" and weight[1:]]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=0.05)


def test_a_comment_may_be_explained_from_its_options(tmp_path):
    (tmp_path / "page.txt").write_text("All about cheap viagra.")
    options = ["--text", "Cheap viagra is dangerous, says the page.", "--author", "Ann"]

    alone = typed_here("explain", *options).stdout
    on_topic = typed_here("explain", *options, "--page-text-file", tmp_path / "page.txt").stdout

    assert "“viagra" in alone.decode()
    assert alone != on_topic


def test_what_cannot_be_explained_is_refused():
    assert typed_here("explain", typed="[]").returncode == 1
    assert typed_here("explain", "--text", "x", "--page-text-file", "/nowhere").returncode == 78


def test_a_damaged_model_is_refused_in_words(tmp_path):
    file = tmp_path / "model.npz"
    file.write_bytes(b"no model")

    done = typed_here("score", "--model", file, typed='{"text": "fine"}')

    assert done.returncode == 78
    assert b"model cannot be used" in done.stderr


def test_the_card_says_what_the_model_learned_from():
    assert b"What it learned from" in typed_here("card").stdout
    assert b"What it learned from" in typed_here("card", "--model", base_path()).stdout


def test_a_model_without_a_card_says_so(tmp_path):
    done = typed_here("card", "--model", tmp_path / "model.npz")

    assert done.returncode == 78
    assert b"there is no card" in done.stderr

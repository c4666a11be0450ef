"""Labelled comments without a split of their own are split fairly and always alike."""

import json
from random import Random

import pytest

from models.spam.making.samples import SampleError
from models.spam.making.sources import DEV_SHARE, split_source

WORDS = [f"word{n}" for n in range(400)]


def comments(spam, count=100, seed=1):
    """Comments of chance words: no two alike."""
    random = Random(seed + spam)
    return [
        {"text": " ".join(random.choices(WORDS, k=20)), "label": "spam" if spam else "ham"}
        for _ in range(count)
    ]


def campaign(count):
    """The same advertisement over and over, a word or two changed."""
    random = Random(5)
    words = [f"offer{n}" for n in range(40)]
    found = []
    for number in range(count):
        changed = [*words]
        changed[random.randrange(40)] = f"new{number}"
        found.append({"text": " ".join(changed), "label": "spam"})
    return found


def split(tmp_path, rows, name="all.jsonl"):
    """Write rows, split them, and return the texts of train and dev."""
    into = tmp_path / f"into-{name}"
    into.mkdir()
    file = tmp_path / name
    file.write_text("\n".join(map(json.dumps, rows)))
    source = split_source([file], into)
    read = {
        path.name: [json.loads(line)["text"] for line in path.read_text().splitlines()]
        for path in source.files
    }
    return read["train.jsonl"], read["dev.jsonl"], source


def test_about_the_share_of_each_class_is_split_off_and_nothing_is_lost(tmp_path):
    rows = comments(spam=False, count=200) + comments(spam=True)

    train, dev, source = split(tmp_path, rows)

    labels = {row["text"]: row["label"] for row in rows}
    assert sorted(train + dev) == sorted(labels)
    ham = sum(labels[text] == "ham" for text in dev)
    assert ham == pytest.approx(DEV_SHARE * 200, abs=1)
    assert len(dev) - ham == pytest.approx(DEV_SHARE * 100, abs=1)
    assert f"{len(dev)} of 300 comments are split off" in source.notes[0]


def test_the_order_of_the_comments_changes_nothing(tmp_path):
    rows = comments(spam=False) + comments(spam=True) + campaign(10)
    mixed = [*rows]
    Random(3).shuffle(mixed)

    _, dev, _ = split(tmp_path, rows)
    _, again, _ = split(tmp_path, mixed, "mixed.jsonl")

    assert sorted(dev) == sorted(again)


@pytest.mark.parametrize("seed", range(5))
def test_a_campaign_is_never_on_both_sides(tmp_path, seed):
    rows = comments(spam=False) + comments(spam=True, seed=seed) + campaign(12)

    train, dev, _ = split(tmp_path, rows)

    sides = [sum("offer" in text for text in side) for side in (train, dev)]
    assert 0 in sides
    assert sum(sides) == 12


def test_even_one_campaign_and_a_little_ham_give_both_classes_to_both_sides(tmp_path):
    rows = comments(spam=False, count=3) + comments(spam=True, count=3)

    train, dev, _ = split(tmp_path, rows)

    assert len(dev) == 2
    assert len(train) == 4


def test_a_source_with_a_dev_split_is_taken_as_it_is(tmp_path):
    for name in ("train.jsonl", "dev.jsonl.gz", "extra.jsonl", "notes.jsonl", "read.me"):
        (tmp_path / name).write_bytes(b"")

    source = split_source([tmp_path], tmp_path / "unused")

    assert [file.name for file in source.files] == [
        "dev.jsonl.gz",
        "extra.jsonl",
        "notes.jsonl",
        "train.jsonl",
    ]
    assert source.notes == ("notes.jsonl is no split and is not read",)


def test_extra_comments_are_never_split_off(tmp_path):
    extra = tmp_path / "extra.jsonl"
    extra.write_text("\n".join(map(json.dumps, campaign(5))))
    rest = tmp_path / "rest.jsonl"
    rest.write_text("\n".join(map(json.dumps, comments(spam=False) + comments(spam=True))))
    (tmp_path / "into").mkdir()

    source = split_source([rest, extra], tmp_path / "into")

    assert source.files[-1] == extra
    assert not any("offer" in file.read_text() for file in source.files[:-1])


@pytest.mark.parametrize("line", ["{", "5", "{}", '{"text": "x", "label": "maybe"}'])
def test_a_line_that_is_no_labelled_comment_is_named(tmp_path, line):
    (tmp_path / "all.jsonl").write_text(f'{{"text": "x", "label": "ham"}}\n{line}\n')

    with pytest.raises(SampleError, match=r"all\.jsonl, line 2"):
        split_source([tmp_path], tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SampleError, match=r"gone\.txt"):
        split_source([tmp_path / "gone.txt"], tmp_path)

"""The frozen comments are many, varied and read as they were written."""

import json
from collections import Counter
from pathlib import Path

from models.spam.site import frozen
from models.spam.site.frozen import frozen_comments

SPAM_LANGUAGES = {"en", "ru", "id", "es", "zh"}
HAM_LANGUAGES = SPAM_LANGUAGES | {"pt", "de", "fr", "it", "nl", "uk", "ar", "he", "hi", "ja"}


def test_every_line_of_the_file_becomes_one_comment():
    lines = Path(frozen.__file__).with_name("comments.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in lines.splitlines()]

    assert [comment.document.text for comment in frozen_comments()] == [row["text"] for row in rows]
    assert [comment.spam for comment in frozen_comments()] == [
        {"ham": False, "spam": True}[row["label"]] for row in rows
    ]


def test_there_are_enough_of_both_kinds_and_none_twice():
    spam = sum(comment.spam for comment in frozen_comments())

    assert spam >= 150
    assert len(frozen_comments()) - spam >= 150
    assert len({comment.document for comment in frozen_comments()}) == len(frozen_comments())


def test_honest_comments_come_in_every_language_we_speak_of():
    ham = Counter(comment.language for comment in frozen_comments() if not comment.spam)
    spam = Counter(comment.language for comment in frozen_comments() if comment.spam)

    assert min(ham[language] for language in HAM_LANGUAGES) >= 10
    assert min(spam[language] for language in SPAM_LANGUAGES) >= 6
    assert set(ham) == HAM_LANGUAGES
    assert set(spam) == SPAM_LANGUAGES


def test_some_honest_authors_have_a_website_and_some_sellers_have_none():
    websites = Counter((comment.spam, bool(comment.document.url)) for comment in frozen_comments())

    assert min(websites.values()) >= 20
    assert len(websites) == 4


def test_reading_them_again_costs_nothing():
    assert frozen_comments() is frozen_comments()

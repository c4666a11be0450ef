"""On a page about drugs, casinos or medicine its readers pass and its sellers do not."""

import tomllib
from pathlib import Path

import pytest

from models.spam import Band, Document, load_base
from models.spam.features import _FUNCTION_WORDS as FUNCTION_WORDS

FOLDER = Path(__file__).with_name("articles")
ARTICLES = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.toml"))
}
CAUGHT = 0.80
"""Share of the sellers that the spam band holds; the others wait for a person, none looks fine."""

HELD = 0.05
"""Share of the readers that may look rather like spam than not."""
SHORT = 4

subject = pytest.mark.parametrize("subject", sorted(ARTICLES))


@pytest.fixture(scope="module")
def base():
    return load_base()


def documents(subject, kind, *, page=True):
    article = ARTICLES[subject]
    title, text = (article["title"], article["page_text"]) if page else ("", "")
    return [Document(c["text"], c["author"], c["url"], title, text) for c in article[kind]]


def told(documents):
    return "\n".join(document.text[:70] for document in documents)


def test_each_article_is_a_report_with_readers_and_sellers():
    assert sorted(ARTICLES) == ["casinos", "drugs", "medicine"]
    for article in ARTICLES.values():
        assert 600 <= len(article["page_text"].split()) <= 900
        assert len(article["honest"]) >= 25
        assert len(article["seller"]) >= 15


@subject
def test_no_reader_who_uses_the_articles_words_reaches_the_spam_band(base, subject):
    readers = documents(subject, "honest")

    filed = [reader for reader in readers if base.score(reader).band is Band.SPAM]

    assert not filed, told(filed)


def test_hardly_a_reader_looks_rather_like_spam_than_not(base):
    readers = [reader for subject in ARTICLES for reader in documents(subject, "honest")]

    held = [reader for reader in readers if base.score(reader).probability >= 0.5]

    assert len(held) <= HELD * len(readers), told(held)


def test_four_sellers_of_five_reach_the_spam_band(base):
    sellers = [seller for subject in ARTICLES for seller in documents(subject, "seller")]

    missed = [seller for seller in sellers if base.score(seller).band is not Band.SPAM]

    assert len(missed) <= (1 - CAUGHT) * len(sellers), told(missed)


@subject
def test_every_seller_is_rather_spam_than_not(base, subject):
    doubted = [s for s in documents(subject, "seller") if base.score(s).probability < 0.5]

    assert not doubted, told(doubted)


@subject
def test_no_word_of_the_page_is_held_against_its_readers(base, subject):
    title = ARTICLES[subject]["title"] + " " + ARTICLES[subject]["page_text"]
    words = {word.strip(".,:;?!\"'").lower() for word in title.split()}
    # Function words stand on every page: they are how people write and no topic.
    words = {word for word in words if len(word) >= SHORT} - set(FUNCTION_WORDS.split())

    for reader in documents(subject, "honest"):
        for reason in base.score(reader).reasons:
            if reason.name == "word":
                assert reason.text.split("“")[1].split("”")[0] not in words

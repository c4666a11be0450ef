"""Features mean the same in training and serving, and the page's own words mean nothing."""

import numpy as np
import pytest

from models.spam import hashing
from models.spam.alphabets import codes_of
from models.spam.document import Document
from models.spam.features import (
    BLOCKS,
    LETTERS,
    PAGE_CAP,
    WIDTH,
    WORDS,
    contributions,
    page_words,
    read,
    table_of,
    weigh,
    window,
)
from models.spam.hashing import LONGEST, letter_groups, mixed, pair_hashes, token_hashes
from models.spam.links import LINK
from models.spam.structure import MEASURES, main_script

EVEN = np.ones(WIDTH, dtype=np.float16)


def measured(name, **fields):
    place = [row.name for row in MEASURES].index(name)
    return read(Document(**{"text": "An honest text.", **fields})).measures[place]


def by_hand(piece):
    """The hash as its docstring defines it, one code point at a time."""
    return sum(ord(sign) * hashing._PRIME**n for n, sign in enumerate(piece)) % 2**64  # noqa: SLF001 - looked at from inside on purpose


def test_token_hashes_are_the_polynomial_of_the_docstring():
    tokens = ["casino", "ünïcode", "漢字", "x"]

    assert token_hashes(tokens).tolist() == [by_hand(token) for token in tokens]


def test_letter_groups_are_those_inside_words_and_their_edges():
    text = " ab cde "
    codes = codes_of(text)

    hashes, places = letter_groups(codes, np.cumsum(codes == 32), (3, 4))

    expected = [" ab", "ab ", " cd", "cde", "de ", " ab ", " cde", "cde "]
    hashes, places = np.concatenate(hashes), np.concatenate(places)
    assert hashes.tolist() == [(by_hand(group) + len(group)) % 2**64 for group in expected]
    assert [text[place] for place in places] == [group[1] for group in expected]


def test_pairs_depend_on_their_order():
    first, second = token_hashes(["buy", "now"]), token_hashes(["now", "buy"])

    assert pair_hashes(first)[0] != pair_hashes(second)[0]
    assert len(pair_hashes(first[:1])) == 0


def test_buckets_spread_similar_words_over_the_whole_block():
    found = (mixed(token_hashes([f"word{n}" for n in range(4_000)])) >> np.uint64(54)).astype(int)

    assert np.bincount(found, minlength=1 << 10).max() < 20


def test_every_feature_lies_in_its_block():
    reading = read(Document("Buy this http://a.example/b now", "Ann Lee", "http://c.example/"))

    for block, found in zip(BLOCKS, reading.blocks, strict=True):
        assert len(found.ids)
        assert found.ids.min() >= block.start
        assert found.ids.max() < block.stop


def test_each_block_has_length_one_and_repeats_count_by_their_logarithm():
    reading = read(Document("spam spam ham", "Ann"))

    values = list(weigh(reading.blocks, EVEN * 100))
    sums = {}
    for place, value in zip(reading.blocks[0].ids.tolist(), values[0].tolist(), strict=True):
        sums[place] = sums.get(place, 0) + value
    singles = sorted(sums.values())

    assert sum(value**2 for value in sums.values()) == pytest.approx(1, abs=1e-6)
    assert singles[-1] / singles[0] == pytest.approx(1 + np.log(2), abs=1e-5)


def test_the_one_word_of_a_short_comment_has_not_all_the_weight_there_is():
    rare = np.full(WIDTH, 3, np.float32)
    short, longer = (
        next(weigh(read(Document(text)).blocks, rare))
        for text in ("please", "please tell us about the river boats")
    )
    assert 1.2 < short.max() / longer.max() < 2.5


@pytest.mark.parametrize("word", ["the", "and", "that", "with", "para"])
def test_function_words_are_no_topic_of_a_page(word):
    page = page_words("", f"{word} cocaine {word} traffickers")
    assert not np.isin(token_hashes([word]), page).any()
    assert np.isin(token_hashes(["cocaine"]), page).all()


def test_what_serving_adds_up_is_weights_times_the_values_of_training():
    reading = read(Document("buy buy pills http://a.com", "Ann", "http://b.com", title="Pills"))
    random = np.random.default_rng(1)
    rarity, weights = (random.random(WIDTH, dtype=np.float32) for _ in range(2))

    served = contributions(reading, table_of(rarity, weights))

    trained = weigh(reading.blocks, rarity)
    for block, part, values in zip(reading.blocks, served, trained, strict=True):
        assert part == pytest.approx(values * weights[block.ids], rel=1e-5)


TEXT = "First, don't go to http://a.com and see one.org, then http://b.com or two.org. Bye bye"


@pytest.mark.parametrize(("first", "stop"), [(0, 4), (3, 9), (8, 14), (5, 6), (4, 4), (2, 99)])
def test_a_window_holds_what_its_words_would_hold_alone(first, stop):
    whole = read(Document(TEXT, "Ann Lee", "http://c.example/"))
    links = iter(whole.body.links.links)
    chunks = [next(links) if c == LINK else c for c in whole.body.text.split(" ")]

    seen = window(whole, first, stop)

    alone = read(Document(" ".join(chunks[first:stop]), "Ann Lee", "http://c.example/"))
    for block, expected in zip(seen.blocks, alone.blocks, strict=True):
        assert sorted(block.ids.tolist()) == sorted(expected.ids.tolist())
    assert set(seen.blocks[1].owners.tolist()) <= set(range(first, stop))


def test_a_window_over_everything_is_the_reading_itself():
    whole = read(Document(TEXT, "Ann Lee", "http://c.example/"))

    seen = window(whole, 0, whole.body.text.count(" ") + 1)

    assert seen.ends == whole.ends
    for mine, its in zip(seen.blocks, whole.blocks, strict=True):
        assert np.array_equal(mine.ids, its.ids)
        assert np.array_equal(mine.owners, its.owners)


def test_a_window_of_a_text_with_a_link_in_words_keeps_the_tokens_of_all_links():
    whole = read(Document("see http://a.com or shop dot com now and then"))

    assert len(window(whole, 6, 8).blocks[3].ids) == len(whole.blocks[3].ids)


def test_the_longest_page_can_be_hashed():
    assert PAGE_CAP + 2 <= LONGEST
    assert len(page_words("x" * PAGE_CAP, "abcd " * PAGE_CAP))


@pytest.mark.parametrize("text", ["", " ", "!", "a", "\u200b", "\ud800", "🔥", "http://x.com"])
def test_the_smallest_comments_can_be_read(text):
    reading = read(Document(text))

    assert np.all(np.isfinite(reading.measures))
    assert all(np.all(np.isfinite(part)) for part in weigh(reading.blocks, EVEN))


def test_words_of_the_page_count_as_nothing_and_others_as_before():
    text = "cocaine farmers in the hills"
    plain = read(Document(text))
    on_topic = read(Document(text, title="Cocaine", page_text="Farmers grow it."))

    before, after = list(weigh(plain.blocks, EVEN)), list(weigh(on_topic.blocks, EVEN))

    silent = [n for n, value in enumerate(after[0].tolist()) if value == 0]
    assert silent == [0, 1]  # the two words; the pair "cocaine farmers" is not the page's
    assert after[0][2:].tolist() == before[0][2:].tolist()
    chunks = on_topic.blocks[1].owners
    assert np.all(after[1][chunks <= 1] == 0)
    assert np.all(after[1][chunks > 1] == before[1][chunks > 1])


def test_the_page_is_read_through_the_same_folding():
    assert set(page_words("COCAÏNE", "")) == set(page_words("cocaine", ""))
    assert len(page_words("", "")) == 0


def test_letters_and_words_of_different_blocks_never_meet():
    assert WORDS.stop == LETTERS.start
    assert sum(block.stop - block.start for block in BLOCKS) == WIDTH


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("website", {"url": "http://a.example"}),
        ("website_free_host", {"url": "http://me.blogspot.com"}),
        ("website_shortened", {"url": "http://bit.ly/x"}),
        ("website_depth", {"url": "http://A.Example/b/c"}),
        ("website_dashes", {"url": "http://best-pills.example"}),
        ("website_digits", {"url": "http://777.example"}),
        ("website_capitals", {"url": "http://Pills.example"}),
        ("website_repeated", {"url": "http://a.com", "text": "see http://a.com/b"}),
        ("links", {"text": "see http://a.com and bb.org"}),
        ("hosts", {"text": "see http://a.com and bb.org"}),
        ("link_last", {"text": "see http://a.com"}),
        ("anchors", {"text": '<a href="http://a.com">a</a>'}),
        ("bbcode", {"text": "[url=http://a.com]a[/url]"}),
        ("markdown_links", {"text": "[a](http://a.com)"}),
        ("mails", {"text": "write to me@a.com"}),
        ("phones", {"text": "call +49 221 1234567"}),
        ("name_missing", {"author": " "}),
        ("name_long", {"author": "best cheap pills"}),
        ("name_capitals", {"author": "CHEAP"}),
        ("name_small", {"author": "cheap"}),
        ("name_digits", {"author": "Ann77"}),
        ("name_address", {"author": "www.pills.com"}),
        ("name_in_host", {"author": "Pills Shop", "url": "http://pills.example"}),
        ("name_foreign", {"author": "Иван"}),
        ("wrapped", {"text": "this goes\r\non and on"}),
        ("scripts", {"text": "half Latin, половина русская"}),
        ("quoted", {"text": "“A fine post.”"}),
        ("emoji", {"text": "yes 🔥"}),
        ("markup", {"text": "<b>yes</b>"}),
    ],
)
def test_a_measure_sees_its_thing_and_nothing_without_it(name, fields):
    assert measured(name, author="Ann Lee") == 0 or name == "name_missing"
    assert measured(name, **{"author": "Ann Lee", **fields}) > 0


def test_every_measure_has_its_own_name_and_words():
    assert (
        len({row.name for row in MEASURES}) == len({row.words for row in MEASURES}) == len(MEASURES)
    )


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("plain words", "latin"), ("привет", "cyrillic"), ("漢字 ok", "han"), ("ひらがな", "kana"),
        ("한글", "hangul"), ("سلام", "arabic"), ("שלום", "hebrew"), ("ሰላም", "ethiopic"),
        ("नमस्ते", "devanagari"), ("γεια", "greek"), ("123 !", ""), ("สวัสดี", "thai"),
    ],
)  # fmt: skip
def test_the_main_script_of_a_text_is_known(text, script):
    assert main_script(text) == script

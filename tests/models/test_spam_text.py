"""Folding takes disguises off, counts them, and leaves honest writing alone."""
# ruff: noqa: RUF001 - letters that look like others are what is tested

import re
import time
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.spam.alphabets import (
    CLOAKED,
    EMOJI,
    INVISIBLE,
    KINDS,
    MARK,
    MARKS,
    PICTURE,
    PLAIN,
    STYLE,
    STYLED,
    UNEVEN,
    plain_letters,
)
from models.spam.links import host_of, link_tokens, substitute_near
from models.spam.text import CAP, fold, shorten

TRICKY = st.sampled_from(
    [*"aeixзнаα01345@$.:/&#;<>[]() -_*!\n\u200b\u0301\ufdfa\ue000İß", "&amp;", "&#97;", "http://",
     "www.", ".com", " dot com", "dot", "h77p", "a b c d", "x@y.com", "[url=",
     "<a href", "\U0001d41a"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=80), st.lists(TRICKY, max_size=25).map("".join)))
@settings(max_examples=400, deadline=None)
def test_folding_twice_changes_nothing(text):
    once = fold(text).text

    assert fold(once).text == once


@pytest.mark.parametrize(
    "text",
    [
        "&amp;amp;amp;#97;",
        "h t t p://shop.com",
        "AA0AИ",
        "<A HREFAДД",
        "0A.D0TC0",
        "a a a ahttp://0",
    ],
)
def test_no_step_makes_what_an_earlier_step_would_have_read(text):
    once = fold(text).text

    assert fold(once).text == once


def test_folding_twice_changes_nothing_for_any_single_character():
    # Hangul and Han are left out: thousands of letters that behave like their first.
    codes = [
        *range(0x3400),
        *range(0xA000, 0xAC00),
        *range(0xD7A4, 0x20000),
        *range(0xE0000, 0xE0200),
    ]
    batches = [codes[first : first + 60] for first in range(0, len(codes), 60)]
    texts = [" - ".join(f"ab{chr(c)}cd x{chr(c)}" for c in batch) for batch in batches]

    once = [fold(text).text for text in texts]

    assert [fold(text).text for text in once] == once


@pytest.mark.parametrize(
    ("typed", "read", "what"),
    [
        ("via\u200bgra", "viagra", "hidden"),
        ("\U0001d41b\U0001d42e\U0001d432 now", "buy now", "styled"),
        ("ᴄᴀsɪɴᴏ", "casino", "styled"),
        ("сasinо", "casino", "twins"),
        ("кaзиhо", "казино", "twins"),
        ("v i a g r a now", "viagra now", "spaced"),
        ("v.i.a.g.r.a", "viagra", "spaced"),
        ("v1agra and c4s1n0, v151t b2b", "viagra and casino, visit b2b", "leet"),
        ("z\u0337a\u0337l\u0337go", "zalgo", "marks"),
        ("&#99;asino", "casino", "entities"),
        ("freeeeeee", "freee", "repeats"),
        ("visit example dot com", "visit \ue000", "disguised_links"),
        ("call +1 234 567 8901", "call +0 0 0 0", "phones"),
    ],
)
def test_a_disguise_is_taken_off_and_counted(typed, read, what):
    folded = fold(typed)

    assert folded.text == read
    assert getattr(folded, what) > 0


@pytest.mark.parametrize(
    "honest",
    [
        "Я читал Google и Википедию, спасибо",
        "ο καιρός είναι καλός",
        "میخواهم\u200cبروم",
        "👩\u200d💻 and ❤\ufe0f",
        "naïve café, señor Müller",
        "log4j version 2.17 and Python 3.11",
        "The U.S. and the E.U. agreed",
        "第一章",
    ],
)
def test_honest_writing_shows_no_disguise(honest):
    folded = fold(honest)

    counted = (folded.hidden, folded.twins, folded.styled, folded.spaced, folded.marks)
    assert counted == (0, 0, 0, 0, 0)


def test_links_become_one_sign_and_are_listed_with_their_hosts():
    folded = fold(
        'See HTTP://WWW.Shop.Example.com/a?b=1. or <a href="https://two.org">x</a> me@mail.com'
    )

    assert folded.links.links == ("http://www.shop.example.com/a?b=1", "https://two.org")
    assert folded.links.hosts == ("shop.example.com", "two.org")
    assert (folded.links.mails, folded.links.anchors) == (1, 1)
    assert "shop" not in folded.text


def test_a_link_in_full_width_or_with_look_alikes_is_a_link():
    assert fold("ｈｔｔｐ：／／shop.com").links.hosts == ("shop.com",)
    assert fold("httр://shop.com").links.hosts == ("shop.com",)


def test_a_link_to_a_bare_name_is_a_link():
    assert fold("see http://localhost/{area}").links.hosts == ("localhost",)


def test_programmers_words_with_dots_are_no_links():
    assert fold("node.js beats asp.net, see System.IO and README.md").links.links == ()


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("http://google.com@evil.example:80/x", "evil.example"),
        ("https://WWW.One.org?q", "one.org"),
        ("bare.org/path", "bare.org"),
        ("http://", ""),
        ("", ""),
    ],
)
def test_the_host_is_the_one_a_browser_would_ask(link, host):
    assert host_of(link) == host


def test_tokens_of_the_website_and_of_links_are_kept_apart():
    website = set(link_tokens("http://a-b.example/buy", website=True))

    assert website == {"wtld=example", "whost=a-b.example", "wh=a", "wh=b", "wh=example", "wp=buy"}
    assert not website & set(link_tokens("http://a-b.example/buy", website=False))


def test_a_long_text_keeps_its_head_and_its_tail():
    folded = fold("first " + "filler " * 20_000 + "last")

    assert folded.shortened
    assert len(folded.text) <= CAP
    assert folded.text.startswith("first")
    assert folded.text.endswith("last")
    assert len(shorten("x" * 90, 40)) == 40


@pytest.mark.parametrize("filler", ["\n", "\u200b", " \t", "\u2060\n"])
def test_blank_and_invisible_filler_cannot_push_the_message_out(filler):
    assert "casino" in fold(filler * 41_000 + "casino" + filler * 41_000).text


def test_the_table_of_characters_says_what_the_patterns_say():
    for bit, pattern in ((CLOAKED, INVISIBLE), (MARK, MARKS), (STYLE, STYLED), (PICTURE, EMOJI)):
        said = [bool(kinds & bit) for kinds in KINDS[:-1].tolist()]
        assert said == [bool(pattern.match(chr(code))) for code in range(len(said))]


def test_a_character_that_is_even_only_ever_becomes_small():
    even = [chr(c) for c in range(0x80, len(KINDS) - 1) if not KINDS[c] & UNEVEN]

    plain = [normalize("NFKC", normalize("NFKC", sign).lower()).translate(PLAIN) for sign in even]

    assert plain == [sign.lower() for sign in even]
    assert "".join(plain) == plain_letters("".join(plain))


def test_letters_are_made_plain_as_the_dictionary_says():
    text = "naïve ᴄᴀsɪɴᴏ \U0001f170 \U0001f600 漢 \U000f0000"

    assert plain_letters(text) == text.translate(PLAIN)


def test_a_pattern_tried_only_where_its_sign_is_finds_all_the_same():
    pattern, sign = re.compile(r"(?<!\w)a+b"), re.compile("b")
    for text in ("", "aab", "x aab,ab aab", "xab b  ab ", " ab", "aaa", "ab ab"):
        assert substitute_near(sign, pattern, lambda _: "!", text) == pattern.sub("!", text)


def test_blank_lines_are_left_out_though_the_middle_is_not_looked_at():
    text = "first\n\n\n\n" * 4_000 + " end" * 20_000

    folded = fold(text)

    assert folded.text.startswith("first first")
    assert len(folded.text) > CAP * 0.9


HOSTILE = (
    "a", "a ", "a.", "a.a", "a-", "a@", "@", "!a1", "a1", "1", "1 ", "1a", "w", "www.",
    "http://", "ab.ru", "[url", "<a href", "&#", "&", "&amp;", "&#1", "&#8203;", "dot ", "x dot ",
    "+1(-", "(", "\n", "\r\n ",
    "\u200b", "a\u200b", "\u0301", "a\u0301", "\ufdfa", "é", "éa1", "аb",
    "\U000e0041", "\ud800", "\x00",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_of_82000_characters_is_read_about_as_fast_as_plain_text(piece):
    plain = _fastest("An honest sentence with some words in it. " * 2000)
    hostile = _fastest((piece * 82_000)[:82_000])

    # Something quadratic would be a thousand times slower. The second term is for pieces that
    # must be removed over the whole length before the text is cut.
    assert hostile < 12 * plain + 0.010


def _fastest(text):
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        fold(text)
        times.append(time.perf_counter() - begin)
    return min(times)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_folding_never_makes_a_text_longer_than_it_may_be(text):
    folded = fold(text * 40)

    assert len(folded.text) <= CAP
    assert not INVISIBLE.search(folded.text)
    assert folded.text == folded.text.strip()

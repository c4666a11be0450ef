"""What a site's rules find in a comment, and what they leave alone."""

import pytest

from models import RuleKind, RuleVerdict
from models.spam import Document
from service.text.rulebook import Entry, Rulebook, host_pattern, word_pattern

BLOCK, TRUST, HOLD = RuleVerdict.BLOCK, RuleVerdict.TRUST, RuleVerdict.HOLD
AUTHOR_TRUSTED = Entry(9, RuleKind.AUTHOR, TRUST, "7", "", 7)


def word(typed, verdict=BLOCK, number=1):
    return Entry(number, RuleKind.WORD, verdict, word_pattern(typed), typed)


def host(typed, verdict=BLOCK, number=1):
    return Entry(number, RuleKind.HOST, verdict, host_pattern(typed), host_pattern(typed))


def found(entries, text="", name="", website="", author=None):
    document = Document(text=text, author=name, url=website)
    return Rulebook(entries).spoken(document, author)


@pytest.mark.parametrize(
    "text",
    [
        "A casino.",
        "CASINO",
        "c4s1no night",
        "cas\u200bino",
        "c\u0430sino",
        "c a s i n o",
        "\uff43\uff41\uff53\uff49\uff4e\uff4f",
        "c&#97;sino",
        "càsíno",
        "casino dot com",
        "see https://play.example/casino?x=1",
        "fill " * 3000 + "c4s1no" + " fill" * 3000,
    ],
)
def test_a_word_is_found_however_it_is_disguised(text):
    assert found([word("Casino")], text).note == "Rule: the word Casino is blocked."


@pytest.mark.parametrize("text", ["casinos", "occasino", "cas ino", "a river", ""])
def test_a_word_is_a_whole_word(text):
    assert not found([word("casino")], text).entries


@pytest.mark.parametrize(
    ("typed", "text", "there"),
    [
        ("casin*", "two casinos", True),
        ("casin*", "occasin", False),
        ("buy now", "so BUY,  now!", True),
        ("buy now", "buy it now", False),
        ("buy now*", "buy nowhere", True),
        ("buy now*", "buy", False),
        ("1488", "it was 1488 then", True),
        ("1488", "it was 1489 then", False),
        ("covid 19", "covid 20", False),
        ("log4j", "log4j again", True),
        ("v1agra", "viagra", True),
        ("наркотик*", "про наркотики", True),
        ("出会い", "無料出会い系", True),
    ],
)
def test_words_phrases_beginnings_and_numbers(typed, text, there):
    assert found([word(typed)], text).blocked is there


def test_name_and_website_are_read_too_and_phrases_end_with_their_field():
    assert found([word("casino")], "hello", name="Casino Royal").blocked
    assert found([word("casino")], "hello", website="https://casino.example").blocked
    assert not found([word("royal hello")], "hello", name="Casino Royal").blocked


@pytest.mark.parametrize("typed", ["", "*", "a*", "...", "\u200b"])
def test_what_holds_no_word_makes_no_rule(typed):
    with pytest.raises(ValueError, match="no word"):
        word_pattern(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "casino.example",
        "https://www.Casino.example:8080/path?x#y",
        "*.casino.example",
        " casino.example. ",
    ],
)
def test_a_host_is_kept_without_what_is_not_its_name(typed):
    assert host_pattern(typed) == "casino.example"


@pytest.mark.parametrize(
    "typed", ["", "casino", "casino example.com", "-x.example", "a..b", "x" * 64 + ".example"]
)
def test_what_names_no_host_makes_no_rule(typed):
    with pytest.raises(ValueError, match="no host"):
        host_pattern(typed)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("see https://casino.example/x", True),
        ("see HTTPS://WWW.CASINO.EXAMPLE", True),
        ("see [this](https://spin.casino.example:443/)", True),
        ("see https://user@casino.example/", True),
        ("see https://cas\u200bino.example/", True),
        ("see https://notcasino.example", False),
        ("see https://casino.example.org", False),
        ("casino.example", False),  # written as no link
        ("see https://other.example/casino.example", False),
    ],
)
def test_a_host_is_found_with_all_below_it_in_the_links(text, there):
    assert found([host("casino.example")], text).blocked is there


def test_a_host_is_found_in_the_website():
    assert found([host("casino.example")], website="https://a.b.casino.example/").blocked


def test_a_host_in_letters_of_its_own_is_no_other_host():
    book = [host("bücher.example")]
    assert host_pattern("bücher.example") == "xn--bcher-kva.example"
    assert found(book, "see https://bücher.example/").blocked
    assert found(book, "see https://xn--bcher-kva.example/").blocked
    assert not found(book, "see https://bucher.example/").blocked
    assert not found([host("bucher.example")], "see https://bücher.example/").blocked


def test_block_goes_before_hold_and_hold_before_trust():
    entries = [host("fine.example", TRUST, 1), word("maybe", HOLD, 2), word("casino", BLOCK, 3)]
    told = found(entries, "maybe a casino https://fine.example", author=AUTHOR_TRUSTED)
    assert [entry.id for entry in told.entries][:2] == [3, 2]
    assert (told.blocked, told.held, told.trusted) == (True, True, True)


def test_a_block_above_goes_before_trust_below_it():
    entries = [host("hosting.example", BLOCK, 1), host("me.hosting.example", TRUST, 2)]
    assert found(entries, "https://me.hosting.example").blocked
    entries = [host("hosting.example", TRUST, 1), host("bad.hosting.example", BLOCK, 2)]
    assert found(entries, "https://bad.hosting.example").blocked


def test_one_trusted_link_is_no_ticket_for_others():
    entries = [host("fine.example", TRUST)]
    assert found(entries, "https://fine.example").trusted
    assert not found(entries, "https://fine.example https://other.example").trusted
    assert not found(entries, "https://fine.example", website="https://other.example").trusted
    assert not found(entries, "no link").trusted


def test_a_trusted_host_vouches_for_no_author():
    told = found([host("fine.example", TRUST)], "https://fine.example")
    assert (told.trusted, told.author_trusted) == (True, False)

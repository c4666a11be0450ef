"""What becomes of typed text before it is measured and stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.words import has_forbidden, normal_line, normal_text


def test_a_text_keeps_its_lines_and_loses_blank_ends():
    assert normal_text("  one\r\ntwo\rthree\n\n") == "one\ntwo\nthree"


def test_a_decomposed_accent_counts_as_one_character():
    assert len(normal_text("e\u0301")) == 1


def test_a_name_cannot_turn_the_page_round():
    assert normal_line("Ana\u202e\u2066 Souza\u2069") == "Ana Souza"


def test_a_name_is_one_line():
    assert normal_line(" Ana \n\t Souza ") == "Ana Souza"


@given(st.text())
def test_normalising_twice_changes_nothing(typed):
    assert normal_text(normal_text(typed)) == normal_text(typed)
    assert normal_line(normal_line(typed)) == normal_line(typed)


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1b", "\x7f", "\x85", "\ud800"])
def test_characters_no_page_can_keep_are_named(character):
    assert has_forbidden(f"a{character}b")


def test_tabs_lines_and_emoji_are_fine():
    assert not has_forbidden("a\tb\nc 👩‍🚀 ابت")

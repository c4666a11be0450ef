"""From typed text to safe HTML."""

import html.parser
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.rendering import TAGS, comment_html


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>"),
        ("# head", "<p># head</p>"),
    ],
)
def test_the_markdown_subset(typed, shown):
    assert comment_html(typed).strip() == shown


def test_links_pass_nothing_on_and_open_nothing():
    shown = comment_html("[a](https://example.org/x?y=1&z=2)")
    assert 'rel="nofollow ugc noopener noreferrer"' in shown
    assert 'href="https://example.org/x?y=1&amp;z=2"' in shown


@pytest.mark.parametrize(
    "typed",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<javascript:alert(1)>",
        "![x](https://example.org/pixel.png)",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_scripts_and_pictures_stay_text(typed):
    shown = comment_html(typed)
    assert not re.search(
        r"<[^>]*(javascript:|data:|onerror|onmouseover|<img|src=)", shown, re.IGNORECASE
    )


def test_a_quote_in_an_address_cannot_leave_its_attribute():
    shown = comment_html('[x](https://example.org/"onmouseover="alert(1))')
    tags = Tags()
    tags.feed(str(shown))
    assert [sorted(names) for tag, names in tags.found if tag == "a"] == [["href", "rel"]]


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, [name for name, _ in attrs]))


@given(st.text(alphabet=st.sampled_from("<>\"'`*_[]()!#&;:/\\ \nabjavscript-=1x"), max_size=200))
def test_whatever_is_typed_only_known_tags_come_out(typed):
    tags = Tags()
    tags.feed(str(comment_html(typed)))
    assert all(tag in TAGS and set(names) <= {"href", "rel", "start"} for tag, names in tags.found)

"""Which comments belong to which page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.text.pages import PageError, origin_of, page_key, page_url

OWN = ["https://blog.example.org", "http://localhost:8081"]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("https://blog.example.org/a", "https://blog.example.org/a"),
        ("http://blog.example.org/a", "https://blog.example.org/a"),
        ("https://BLOG.example.org:443/a#top", "https://blog.example.org/a"),
        ("https://blog.example.org", "https://blog.example.org/"),
        ("https://blog.example.org/a/index.html", "https://blog.example.org/a/"),
        (
            "https://blog.example.org/a?utm_source=x&id=7&fbclid=y",
            "https://blog.example.org/a?id=7",
        ),
        ("https://blog.example.org/a?mc_cid=1", "https://blog.example.org/a"),
        ("http://localhost:8081/demo/", "https://localhost:8081/demo/"),
        ("/2026/amazon/", "/2026/amazon/"),
        ("  post-17 ", "post-17"),
        ("Cafe\u0301", "Caf\u00e9"),
    ],
)
def test_one_page_has_one_key(typed, key):
    assert page_key(typed, OWN) == key


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "https://evil.example.com/a",
        "https://blog.example.org.evil.example.com/",
        "https://blog.example.org@evil.example.com/",
        "//evil.example.com/a",
        "javascript://blog.example.org/%0aalert(1)",
        "ftp://blog.example.org/a",
        "https://blog.example.org:99999/",
        "https://[::1",
        "x" * 501,
        "a\x00b",
        "a\nb",
    ],
)
def test_what_cannot_name_a_page_of_the_site_is_refused_with_a_sentence(typed):
    with pytest.raises(PageError, match=r"\.$"):
        page_key(typed, OWN)


@given(st.text(max_size=600))
def test_a_key_is_its_own_key(typed):
    try:
        key = page_key(typed, OWN)
    except PageError:
        return
    assert page_key(key, OWN) == key


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("https://localhost:8081/demo/", "http://localhost:8081/demo/"),
        ("https://blog.example.org/a", "https://blog.example.org/a"),
        ("/amazon", "https://blog.example.org/amazon"),
        ("//evil.example.com", None),
        ("post-17", None),
    ],
)
def test_a_key_leads_back_to_the_page_when_it_can(key, url):
    assert page_url(key, OWN) == url


def test_an_origin_has_no_default_port_and_no_path():
    assert origin_of("HTTPS://Blog.Example.org:443/x?y#z") == "https://blog.example.org"
    assert origin_of("http://[::1]:8080/") == "http://[::1]:8080"


@pytest.mark.parametrize(
    ("typed", "slash", "query", "key"),
    [
        ("/a", "add", "keep", "/a/"),
        ("/a/", "add", "keep", "/a/"),
        ("/a.html", "add", "keep", "/a.html"),
        ("/a?x=1", "add", "keep", "/a/?x=1"),
        ("/a/", "drop", "keep", "/a"),
        ("/", "drop", "keep", "/"),
        ("https://blog.example.org/", "drop", "keep", "https://blog.example.org/"),
        ("https://blog.example.org/a/?x=1", "drop", "drop", "https://blog.example.org/a"),
        ("https://blog.example.org/a?x=1", "keep", "drop", "https://blog.example.org/a"),
        ("a bare key/", "drop", "drop", "a bare key/"),
        ("what?", "add", "drop", "what?"),
    ],
)
def test_a_site_s_rules_decide_about_slashes_and_queries(typed, slash, query, key):
    assert page_key(typed, OWN, trailing_slash=slash, query=query) == key
    assert page_key(key, OWN, trailing_slash=slash, query=query) == key

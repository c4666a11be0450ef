"""The files that other people's pages load."""

import gzip
import re

import pytest

from service.web.forms import HONEYPOT
from service.web.reader import embed

BUDGET = 6 * 1024  # bytes, gzipped, all told (what a reader pays)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/embed.js", "text/javascript"),
        ("/embed-frame.js", "text/javascript"),
        ("/embed.css", "text/css"),
        ("/embed.json?lang=de", "application/json"),
    ],
)
def test_a_file_is_public_and_short_lived(client, path, kind):
    answer = client.get(path)

    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/embed.js", "/embed.css", "/embed.json?lang=de"])
def test_who_has_the_file_gets_304(client, path):
    tag = client.get(path).headers["ETag"]

    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_all_told_it_stays_within_its_budget():
    size = sum(len(gzip.compress(part, 9)) for part in (embed.SCRIPT, embed.STYLE))

    assert size <= BUDGET, f"{size} bytes"


@pytest.mark.parametrize(
    "word",
    [
        r"\beval\b",
        r"new Function",
        r"innerHTML",
        r"outerHTML",
        r"document\.write",
        r"document\.cookie",
        r"\.style\b",
        r"setAttribute\(\"style",
        r"createElement\(\"(script|style|link)",
        r"javascript:",
        r"\son\w+=[\"']",
        r"https?://",
        r"sendBeacon",
        r"XMLHttpRequest",
        r"setTimeout\(\s*[\"'`]",
    ],
)
def test_the_script_does_nothing_a_strict_policy_forbids(word):
    assert not re.search(word, embed.SCRIPT.decode())


def test_every_word_the_script_says_can_be_said_in_another_language():
    sources = "".join(part.read_text("utf-8") for part in embed.PARTS)
    said = set(re.findall(r'say\(\s*"([^"]+)"', sources))
    said |= set(re.findall(r'(?:FAILED =|note = [^;]*?\?|:)\s*"([A-Z][a-z][^"]+)"', sources))
    said |= {"Characters left: %(number)s"}

    assert said == set(map(str, embed.WORDS))


def test_every_fetch_leaves_cookies_at_home():
    script = embed.SCRIPT.decode()

    assert script.count("fetch(") == script.count('credentials:"omit"') == 1


def test_the_script_sends_no_header_that_would_ask_leave_first():
    assert re.findall(r"headers:\{(\w+):", embed.SCRIPT.decode()) == ["Accept"]


def test_the_style_stands_in_a_layer_and_loads_nothing():
    style = embed.STYLE.decode()

    assert style.startswith("@layer gatepost{")
    assert style.endswith("}")
    assert "url(" not in style
    assert "@import" not in style
    assert "!important" not in style


def test_the_style_turns_with_the_writing_direction():
    physical = r"(margin|padding|border|inset)-(left|right)\b|text-align: (left|right)"

    assert not re.search(physical, embed.STYLE.decode())


def test_the_trap_of_the_snippet_is_the_one_the_service_knows():
    snippet = embed.STATIC.parent.joinpath("templates", "reader", "snippet.html").read_text("utf-8")

    assert f'name="{HONEYPOT}"' in snippet

"""Links in folded text: found, counted, replaced by one character, split into tokens."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# Private-use characters as tokens: never longer than what they replace, so that folding
# cannot make a text grow, and they survive being folded again.
LINK, MAIL, ANCHOR, BBCODE = "\ue000", "\ue001", "\ue002", "\ue003"
TOKEN_WORDS = {LINK: "link", MAIL: "mail", ANCHOR: "anchor", BBCODE: "bbcode"}

_TOP_LEVEL = (
    "com|net|org|info|biz|ru|su|ua|cn|in|id|io|co|me|us|uk|de|fr|nl|pl|it|es|br|eu|ca|au|jp|vn|tk|ml|"
    "ga|cf|gq|xyz|top|site|online|shop|store|club|click|link|live|pro|win|bid|loan|icu|vip|app|dev|"
    "blog|space|website|tech|tv|cc|ws|to|ly|gl|agency|bet|casino|\u0440\u0444"
)
_URL = re.compile(
    "(?<!\\w)(?:https?|ftp|hxxps?):/{2,}[^\\s<>\"'()\\[\\]\ue000-\ue003]+"
    "|(?<![\\w.@-])www\\d?\\.\\w[^\\s<>\"'()\\[\\]\ue000-\ue003]*"
    # Bounded labels: an unbounded one would make hostile text quadratic. `asp.net` is no link.
    "|(?<![\\w.@/-])(?:[\\w-]{1,63}+\\.){0,4}(?!(?:asp|ado|vb|dot)\\.net|system\\.io)[\\w-]{2,63}+"
    f"\\.(?:{_TOP_LEVEL})(?![\\w-])(?:[/?][^\\s<>\"'()\\[\\]\ue000-\ue003]*)?"
)
_URL_SIGN, _DOT_SIGN, _AT = re.compile(r"\.\w|:/"), re.compile(r"\.\w"), re.compile("@")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?!\w)")
_ANY = re.compile(r"\.\w|:/|@|<a|\[/?[ui]|\]\(")
_ANCHOR = re.compile(r"<a\s{1,9}href\b")
_BBCODE = re.compile(r"\[/?(?:url|img)\b")
_DISGUISED = re.compile(
    r"(?<![\w-])[\w-]{2,63}(?: | ?[\[({] ?)(?:dot|d0t)(?: | ?[\])}] ?)"
    r"(?:com|net|org|info|ru|co|io|xyz|online|site)(?!\w)"
)
_WORDS = re.compile(r"[^\W_]+")

LINKS_READ = 8
"""How many links are split into tokens; more say nothing new."""
PATH_WORDS_READ = 12


@dataclass(frozen=True, slots=True)
class Links:
    """What was found in a text.

    Args:
        links: links in order, lower case, as written.
        hosts: distinct hosts in order, without `www.`.
        mails, anchors, bbcode, markdown: how many of each.
        characters: characters that belong to links.
        last: the text ends in a link.
    """

    links: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    mails: int = 0
    anchors: int = 0
    bbcode: int = 0
    markdown: int = 0
    characters: int = 0
    last: bool = False


NONE = Links()


def host_of(link: str) -> str:
    """Return the host of a link or bare host, lower case, without scheme, user, port, `www.`."""
    _, mark, rest = link.lower().partition("://")
    name = (rest if mark else link.lower()).lstrip("/")
    for end in "/?#\\":
        name = name.partition(end)[0]
    return name.rpartition("@")[2].partition(":")[0].removeprefix("www.").strip(".")


def take_links(text: str) -> tuple[str, Links]:
    """Replace links, mail addresses and link markup by one character each.

    Args:
        text: lower case, compatibility-normalised.

    Returns:
        The text with the tokens, and what they stood for.
    """
    if not _ANY.search(text):
        return text, NONE
    text, anchors = _ANCHOR.subn(f" {ANCHOR} ", text)
    text, bbcode = _BBCODE.subn(f" {BBCODE} ", text)
    markdown = text.count("](")
    links: list[str] = []

    def keep(match: re.Match[str]) -> str:
        links.append(match.group().rstrip(".,;:!?"))
        return f" {LINK} "

    text = substitute_near(_URL_SIGN if ":/" in text else _DOT_SIGN, _URL, keep, text)
    mails = 0
    if "@" in text:
        before = text.count(MAIL)
        text = substitute_near(_AT, _MAIL, lambda _: f" {MAIL} ", text)
        mails = text.count(MAIL) - before
    hosts = tuple(dict.fromkeys(filter(None, map(host_of, links))))
    last = text.rstrip().endswith(LINK)
    return text, Links(
        tuple(links), hosts, mails, anchors, bbcode, markdown, sum(map(len, links)), last
    )


def substitute_near(
    sign: re.Pattern[str],
    pattern: re.Pattern[str],
    change: Callable[[re.Match[str]], str],
    text: str,
) -> str:
    """Return `pattern.sub(change, text)`, trying only those stretches between spaces that matter.

    Most comments hold few links, and trying a long pattern at every character of them is slow.

    Args:
        sign: quickly found, and part of whatever the pattern matches.
        pattern: matches no space, and looks no further than one character to either side.
    """
    pieces: list[str] = []
    done = 0
    for found in sign.finditer(text):
        if found.start() < done:
            continue
        begin = text.rfind(" ", done, found.start()) + 1
        end = text.find(" ", found.start())
        end = len(text) if end < 0 else end
        pieces += text[done:begin], pattern.sub(change, text[begin:end])
        done = end
    return "".join((*pieces, text[done:])) if pieces else text


def take_disguised(text: str) -> tuple[str, int]:
    """Replace links written in words ("example dot com") and say how many there were."""
    if "dot" not in text and "d0t" not in text:
        return text, 0
    return _DISGUISED.subn(f" {LINK} ", text)


def link_tokens(link: str, *, website: bool) -> list[str]:
    """Split a link into tokens: top-level domain, host, words of host and path.

    Args:
        website: the link is the website field, whose tokens are kept apart.
    """
    side = "w" if website else "b"
    host = host_of(link)
    _, _, path = link.lower().rpartition(host) if host else ("", "", link.lower())
    tokens = [f"{side}tld={host.rpartition('.')[2]}", f"{side}host={host}"]
    tokens += [f"{side}h={word}" for word in _WORDS.findall(host)[:PATH_WORDS_READ]]
    tokens += [f"{side}p={word}" for word in _WORDS.findall(path[:300])[:PATH_WORDS_READ]]
    return tokens

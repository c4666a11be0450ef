"""From typed text to safe HTML, on the way out only; the database keeps what was typed."""

import re
from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

RULES = (
    "paragraph",
    "list",
    "blockquote",
    "fence",
    "code",
    "emphasis",
    "backticks",
    "link",
    "newline",
)
TAGS = {"p", "br", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
LINK_RELATION = "nofollow ugc noopener noreferrer"

_PLAIN = re.compile(r"[^\W\d_][^*_`~<>&\[\]\\\n\"']*[^*_`~<>&\[\]\\\s\"']")
"""Text in which the renderer finds nothing to do: most comments, at a tenth of the time."""

_markdown = MarkdownIt("zero", {"breaks": True, "html": False, "maxNesting": 20}).enable(
    [*RULES, "escape", "entity", "autolink"]
)


def comment_html(text: str) -> Markup:
    """Render the Markdown subset: paragraphs, emphasis, code, quotes, lists, links.

    No HTML, no images, no headings. What the renderer makes is cleaned once more, so that a
    fault in it cannot become a script.
    """
    return Markup(  # noqa: S704 - cleaned by nh3 in this very line
        nh3.clean(
            _markdown.render(text),
            tags=TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto"},
            link_rel=LINK_RELATION,
        )
    )


def linkless_html(text: str) -> Markup:
    """Render like `comment_html`, but each link as its words and its real target, not clickable.

    For moderators: the comment may be spam, and a slip must not open it.
    """
    if _PLAIN.fullmatch(text):
        return Markup("<p>{}</p>\n").format(text)
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_without_links(token.children))
    rendered = _markdown.renderer.render(tokens, _markdown.options, {})
    return Markup(nh3.clean(rendered, tags=TAGS - {"a"}, attributes={"ol": {"start"}}))  # noqa: S704 - cleaned in this very line


def _without_links(children: list[Token]) -> Iterator[Token]:
    target = ""
    for child in children:
        if child.type == "link_open":
            target = str(child.attrGet("href"))
        elif child.type == "link_close":
            yield Token("text", "", 0, content=f" [{target}]")
        else:
            yield child

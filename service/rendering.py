"""From typed text to safe HTML, on the way out only; the database keeps what was typed."""

import nh3
from markdown_it import MarkdownIt
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

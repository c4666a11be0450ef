"""What is scored: a comment as its author sent it, and the page it was sent to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One comment to be scored.

    Args:
        text: the comment as typed.
        author: the name as typed.
        url: the website field; empty when none was given or none was asked for.
        title: title of the page, as far as the site's owner vouches for it.
        page_text: the page's own text. Its words are the topic, hence no evidence.
    """

    text: str
    author: str = ""
    url: str = ""
    title: str = ""
    page_text: str = ""

"""Which language an answer speaks, and how templates say things in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g, request

from models import Site
from service.text.language import Language, accepted, language_for


def register(app: Flask) -> None:
    """Let templates speak: `_('…')`, `ngettext`, `say(text)` and `language`."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # comes with the extension
        _translated, ngettext, newstyle=True
    )
    app.jinja_env.globals["say"] = say
    app.context_processor(_language)


def speak_for(site: Site, asked: str = "") -> Language:
    """Choose the language of this answer: what the page said of itself, else the site's.

    Args:
        asked: the page's `lang`; empty = the request's query says it, if at all.
    """
    return speak(asked or request.args.get("lang", ""), site.policy.language)


def speak(*wanted: str) -> Language:
    """Choose the language of this answer: the first of these tags that is known."""
    g.language = language_for(*wanted)
    return spoken()


@contextmanager
def speaking(*wanted: str) -> Iterator[Language]:
    """Speak another language for as long as the block lasts."""
    before = spoken()
    try:
        yield speak(*wanted)
    finally:
        g.language = before


def spoken() -> Language:
    """Return the language of this answer; for one that no site gave, the browser's wish."""
    if "language" not in g:
        g.language = language_for(accepted(request.accept_languages.values()))
    found: Language = g.language
    return found


def say(text: str) -> str:
    """Return a text in the language of this answer."""
    return spoken().say(text)


def _translated(text: str) -> str:
    return spoken().catalogue.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a text that fits a number, in the language of this answer."""
    return spoken().catalogue.ngettext(one, many, number)


def _language() -> dict[str, Any]:
    return {"language": spoken()}

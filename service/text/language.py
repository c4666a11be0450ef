"""What readers are told, in their language: texts that can be translated, and the catalogues.

English is what stands in the code. Every other language is one file, `languages/{code}.po`, in
the format translators' tools know (GNU gettext), plural forms included.
"""

import gettext
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CATALOGUES = Path(__file__).with_name("languages")
ENGLISH = "en"
REGIONS = {ENGLISH: "en_GB"}
"""Whose customs a language's dates follow, where CLDR's own choice would surprise most readers."""
TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")  # as much of BCP 47 as pages use


class Text(str):
    """A text for people, in English, that can be said in another language.

    It is the English text, so whoever only shows it need not know more.

    Args:
        source: English, with `%(name)s` where a value goes.
        values: what goes there; whole numbers get the language's separators.
    """

    __slots__ = ("source", "values")

    source: str
    values: dict[str, Any]

    def __new__(cls, source: str, **values: Any) -> Self:
        """Make the English text."""
        shown = {name: _grouped(value) for name, value in values.items()}
        text = super().__new__(cls, source % shown if shown else source)
        text.source, text.values = source, values
        return text


def _grouped(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) else value


said = Text
"""How a text is marked where it stands, so that the catalogues' tool finds it."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that readers are spoken to in.

    Args:
        code: its tag, as a page's `lang` says it.
        locale: its customs, by CLDR.
        catalogue: its texts.
    """

    code: str
    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def name(self) -> str:
        """Its own name for itself."""
        return (Locale.parse(self.code, sep="-").get_display_name() or self.code).capitalize()

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.locale.text_direction

    def say(self, text: str) -> str:
        """Return a text in this language; one that the catalogue lacks stays English."""
        if isinstance(text, Text):
            found = self.catalogue.gettext(text.source)
            shown = {name: self._shown(value) for name, value in text.values.items()}
            return found % shown if shown else found
        return self.catalogue.gettext(text) if text else text

    def _shown(self, value: Any) -> Any:
        return self.number(value) if isinstance(value, int) else value

    def date_and_time(self, moment: datetime) -> str:
        """Return a moment for people, in UTC because the reader's own zone is not known here."""
        day = format_date(moment, format="long", locale=self.locale)
        time = format_time(moment, "HH:mm", locale=self.locale)
        both: str = self.locale.datetime_formats["medium"].format(time, day)
        return f"{both} UTC"

    def number(self, number: int) -> str:
        """Return a number with the language's separators."""
        return format_decimal(number, locale=self.locale)


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of all languages there are, English first."""
    return ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po"))


def language_for(*wanted: str) -> Language:
    """Return the first language asked for that there is, English if there is none.

    `pt-BR` finds `pt` where there is no catalogue of its own; whatever is no language tag is
    passed over.
    """
    for tag in wanted:
        found = _known(tag)
        if found is not None:
            return _load(found)
    return _load(ENGLISH)


def accepted(header: Iterable[str]) -> str:
    """Return the first language of a list of tags that there is, or an empty text."""
    return next((found for tag in header if (found := _known(tag))), "")


def _known(tag: str) -> str | None:
    if not TAG.fullmatch(tag):
        return None
    parts = tag.replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        found = _by_tag().get("-".join(parts[:length]).lower())
        if found is not None:
            return found
    return None


@cache
def _by_tag() -> dict[str, str]:
    return {code.lower(): code for code in languages()}


@cache
def _load(code: str) -> Language:
    locale = Locale.parse(REGIONS.get(code, code.replace("-", "_")))
    if code == ENGLISH:
        return Language(code, locale, gettext.NullTranslations())
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, locale, gettext.GNUTranslations(compiled))

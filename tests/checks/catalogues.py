"""The catalogues of readers' languages: what they lack, and bringing them up to date.

python -m tests.checks.catalogues            lists what is missing, obsolete or broken
python -m tests.checks.catalogues --update   writes what is new, drops what is obsolete
"""

import argparse
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from service.text.language import CATALOGUES

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
TEMPLATES = "web/templates/"
METHODS = [
    (f"{TEMPLATES}reader/**.html", "jinja2.ext.babel_extract"),
    (f"{TEMPLATES}problem.html", "jinja2.ext.babel_extract"),
    ("**.py", "python"),
]
OPTIONS = {f"{TEMPLATES}**.html": {"newstyle_gettext": "true", "silent": "false"}}
KEYWORDS = {"said": None, "_": None, "gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)s")


def template() -> Catalog:
    """Return every text that readers are told, in English."""
    found = Catalog(project="Gatepost", fuzzy=False)
    for _file, _line, message, comments, context in extract_from_dir(
        SERVICE, METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, None, context=context, user_comments=comments)
    return found


def read(path: Path) -> Catalog:
    """Return a catalogue as it stands."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def updated(path: Path, wanted: Catalog) -> str:
    """Return a catalogue with what is new and without what is obsolete, as text.

    Without dates and places, so that a change shows only what changed.
    """
    known = read(path) if path.is_file() else None
    fresh = Catalog(locale=path.stem.replace("-", "_"), fuzzy=False)
    for message in sorted(wanted, key=lambda one: str(one.id)):
        if not message.id:
            continue
        old = None if known is None else known.get(message.id)
        plural = isinstance(message.id, tuple)
        empty = ("",) * fresh.num_plurals if plural else ""
        string = old.string if old is not None and old.string else empty
        fresh.add(message.id, string, flags=message.flags)
    out = io.BytesIO()
    write_po(out, fresh, omit_header=True, width=90, sort_output=False)
    head = (
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {fresh.plural_forms}\\n"\n\n'
    )
    return head + out.getvalue().decode().strip() + "\n"


def faults(catalogue: Catalog, wanted: Catalog) -> Iterator[str]:
    """Yield what is wrong with a catalogue, a sentence each."""
    for message in wanted:
        if not message.id:
            continue
        found = catalogue.get(message.id)
        if found is None or not any(_strings(found.string)):
            yield f"missing: {message.id}"
        elif found.fuzzy:
            yield f"not checked: {message.id}"
        else:
            yield from _broken(message.id, found.string)
    for message in catalogue:
        if message.id and wanted.get(message.id) is None:
            yield f"obsolete: {message.id}"


def _broken(source: str | tuple[str, ...], told: str | tuple[str, ...]) -> Iterator[str]:
    names = set(PLACE.findall(" ".join(_strings(source))))
    for one in _strings(told):
        found = set(PLACE.findall(one))
        # A form for exactly one or none may leave the number out.
        if found != names and not (isinstance(told, tuple) and found <= names):
            yield f"other places than in English: {one}"
        if not one.strip() or one != one.strip():
            yield f"blank at an end: {one!r}"
        if "<" in one or "%" in PLACE.sub("", one):
            yield f"markup or a loose per cent sign: {one}"


def _strings(text: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def main() -> None:
    """List or mend."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the catalogues anew")
    parser.add_argument("--add", metavar="LANG", help="begin a catalogue of another language")
    arguments = parser.parse_args()
    wanted = template()
    paths = sorted(CATALOGUES.glob("*.po"))
    if arguments.add:
        paths.append(CATALOGUES / f"{arguments.add}.po")
    for path in paths:
        if arguments.update or not path.is_file():
            path.write_text(updated(path, wanted), "utf-8")
        found = list(faults(read(path), wanted))
        print(f"{path.stem}: {len(found)} to mend")
        for line in found:
            print(f"  {line}")


if __name__ == "__main__":
    main()

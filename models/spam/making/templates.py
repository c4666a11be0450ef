"""Templates that comment spammers rotate, expanded into samples: "{Great|Nice} {post|article}".

The praise that says nothing is the same on every blog for years; a handful of collections holds
only what their own spammers happened to draw.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from random import Random

from models.spam.document import Document
from models.spam.making.samples import Sample

FILES = "*constructs*.txt"
"""Files with templates, parted by `|` outside of braces, as public block lists give them."""
EXPANDED = 300
"""Few beside the comments: 1,500 made blogs without such spam worse (archive_fever left out:
recall at 1 % .947 to .934); a fifth of their weight kept nearly all of the gain where there is
such spam (joehx left out: AUC .952 to .966)."""
SITE = "templates"

_CHOICE = re.compile(r"\{([^{}]*)\}")
_WEBSITE_SHARE, _NAME_SHARE = 0.6, 0.9


def read_templates(source: Path | Sequence[Path]) -> list[str]:
    """Return the templates of a folder; none when there is no such file."""
    files = sorted(source.glob(FILES)) if isinstance(source, Path) else source
    found = [path for path in files if path.match(FILES)]
    return [template for path in found for template in _parted(path.read_text("utf-8"))]


def expanded(
    templates: Sequence[str], samples: Sequence[Sample], random: Random, *, count: int = EXPANDED
) -> list[Sample]:
    """Return spam made of templates, with names and websites of spammers among the samples."""
    if not templates:
        return []
    spam = [sample.document for sample in samples if sample.spam]
    names = [document.author for document in spam if document.author]
    websites = [document.url for document in spam if document.url]
    return [_sample(random.choice(templates), names, websites, random) for _ in range(count)]


def _sample(template: str, names: Sequence[str], websites: Sequence[str], random: Random) -> Sample:
    text = " ".join(_expanded(template, random).split())
    author = random.choice(names) if names and random.random() < _NAME_SHARE else ""
    url = random.choice(websites) if websites and random.random() < _WEBSITE_SHARE else ""
    return Sample(Document(text, author, url), spam=True, site=SITE)


def _expanded(template: str, random: Random) -> str:
    while found := _CHOICE.search(template):
        chosen = random.choice(found.group(1).split("|"))
        template = template[: found.start()] + chosen + template[found.end() :]
    return template


def _parted(text: str) -> list[str]:
    """Return the templates of a text: `|` parts them, but not within braces."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if sign == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]

"""An evaluation as one page for people who would rather look: plots, tables, no script."""

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from models.spam.measuring.figures import Evaluation
from models.spam.measuring.pictures import Picture, pictures
from models.spam.measuring.sections import sections
from models.spam.measuring.tables import Section, Table, mean_auc, mean_recall
from models.spam.pipeline import SpamModel

PAGE = "index.html"

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_LEAD = "Measured on labelled comments it did not learn from. Brackets and bars: 95 % intervals."
_INTERVAL = re.compile(r" (\([\d.%]+-[\d.%]+\))$")


def write_report(model: SpamModel, evaluation: Evaluation, folder: Path) -> Path:
    """Write the page into a folder, which is made if need be, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / PAGE
    file.write_text(page(model, evaluation), encoding="utf-8")
    return file


def page(model: SpamModel, evaluation: Evaluation) -> str:
    """Return the page: HTML with style and plots inside, nothing fetched, nothing run."""
    found, drawn = sections(evaluation), pictures(evaluation)
    title = f"The spam model “{model.name}”"
    style = Path(__file__).with_name("report.css").read_text("utf-8")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<header>",
            f"<h1>{escape(title)}</h1>",
            f"<p>Made on {escape(model.card.made)}. {_LEAD}</p>",
            "</header>",
            "<main>",
            _summary(evaluation),
            _contents(found),
            *(_section(section, drawn) for section in found),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _summary(evaluation: Evaluation) -> str:
    """Return the few numbers that most people look for."""
    rows = [
        f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in _key(evaluation)
    ]
    return "\n".join(['<dl class="summary">', *rows, "</dl>"])


def _key(evaluation: Evaluation) -> Iterable[tuple[str, str]]:
    for found in evaluation.sets[:2]:
        if found.recall_at_1 and found.recall_at_01:
            yield f"spam caught at 1 % false alarms, {found.name}", f"{found.recall_at_1.value:.1%}"
    if evaluation.left_out:
        yield "the same on blogs never seen, mean", f"{mean_recall(evaluation.left_out):.1%}"
        yield "area under the curve, blogs never seen, mean", f"{mean_auc(evaluation.left_out):.4f}"
    for found in evaluation.sets[1:2]:
        yield f"ham told to be spam (p >= .95), {found.name}", f"{found.filed.value:.2%}"
    for timed in evaluation.speed[:1]:
        yield f"one comment of {timed.characters} characters", f"{timed.median / 1000:.2f} ms"
    if evaluation.footprint:
        yield "model file", f"{evaluation.footprint.file / 1e6:.2f} MB"


def _contents(found: Iterable[Section]) -> str:
    links = [f'<li><a href="#{one.key}">{escape(one.title)}</a></li>' for one in found]
    return "\n".join(['<nav aria-label="Contents"><ul>', *links, "</ul></nav>"])


def _section(section: Section, drawn: Iterable[Picture]) -> str:
    mine = [picture for picture in drawn if picture.section == section.key]
    return "\n".join(
        [
            f'<section id="{section.key}">',
            f"<h2>{escape(section.title)}</h2>",
            f"<p>{escape(section.text)}</p>",
            '<div class="pictures">' if mine else "",
            *(_picture(picture, section) for picture in mine),
            "</div>" if mine else "",
            _table(section.table, section.title),
            f"<p>{escape(section.note)}</p>" if section.note else "",
            "</section>",
        ]
    )


def _picture(picture: Picture, section: Section) -> str:
    return "\n".join(
        [
            "<figure>",
            f"<h3>{escape(picture.title)}</h3>",
            picture.svg,
            f"<figcaption>{escape(picture.text)}</figcaption>",
            _table(picture.table, f"{section.title}: {picture.title}") if picture.table else "",
            "</figure>",
        ]
    )


def _table(table: Table, title: str) -> str:
    """Return a table that scrolls by itself where the page is too narrow, by keys too."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    return "\n".join(
        [
            f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(title)}">',
            f"<table><thead><tr>{head}</tr></thead>",
            "<tbody>",
            *map(_row, table.rows),
            "</tbody></table></div>",
        ]
    )


def _row(cells: tuple[str, ...]) -> str:
    first, *others = (_INTERVAL.sub(r" <small>\1</small>", escape(cell)) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'

"""Tables as text: what the terminal, the card and the page have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.spam.measuring.figures import Figures, Share


@dataclass(frozen=True, slots=True)
class Table:
    """Heads and rows of the same length, as text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A table with what it shows.

    Args:
        key: for the page's anchors and plots.
        title: short.
        text: what it is and how to read it.
        table: the figures.
        note: what follows from the table, or nothing.
    """

    key: str
    title: str
    text: str
    table: Table
    note: str = ""


def markdown(section: Section) -> str:
    """Return one section as Markdown."""
    parts = [f"### {section.title}", section.text, markdown_table(section.table), section.note]
    return "\n\n".join(part for part in parts if part)


def markdown_table(table: Table) -> str:
    """Return a table as Markdown."""
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mean_auc(sets: Iterable[Figures]) -> float:
    """Return the mean area under the curve over sets with both classes."""
    return _mean([found.auc for found in sets if found.auc is not None])


def mean_recall(sets: Iterable[Figures]) -> float:
    """Return the mean recall at 1 % over sets with both classes."""
    return _mean([found.recall_at_1.value for found in sets if found.recall_at_1])


def percent(share: Share) -> str:
    """Return a share of whole comments in per cent, with its interval."""
    if not share.count:
        return "-"
    return f"{share.value:.1%} ({share.low:.1%}-{share.high:.1%})"


def interval(share: Share | None) -> str:
    """Return a share of 0..1 with its interval."""
    return "-" if share is None else f"{share.value:.3f} ({share.low:.3f}-{share.high:.3f})"


def number(value: float | None) -> str:
    """Return an area under the curve, or a dash."""
    return "-" if value is None else f"{value:.4f}"


def milliseconds(microseconds: float) -> str:
    """Return microseconds as milliseconds."""
    return f"{microseconds / 1000:.2f} ms"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))

"""Bars as SVG, drawn on the server: no script, no inline style, and words a screen reader finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, TOP = 48, 24, 10
TICKS = 4
MOST_LABELS = 6
GAP = 0.25  # of the room of a bar


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, from below: (value, class of its colour)."""

    label: str
    parts: Sequence[tuple[float, str]]


def bars(key: str, title: str, told: str, rows: Sequence[Bar], *, unit: str = "") -> Markup:
    """Return a chart of stacked bars.

    Args:
        key: begins the ids in it; one of a kind on the page.
        told: what a listener should know of it; the figures stand in a table beside it.
        unit: written after the numbers of the axis.
    """
    highest = max((sum(value for value, _ in row.parts) for row in rows), default=0.0)
    top = _round_up(highest)
    parts = [
        Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-told">'
            '<title id="{}-title">{}</title><desc id="{}-told">{}</desc>'
        ).format(WIDTH, HEIGHT, key, key, key, title, key, told)
    ]
    parts += [_tick(top * step / TICKS, top, unit) for step in range(TICKS + 1)]
    room = (WIDTH - LEFT) / max(1, len(rows))
    every = -(-len(rows) // MOST_LABELS) if rows else 1
    for place, row in enumerate(rows):
        left = LEFT + place * room
        parts += _stack(row, left + room * GAP / 2, room * (1 - GAP), top)
        if place % every == 0:
            middle = left + room / 2
            parts.append(_text(middle, HEIGHT - 6, row.label, "middle"))
    return Markup("").join([*parts, Markup("</svg>")])


def _stack(row: Bar, left: float, width: float, top: float) -> list[Markup]:
    found, base = [], float(HEIGHT - BOTTOM)
    for value, kind in row.parts:
        height = value / top * (HEIGHT - BOTTOM - TOP)
        base -= height
        if height > 0:
            found.append(
                Markup(
                    '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(kind, left, base, width, height)
            )
    return found


def _tick(value: float, top: float, unit: str) -> Markup:
    y = HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
        LEFT, WIDTH, y, y
    )
    return line + _text(LEFT - 6, y + 4, f"{value:g}{unit}", "end")


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, escape(words)
    )


def _round_up(value: float) -> float:
    """Return the next number that divides into four ticks one can read."""
    if value <= 0:
        return 4.0
    step = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    for times in (1, 2, 4, 8, 10, 20):
        if value <= step * times:
            return step * times
    return value

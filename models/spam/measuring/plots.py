"""Plots as SVG text, to stand inline in a page whose style gives the colours.

Nothing is told by colour alone: each series has its own dashes and its own mark, and a legend.
Each picture has a title and a description for those who do not see it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from models.spam.measuring.figures import Share

WIDTH, HEIGHT = 640, 400
SERIES_MOST = 6
"""Series that can be told apart."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 16, 16, 60
_LEGEND_LINE = 22
_MARK = 4.5
_ROW, _LABEL = 28, 270

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Args:
        label: what it measures, with its unit.
        ticks: values that are written and have a grid line; the first and last are its ends.
        log: equal factors are equally far apart.
        form: how a tick is written.
    """

    label: str
    ticks: tuple[float, ...]
    log: bool = False
    form: Callable[[float], str] = str

    def place(self, value: float) -> float:
        """Return where a value lies, 0 at the first tick, 1 at the last; cut to that."""
        low, high = self.ticks[0], self.ticks[-1]
        value = min(max(value, low), high)
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Series:
    """Points joined by a line; `band` is one (low, high) per point, or nothing."""

    name: str
    points: tuple[Point, ...]
    band: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture.

    Args:
        key: unique on its page; letters, digits and dashes.
        title: what it is.
        description: what one sees in it, in words.
        across, up: its axes.
    """

    key: str
    title: str
    description: str
    across: Axis
    up: Axis


def lines(plot: Plot, series: Sequence[Series], *, diagonal: bool = False) -> str:
    """Return a line plot.

    Args:
        plot: its frame.
        series: at most `SERIES_MOST`.
        diagonal: draw the line on which both axes are equal.

    Raises:
        ValueError: more series than can be told apart.
    """
    if len(series) > SERIES_MOST:
        raise ValueError(f"more than {SERIES_MOST} series cannot be told apart")
    legend = _LEGEND_LINE * ((len(series) + 1) // 2)
    parts = [*_frame(plot, legend)]
    if diagonal:
        ends = (plot.across.ticks[0], plot.up.ticks[0]), (plot.across.ticks[-1], plot.up.ticks[-1])
        parts.append(f'<path class="diagonal" d="{_path(plot, ends, legend)}"/>')
    for number, one in enumerate(series):
        parts += _series(plot, one, number, legend)
        parts.append(_legend(one.name, number))
    return _svg(plot, HEIGHT + legend, parts)


def dots(plot: Plot, rows: Sequence[tuple[str, Share]]) -> str:
    """Return a plot with one row per name: a dot at the share, a bar over its interval."""
    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = []
    for tick in plot.across.ticks:
        x = _dot_x(plot, tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{height - _BOTTOM}"/>')
        parts.append(_text(x, height - _BOTTOM + 20, plot.across.form(tick), "middle"))
    parts.append(_text((_LABEL + WIDTH - _RIGHT) / 2, height - 10, plot.across.label, "middle"))
    for number, (name, of) in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        low, middle, high = (_dot_x(plot, value) for value in (of.low, of.value, of.high))
        parts.append(_text(_LABEL - 12, y + 4, name, "end"))
        parts.append(f'<path class="whisker" d="M{low:.1f} {y}H{high:.1f}"/>')
        parts.append(f'<circle class="dot" cx="{middle:.1f}" cy="{y}" r="5"/>')
    return _svg(plot, height, parts)


def _dot_x(plot: Plot, value: float) -> float:
    return _LABEL + plot.across.place(value) * (WIDTH - _RIGHT - 16 - _LABEL)


def _svg(plot: Plot, height: float, parts: Sequence[str]) -> str:
    named = f'aria-labelledby="{plot.key}-title {plot.key}-words"'
    return "\n".join(
        [
            f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" {named}>',
            f'<title id="{plot.key}-title">{escape(plot.title)}</title>',
            f'<desc id="{plot.key}-words">{escape(plot.description)}</desc>',
            *parts,
            "</svg>",
        ]
    )


def _frame(plot: Plot, legend: float) -> Iterator[str]:
    """Yield grid, ticks and labels."""
    bottom, right = HEIGHT - _BOTTOM + legend, WIDTH - _RIGHT
    for tick in plot.across.ticks:
        x = _x(plot, tick)
        yield f'<path class="grid" d="M{x:.1f} {_TOP + legend}V{bottom}"/>'
        yield _text(x, bottom + 20, plot.across.form(tick), "middle")
    for tick in plot.up.ticks:
        y = _y(plot, tick, legend)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
        yield _text(_LEFT - 8, y + 4, plot.up.form(tick), "end")
    yield _text((_LEFT + right) / 2, bottom + 44, plot.across.label, "middle")
    middle = (_TOP + legend + bottom) / 2
    yield (
        f'<text class="label" text-anchor="middle" transform="translate(14 {middle:.1f})'
        f' rotate(-90)">{escape(plot.up.label)}</text>'
    )


def _series(plot: Plot, series: Series, number: int, legend: float) -> Iterator[str]:
    if series.band:
        upper = [(x, high) for (x, _), (_, high) in zip(series.points, series.band, strict=True)]
        lower = [(x, low) for (x, _), (low, _) in zip(series.points, series.band, strict=True)]
        outline = _path(plot, (*upper, *reversed(lower)), legend)
        yield f'<path class="band s{number}" d="{outline}Z"/>'
    yield f'<path class="line s{number}" d="{_path(plot, series.points, legend)}"/>'
    for x, y in series.points:
        yield _mark(number, _x(plot, x), _y(plot, y, legend))


def _legend(name: str, number: int) -> str:
    x = _LEFT + (number % 2) * (WIDTH - _LEFT) / 2
    y = _TOP + _LEGEND_LINE * (number // 2)
    return (
        f'<path class="line s{number}" d="M{x:.1f} {y}h36"/>'
        f"{_mark(number, x + 18, y)}{_text(x + 44, y + 4, name, 'start')}"
    )


def _mark(number: int, x: float, y: float) -> str:
    """Return the series' own mark: circle, square, triangle, diamond, upside-down, cross."""
    if number == 0:
        return f'<circle class="mark s0" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}"/>'
    m = _MARK
    shapes = {
        1: f"h{m}v{m}h{-2 * m}v{-2 * m}h{2 * m}v{m}",
        2: f"m0 {-m}l{m} {2 * m}h{-2 * m}z",
        3: f"m0 {-1.3 * m}l{1.3 * m} {1.3 * m}l{-1.3 * m} {1.3 * m}l{-1.3 * m} {-1.3 * m}z",
        4: f"m0 {m}l{m} {-2 * m}h{-2 * m}z",
        5: f"m{-m} {-m}l{2 * m} {2 * m}m0 {-2 * m}l{-2 * m} {2 * m}",
    }
    return f'<path class="mark s{number}" d="M{x:.1f} {y:.1f}{shapes[number]}"/>'


def _path(plot: Plot, points: Sequence[Point], legend: float) -> str:
    return "M" + "L".join(f"{_x(plot, x):.1f} {_y(plot, y, legend):.1f}" for x, y in points)


def _x(plot: Plot, value: float) -> float:
    return _LEFT + plot.across.place(value) * (WIDTH - _LEFT - _RIGHT - 16)


def _y(plot: Plot, value: float, legend: float) -> float:
    return HEIGHT - _BOTTOM + legend - plot.up.place(value) * (HEIGHT - _BOTTOM - _TOP)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'

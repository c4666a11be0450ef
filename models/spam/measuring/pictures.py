"""What of an evaluation is drawn, and the table that stands beside each picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.spam.measuring.figures import Evaluation, Replayed, Shape, Share
from models.spam.measuring.plots import SERIES_MOST, Axis, Plot, Series, dots, lines
from models.spam.measuring.tables import Table

UNSEEN = "never seen"
"""How the name of a shape ends that belongs to a site left out."""

_FEW = 10
"""Comments below which a point of the reliability diagram says nothing."""
_READ_OFF = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
_TENTHS = tuple(tenth / 10 for tenth in range(0, 11, 2))


@dataclass(frozen=True, slots=True)
class Picture:
    """One plot with its table.

    Args:
        section: key of the section it belongs to.
        title: what it is.
        text: how to read it.
        svg: the plot.
        table: the same in numbers; None where the section's own table says it.
    """

    section: str
    title: str
    text: str
    svg: str
    table: Table | None = None


def pictures(evaluation: Evaluation) -> list[Picture]:
    """Return all pictures there is something to draw for."""
    known = [s for s in evaluation.shapes if s.name in ("blogs", "blogs and archives")]
    unseen = [s for s in evaluation.shapes if s.name.endswith(UNSEEN)][:SERIES_MOST]
    found = []
    for section, shapes in (("sets", known), ("left-out", unseen)):
        if shapes:
            found += [_roc(section, shapes), _reliability(section, shapes)]
    if evaluation.attacks:
        found.append(_attacks(evaluation.attacks))
    if len(evaluation.learning) > 1:
        found.append(_learning(evaluation))
    recalls = _recalls(evaluation)
    if recalls:
        found.append(_peers(recalls))
    return found + [_replayed(stream) for stream in evaluation.replayed if stream.stretches]


def _roc(section: str, shapes: Sequence[Shape]) -> Picture:
    plot = Plot(
        key=f"{section}-roc",
        title="Spam caught where few ham are flagged",
        description=" ".join(
            f"{_name(shape)}: {_at(shape, 0.01):.1%} of the spam is caught at 1 % false alarms,"
            f" {_at(shape, 0.001):.1%} at 0.1 %."
            for shape in shapes
        ),
        across=Axis(
            "ham flagged (each step to the right: more false alarms)",
            _READ_OFF,
            log=True,
            form=_percent,
        ),
        up=Axis("spam caught", _TENTHS, form=_percent),
    )
    series = [Series(_name(shape), shape.roc) for shape in shapes]
    rows = [
        (_name(shape), *(f"{_at(shape, alarms):.3f}" for alarms in _READ_OFF)) for shape in shapes
    ]
    return Picture(
        section=section,
        title=plot.title,
        text="The receiver's operating curve at its left end, where a filter is used: higher is"
        " better. The share of ham flagged has a logarithmic scale.",
        svg=lines(plot, series),
        table=Table(("ham flagged", *map(_percent, _READ_OFF)), tuple(rows)),
    )


def _reliability(section: str, shapes: Sequence[Shape]) -> Picture:
    plot = Plot(
        key=f"{section}-reliability",
        title="Are the probabilities true?",
        description=" ".join(
            f"{_name(shape)}: the farthest of {len(shape.reliability)} points lies"
            f" {max(abs(b.told - b.found) for b in shape.reliability):.2f} off the diagonal."
            for shape in shapes
            if shape.reliability
        ),
        across=Axis("probability told", _TENTHS, form=_percent),
        up=Axis("share of spam found", _TENTHS, form=_percent),
    )
    series = [
        Series(_name(shape), tuple((b.told, b.found) for b in shape.reliability if b.count >= _FEW))
        for shape in shapes
    ]
    return Picture(
        section=section,
        title=plot.title,
        text="The reliability diagram: on the diagonal the share of spam is what was told; above"
        " it the model is too mild, below it too strict. Both classes weigh alike. Probabilities"
        f" told to fewer than {_FEW} comments stand in the table only (told, found, how many).",
        svg=lines(plot, series, diagonal=True),
        table=_bins(shapes),
    )


def _name(shape: Shape) -> str:
    """Return the name without what the section's title says already."""
    return shape.name.removesuffix(f", {UNSEEN}")


def _bins(shapes: Sequence[Shape]) -> Table:
    """Return one row per tenth of the probability, one column per set."""
    rows = []
    for tenth in range(10):
        cells = [f"{_percent(tenth / 10)} to {_percent((tenth + 1) / 10)}"]
        for shape in shapes:
            found = [b for b in shape.reliability if min(9, int(10 * b.told)) == tenth]
            told = [f"{b.told:.2f} / {b.found:.2f} / {b.count:,}" for b in found]
            cells.append(told[0] if told else "-")
        rows.append(tuple(cells))
    return Table(("probability", *map(_name, shapes)), tuple(rows))


def _attacks(rows: Sequence[tuple[str, Share]]) -> Picture:
    worst = min(rows, key=lambda row: row[1].value)
    plot = Plot(
        key="attacks-dots",
        title="Spam still caught after each change",
        description=f"Least is caught with {worst[0]}: {worst[1].value:.1%}.",
        across=Axis(
            "spam caught at 1 % false alarms; bars: 95 % intervals", _TENTHS, form=_percent
        ),
        up=Axis("", (0.0, 1.0)),
    )
    text = "Disguises should move the dot to the right: hiding something is a sign in itself."
    return Picture("attacks", plot.title, text, dots(plot, rows))


def _learning(evaluation: Evaluation) -> Picture:
    steps = [step for step in evaluation.learning if step.figures.recall_at_1]
    recalls = [step.figures.recall_at_1 for step in steps]
    points = tuple(
        (step.share, found.value) for step, found in zip(steps, recalls, strict=True) if found
    )
    band = tuple((found.low, found.high) for found in recalls if found)
    shares = tuple(step.share for step in evaluation.learning)
    plot = Plot(
        key="learning-curve",
        title="The learning curve",
        description="Recall at 1 % false alarms: "
        + ", ".join(f"{y:.1%} with {x:.0%} of the comments" for x, y in points)
        + ".",
        across=Axis("share of the training comments", shares, log=True, form=_percent),
        up=Axis("recall at 1 % false alarms", _TENTHS, form=_percent),
    )
    text = "Where the line still rises, more comments would help. The band is the 95 % interval."
    svg = lines(plot, [Series("blogs", points, band)])
    return Picture("learning", plot.title, text, svg)


def _recalls(evaluation: Evaluation) -> list[tuple[str, Share]]:
    """Return the recall at 1 % on the blogs with archives, of the model and of each peer."""
    if not evaluation.peers:
        return []
    named = [("Gatepost", evaluation.sets), *((peer.name, peer.sets) for peer in evaluation.peers)]
    return [
        (name, found.recall_at_1)
        for name, sets in named
        for found in sets
        if found.name == "blogs and archives" and found.recall_at_1
    ]


def _peers(rows: Sequence[tuple[str, Share]]) -> Picture:
    plot = Plot(
        key="peers-dots",
        title="Recall at 1 % false alarms, blogs and archives",
        description="; ".join(f"{name} {found.value:.1%}" for name, found in rows) + ".",
        across=Axis(
            "spam caught at 1 % false alarms; bars: 95 % intervals", _TENTHS, form=_percent
        ),
        up=Axis("", (0.0, 1.0)),
    )
    text = "The same comments to learn from, the same comments to judge."
    return Picture("peers", plot.title, text, dots(plot, rows))


def _replayed(found: Replayed) -> Picture:
    last = found.stretches[-1]
    plot = Plot(
        key=f"replayed-{found.name}",
        title=f"Stretch by stretch: {found.name}",
        description=f"In the last stretch {last.caught.value:.1%} of the spam is caught and"
        f" {last.flagged.value:.1%} of the ham flagged, at a probability of .5.",
        across=Axis(
            "decisions so far",
            (0.0, *(float(stretch.until) for stretch in found.stretches)),
            form=lambda value: f"{value:,.0f}",
        ),
        up=Axis("share", _TENTHS, form=_percent),
    )
    caught = Series(
        "spam caught",
        tuple((float(s.until), s.caught.value) for s in found.stretches if s.caught.count),
        tuple((s.caught.low, s.caught.high) for s in found.stretches if s.caught.count),
    )
    flagged = Series(
        "ham flagged",
        tuple((float(s.until), s.flagged.value) for s in found.stretches if s.flagged.count),
        tuple((s.flagged.low, s.flagged.high) for s in found.stretches if s.flagged.count),
    )
    drawn = [series for series in (caught, flagged) if series.points]
    text = "What learning adds while moderators decide; bands are 95 % intervals."
    return Picture(f"replayed-{found.name}", plot.title, text, lines(plot, drawn))


def _at(shape: Shape, alarms: float) -> float:
    """Return the spam caught at the drawn point nearest to this share of false alarms."""
    return min(shape.roc, key=lambda point: abs(point[0] - alarms))[1]


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"

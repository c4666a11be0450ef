"""What was measured about a model: plain values, and the same as Markdown tables."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a whole, with its 95 % interval.

    Args:
        value: 0..1.
        low, high: ends of the interval.
        count: how many the whole is.
    """

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one set of comments.

    Args:
        name: of the set.
        ham, spam: how many.
        auc: probability that a spam scores above a ham; None without both classes.
        recall_at_1, recall_at_01: spam caught when 1 % (0.1 %) of the ham is flagged, with the
            interval of the resampled set (both the threshold and the recall vary).
        flagged: share of the ham with probability >= .5.
        filed: share of the ham in the band `spam`.
        caught: share of the spam in the band `spam`.
        fine: share of the ham in the band `fine`.
        calibration_error: mean distance between probability and frequency over ten bins, both
            classes weighted alike; None without both.
    """

    name: str
    ham: int
    spam: int
    auc: float | None
    recall_at_1: Share | None
    recall_at_01: Share | None
    flagged: Share
    filed: Share
    caught: Share
    fine: Share
    calibration_error: float | None


@dataclass(frozen=True, slots=True)
class Speed:
    """Median and 99th percentile of the time for one comment, microseconds."""

    characters: int
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is known about a model.

    Args:
        sets: blogs together, blogs with archives, then each site.
        languages: ham flagged per language of the probe.
        attacks: spam of the blogs still scored at or above the 1 % threshold, per disguise.
        left_out: each blog as judged by a model that never saw it; empty unless asked for.
        speed: per length of comment.
    """

    sets: tuple[Figures, ...]
    languages: tuple[tuple[str, Share], ...]
    attacks: tuple[tuple[str, Share], ...]
    left_out: tuple[Figures, ...]
    speed: tuple[Speed, ...]


def as_text(evaluation: Evaluation) -> str:
    """Return an evaluation as Markdown: sentences and tables."""
    return "\n".join(_lines(evaluation)).rstrip()


def _lines(evaluation: Evaluation) -> list[str]:
    return [
        "Measured on later comments of known sites (the calibration set, so calibration looks a",
        "little better here than elsewhere). In brackets: 95 % intervals.",
        "",
        *_table(evaluation.sets),
        *_left_out(evaluation.left_out),
        "Honest sentences flagged (p >= .5), per language of the probe:",
        "",
        *_shares(evaluation.languages),
        "Spam of the blogs caught at 1 % false alarms after its text was disguised:",
        "",
        *_shares(evaluation.attacks),
        "Time for one comment, one core of the machine that made this page:",
        "",
        "| characters | median | 99 of 100 below |",
        "| --- | --- | --- |",
        *(f"| {s.characters} | {s.median:.0f} µs | {s.worst:.0f} µs |" for s in evaluation.speed),
        "",
    ]


def _left_out(sets: tuple[Figures, ...]) -> list[str]:
    if not sets:
        return []
    areas = [found.auc for found in sets if found.auc is not None]
    recalls = [found.recall_at_1.value for found in sets if found.recall_at_1]
    return [
        "Each blog judged by a model that never saw it, which is what a new site can expect:",
        "",
        *_table(sets),
        f"Mean AUC {_mean(areas):.3f}, mean recall at 1 % {_mean(recalls):.2f}.",
        "",
    ]


def _table(sets: Iterable[Figures]) -> list[str]:
    head = (
        "| comments | ham / spam | AUC | recall at 1 % | at 0.1 % | ham p >= .5 | ham p >= .95 "
        "| spam p >= .95 | ham p < .10 | calibration error |"
    )
    rows = [
        f"| {s.name} | {s.ham} / {s.spam} | {_number(s.auc)} | {_share(s.recall_at_1)} "
        f"| {_share(s.recall_at_01)} | {_percent(s.flagged)} | {_percent(s.filed)} "
        f"| {_percent(s.caught)} | {_percent(s.fine)} | {_number(s.calibration_error)} |"
        for s in sets
    ]
    return [head, "| --- " * 10 + "|", *rows, ""]


def _shares(rows: Iterable[tuple[str, Share]]) -> list[str]:
    lines = [f"| {name} | {share.count} | {_percent(share)} |" for name, share in rows]
    return ["| | of | share |", "| --- | --- | --- |", *lines, ""]


def _share(share: Share | None) -> str:
    return "-" if share is None else f"{share.value:.2f} ({share.low:.2f}-{share.high:.2f})"


def _percent(share: Share) -> str:
    if not share.count:
        return "-"
    return f"{share.value:.1%} ({share.low:.1%}-{share.high:.1%})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))

"""What was measured about a model: plain values."""

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


Z = 1.96
"""Standard deviations within which 95 % of a normal distribution lie."""


def share_of(hits: int, count: int) -> Share:
    """Return a share with its interval; of nothing it may be anything.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not count:
        return Share(0.0, 0.0, 1.0, 0)
    value = hits / count
    scale = 1 + Z**2 / count
    middle = (value + Z**2 / (2 * count)) / scale
    reach = Z * ((value * (1 - value) + Z**2 / (4 * count)) / count) ** 0.5 / scale
    return Share(value, max(0.0, middle - reach), min(1.0, middle + reach), count)


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
class Bin:
    """Comments that were given about the same probability.

    Args:
        count: how many.
        told: their mean probability, both classes weighted alike.
        found: how much of them is spam, both classes weighted alike.
    """

    count: int
    told: float
    found: float


@dataclass(frozen=True, slots=True)
class Shape:
    """What of one set is drawn.

    Args:
        name: of the set.
        roc: share of the ham flagged, spam caught; from .001 to .1.
        reliability: ten bins of probability, the empty ones left out.
    """

    name: str
    roc: tuple[tuple[float, float], ...]
    reliability: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Labelled comments of one site in one split; `first` and `last` are years or empty."""

    site: str
    split: str
    ham: int
    spam: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Median and 99th percentile of the time for one comment, microseconds."""

    characters: int
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model takes.

    Args:
        file: bytes on disk.
        load: seconds to read and check it, the libraries being there.
        memory: bytes of resident memory that code, weights and a first score add to a process
            that has numpy and the tables; None where the system does not tell.
    """

    file: int
    load: float
    memory: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One point of a learning curve: trained with this share, so many comments."""

    share: float
    comments: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Peer:
    """Another filter on the same comments.

    Args:
        name: as people know it.
        missing: why it could not be measured, and what to do; empty when it was.
        sets: blogs, blogs and archives.
        left_out: each blog by a filter that never saw it; empty unless asked for.
        seconds: for one comment, scored in bulk.
    """

    name: str
    missing: str = ""
    sets: tuple[Figures, ...] = ()
    left_out: tuple[Figures, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a replayed stream of decisions, in time order; shares at probability .5."""

    until: int
    caught: Share
    flagged: Share


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed stream: probabilities that were told before their label was known."""

    name: str
    figures: Figures
    halves: tuple[Figures, ...]
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is known about a model.

    Args:
        sets: blogs together, blogs with archives, then each site.
        languages: ham flagged per language of the probe.
        attacks: spam of the blogs still scored at or above the 1 % threshold, per disguise.
        left_out: each blog as judged by a model that never saw it; empty unless asked for.
        speed: per length of comment.
        times: each blog's older and newer half; where left out, its thirds by time.
        shapes: what of the sets is drawn.
        collections: what the source holds, per site and split.
        learning: with a growing share of the training comments; empty unless asked for.
        peers: other filters; empty unless asked for.
        footprint: what the model takes.
        replayed: streams that were replayed; empty unless given.
    """

    sets: tuple[Figures, ...]
    languages: tuple[tuple[str, Share], ...]
    attacks: tuple[tuple[str, Share], ...]
    left_out: tuple[Figures, ...]
    speed: tuple[Speed, ...]
    times: tuple[Figures, ...] = ()
    shapes: tuple[Shape, ...] = ()
    collections: tuple[Collection, ...] = ()
    learning: tuple[Step, ...] = ()
    peers: tuple[Peer, ...] = ()
    footprint: Footprint | None = None
    replayed: tuple[Replayed, ...] = ()

"""Figures as sections of text and tables: the same for the terminal, the card and the page."""

from collections.abc import Iterable, Sequence

from models.spam.measuring.figures import Collection, Evaluation, Figures, Peer, Replayed, Share
from models.spam.measuring.tables import (
    Section,
    Table,
    interval,
    markdown,
    mean_auc,
    mean_recall,
    milliseconds,
    number,
    percent,
)

_HEAD = (
    "comments",
    "ham / spam",
    "AUC",
    "recall at 1 %",
    "at 0.1 %",
    "ham p >= .5",
    "ham p >= .95",
    "spam p >= .95",
    "ham p < .10",
    "calibration error",
)
_SHORT = _HEAD[:5]
_OF_TIMES = (0, 1, 2, 3, 5, 7, 9)
_ENOUGH = 30
"""Ham below which 1 % of it is no number to go by."""


def sections(evaluation: Evaluation) -> list[Section]:
    """Return all there is to say, in the order in which it is read; what is empty is left out."""
    found = [
        _sets(evaluation.sets),
        _left_out(evaluation.left_out),
        _times(evaluation.times),
        _languages(evaluation.languages),
        _attacks(evaluation.attacks),
        _peers(evaluation),
        _learning(evaluation),
        *map(_replayed, evaluation.replayed),
        _cost(evaluation),
    ]
    return [section for section in found if section.table.rows]


def as_text(evaluation: Evaluation) -> str:
    """Return an evaluation as Markdown: sentences and tables."""
    return "\n\n".join(markdown(section) for section in sections(evaluation))


def collections_table(collections: Iterable[Collection]) -> Table:
    """Return where the comments come from: site, years and how many, per split."""
    rows = [
        (c.site or "(no site named)", c.split, _years(c), f"{c.ham:,}", f"{c.spam:,}")
        for c in collections
    ]
    return Table(("site", "split", "years", "ham", "spam"), tuple(rows))


def _sets(sets: Sequence[Figures]) -> Section:
    return Section(
        "sets",
        "Known sites",
        "The split dev, on which the model was also calibrated: calibration looks a little better"
        " here than elsewhere. In brackets: 95 % intervals. Recall at 1 % is the share of the"
        " spam that is caught where one ham in a hundred is flagged; the calibration error is the"
        " mean distance between the probability told and the share of spam found, both classes"
        " weighted alike.",
        Table(_HEAD, tuple(map(_row, sets))),
        _few(sets),
    )


def _left_out(sets: Sequence[Figures]) -> Section:
    return Section(
        "left-out",
        "Sites never seen",
        "Each moderated blog judged by a model that was trained and calibrated without it, which"
        " is what a new site can expect before its moderators have decided anything.",
        Table(_HEAD, tuple(map(_row, sets))),
        _means(sets),
    )


def _times(sets: Sequence[Figures]) -> Section:
    return Section(
        "times",
        "By time",
        "Spam changes. Halves are of the split dev, by the model itself; thirds are of whole"
        " blogs, by models that never saw them. The parts are small: read the brackets.",
        Table(
            tuple(_HEAD[column] for column in _OF_TIMES),
            tuple(tuple(_row(found)[column] for column in _OF_TIMES) for found in sets),
        ),
    )


def _languages(rows: Sequence[tuple[str, Share]]) -> Section:
    return Section(
        "languages",
        "False alarms by language",
        "Honest, if rude, sentences that are given a probability of .5 or more.",
        Table(("language", "of", "flagged"), _shares(rows)),
    )


def _attacks(rows: Sequence[tuple[str, Share]]) -> Section:
    return Section(
        "attacks",
        "Disguised and padded spam",
        "Spam of the blogs that is still caught, at the threshold of 1 % false alarms, after it"
        " was changed.",
        Table(("change", "of", "caught"), _shares(rows)),
    )


def _peers(evaluation: Evaluation) -> Section:
    peers = evaluation.peers
    own = Peer(
        "Gatepost",
        sets=evaluation.sets[:2],
        left_out=evaluation.left_out,
        seconds=evaluation.speed[0].median / 1e6 if evaluation.speed else 0.0,
    )
    rows = [row for peer in (own, *peers) for row in _peer(peer)] if peers else []
    missing = [f"{peer.name}: {peer.missing}." for peer in peers if peer.missing]
    return Section(
        "peers",
        "Other filters on the same comments",
        "Each learned from the same comments and was measured in the same run. The mail filters"
        " read a comment as a mail: author, text, website. Times are of comments scored in bulk,"
        " for Gatepost of one with 200 characters and its reasons.",
        Table(("filter", *_SHORT, "one comment"), tuple(rows)),
        " ".join(missing),
    )


def _peer(peer: Peer) -> list[tuple[str, ...]]:
    time = f"{1000 * peer.seconds:.2f} ms"
    known = [(peer.name, *_row(found)[:5], time) for found in peer.sets]
    unseen = [
        (peer.name, f"{found.name}, never seen", *_row(found)[1:5], time) for found in peer.left_out
    ]
    if not peer.left_out:
        return known
    area, recall = mean_auc(peer.left_out), mean_recall(peer.left_out)
    mean = (peer.name, "mean of blogs never seen", "", f"{area:.4f}", f"{recall:.3f}", "", time)
    return [*known, *unseen, mean]


def _learning(evaluation: Evaluation) -> Section:
    rows = [
        (f"{step.comments:,}", f"{step.share:.0%}", *_row(step.figures)[2:5])
        for step in evaluation.learning
    ]
    return Section(
        "learning",
        "More comments to learn from",
        "The model trained with growing shares of the comments, measured on the blogs of dev.",
        Table(("comments", "share", *_SHORT[2:]), tuple(rows)),
    )


def _replayed(found: Replayed) -> Section:
    rows = [
        (f"until {s.until:,}", str(s.caught.count), percent(s.caught), str(s.flagged.count),
         percent(s.flagged))
        for s in found.stretches
    ]  # fmt: skip
    halves = ", ".join(
        f"{half.name} {interval(half.recall_at_1)}" for half in (found.figures, *found.halves)
    )
    return Section(
        f"replayed-{found.name}",
        f"Learning from decisions: {found.name}",
        "Each comment was scored before its label was known, then decided, in time order. Spam"
        " caught and ham flagged at a probability of .5, stretch by stretch.",
        Table(("decisions", "spam", "caught", "ham", "flagged"), tuple(rows)),
        f"Recall at 1 %: {halves}. Calibration error {number(found.figures.calibration_error)}.",
    )


def _cost(evaluation: Evaluation) -> Section:
    rows = [
        (f"{s.characters:,} characters", milliseconds(s.median), milliseconds(s.worst))
        for s in evaluation.speed
    ]
    print_ = evaluation.footprint
    note = ""
    if print_:
        memory = "unknown" if print_.memory is None else f"{print_.memory / 1e6:.1f} MB"
        note = (
            f"The file has {print_.file / 1e6:.2f} MB and loads in {1000 * print_.load:.0f} ms;"
            f" code, weights and a first score add {memory} to a process that serves."
        )
    return Section(
        "cost",
        "Time and size",
        "One comment on one core of the machine that measured.",
        Table(("comment of", "median", "99 of 100 below"), tuple(rows)),
        note,
    )


def _means(sets: Sequence[Figures]) -> str:
    if not sets:
        return ""
    worst = max((found.calibration_error or 0.0) for found in sets)
    return (
        f"Mean AUC {mean_auc(sets):.4f}, mean recall at 1 % {mean_recall(sets):.3f}, largest"
        f" calibration error {worst:.3f}."
    )


def _few(sets: Sequence[Figures]) -> str:
    few = [found.name for found in sets if found.auc is not None and found.ham < _ENOUGH]
    if not few:
        return ""
    return f"Fewer than {_ENOUGH} ham, so 1 % means none at all: {', '.join(few)}."


def _row(found: Figures) -> tuple[str, ...]:
    return (
        found.name or "(no site named)",
        f"{found.ham:,} / {found.spam:,}",
        number(found.auc),
        interval(found.recall_at_1),
        interval(found.recall_at_01),
        percent(found.flagged),
        percent(found.filed),
        percent(found.caught),
        percent(found.fine),
        "-" if found.calibration_error is None else f"{found.calibration_error:.3f}",
    )


def _shares(rows: Iterable[tuple[str, Share]]) -> tuple[tuple[str, ...], ...]:
    return tuple((name or "unknown", f"{of.count:,}", percent(of)) for name, of in rows)


def _years(found: Collection) -> str:
    return found.first if found.first == found.last else f"{found.first}-{found.last}"

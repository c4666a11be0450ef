"""Microseconds per stage of scoring one comment, beside two ways to count words of the same text.

    python -m tests.bench.scoring [--repetitions 300]

Prints a Markdown table. Figures depend on the machine; the ratios to what was measured in the
same run hardly do. "Features" is what reading takes beside folding and measures.
"""

# ruff: noqa: RUF001 - one of the texts is Russian
import argparse
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from sklearn.feature_extraction.text import HashingVectorizer

from models.spam import Document, SpamModel, load_base
from models.spam.explain import reasons_of
from models.spam.features import NAME_CAP, contributions, read, table_of, window
from models.spam.structure import measure
from models.spam.text import fold

SIZES = (100, 200, 1_000, 4_000, 82_000)
KINDS = {
    "plain": "The ferry left at nine, and by noon we had walked round the whole lake; my aunt said "
    "that in 1987 it froze from shore to shore. Does anybody know if the old mill still stands? ",
    "links": "Very nice blog, see http://shop-{0}.example.com/buy?id={0} and also <a href='http://"
    "meds{0}.example'>meds</a> or write to me{0}@mail.example for the best price. ",
    "other script": "Вчера мы обошли всё озеро пешком, а вечером пили чай у соседей; тётя "
    "сказала, что в 1987 году вода замёрзла от берега до берега. ",
}
STAGES = ("fold", "features", "measures", "weights", "reasons", "whole", "a window")
PEERS = ("findall and count", "HashingVectorizer")
_MEMORY = """
import re, sys, numpy, models
{more}
rows = open("/proc/self/smaps_rollup").read()
print(*(re.search(name + r":\\s+(\\d+)", rows).group(1) for name in ("Rss", "Pss")))
"""
_MODEL = "from models.spam import load_base, Document; load_base().score(Document('A text.'))"


@dataclass(frozen=True)
class Row:
    """One text: its kind, its size in characters, microseconds (p50, p99) per stage and peer."""

    kind: str
    size: int
    times: dict[str, tuple[float, float]]

    def ratio(self, peer: str) -> float:
        """Return how many times as long as a peer the whole takes, by their medians."""
        return self.times["whole"][0] / self.times[peer][0]


def text_of(kind: str, size: int) -> str:
    """Return a text of so many characters, whose words are not all the same."""
    pieces = [KINDS[kind].format(number) for number in range(size // len(KINDS[kind]) + 2)]
    return "".join(pieces)[:size]


def measured(model: SpamModel, kind: str, size: int, repetitions: int) -> Row:
    """Time every stage for one text."""
    document = Document(text_of(kind, size), "Ann Lee", "http://ann.example/blog", "On the lake")
    body, name = fold(document.text), fold(document.author, cap=NAME_CAP)
    table = table_of(model.weights.rarity, model.weights.hashed)
    reading = read(document)
    parts, measures = contributions(reading, table), reading.measures
    chunks = body.text.count(" ") + 1
    letters = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    words = HashingVectorizer(ngram_range=(1, 2))
    deeds: dict[str, Callable[[], object]] = {
        "fold": lambda: (fold(document.text), fold(document.author, cap=NAME_CAP)),
        "read": lambda: read(document),
        "measures": lambda: measure(document, body, name),
        "weights": lambda: contributions(reading, table),
        "reasons": lambda: reasons_of(document, reading, parts, measures, (0.0, 0.0)),
        "whole": lambda: model.score(document),
        "a window": lambda: contributions(window(reading, chunks // 4, chunks // 2), table),
        PEERS[0]: lambda: Counter(re.findall(r"\w+", document.text)),
        PEERS[1]: lambda: (letters.transform([document.text]), words.transform([document.text])),
    }
    times = {deed: _timed(deeds[deed], repetitions) for deed in deeds}
    rest = [max(0.0, times["read"][n] - times["fold"][n] - times["measures"][n]) for n in range(2)]
    return Row(kind, size, {**times, "features": (rest[0], rest[1])})


def _timed(deed: Callable[[], object], repetitions: int) -> tuple[float, float]:
    """Return the median and the 99th percentile in microseconds, after a warm-up."""
    for _ in range(3):
        deed()
    moments = [time.perf_counter()]
    for _ in range(repetitions):
        deed()
        moments.append(time.perf_counter())
    taken = sorted(after - before for before, after in pairwise(moments))
    return taken[len(taken) // 2] * 1e6, taken[len(taken) * 99 // 100] * 1e6


def memory() -> tuple[int, int] | None:
    """Return KiB of RSS and PSS that the model adds to a process; None where unknown.

    That process has numpy and the tables of the database already, as every server has.
    """
    found = []
    for more in ("", _MODEL):
        program = [sys.executable, "-c", _MEMORY.format(more=more)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        found.append([int(number) for number in done.stdout.split()])
    (rss, pss), (more_rss, more_pss) = found
    return more_rss - rss, more_pss - pss


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    heads = [*STAGES, *PEERS, *(f"whole / {peer}" for peer in PEERS)]
    lines = [
        "| comment | characters | " + " | ".join(heads) + " |",
        "| --- | --- |" + " --- |" * len(heads),
    ]
    for row in rows:
        times = [f"{row.times[n][0]:.0f} ({row.times[n][1]:.0f})" for n in (*STAGES, *PEERS)]
        ratios = [f"{row.ratio(peer):.2f}" for peer in PEERS]
        lines.append(f"| {row.kind} | {row.size:,} | " + " | ".join([*times, *ratios]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=300)
    repetitions = parser.parse_args().repetitions
    model = load_base()
    rows = [
        measured(model, kind, size, max(20, repetitions // (1 + size // 8_000)))
        for kind in KINDS
        for size in SIZES
    ]
    sys.stdout.write(f"Microseconds, p50 (p99), one thread.\n\n{table(rows)}\n\n")
    added = memory()
    if added:
        sys.stdout.write(f"The model adds {added[0]:,} KiB RSS, {added[1]:,} KiB PSS.\n")


if __name__ == "__main__":
    main()

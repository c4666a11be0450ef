"""Other filters on the same comments, in the same run: what a site owner could use instead.

spamprobe and bogofilter are mail filters and get each comment as a small mail: its author as
the sender, text and website as the body. Naive Bayes is scikit-learn's, on words and pairs.
"""

import math
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from models.spam.making.samples import Sample, labels_of, read_split
from models.spam.making.train import Progress, quiet
from models.spam.measuring.figures import Figures, Peer
from models.spam.measuring.left_out import ARCHIVES, BLOGS, Fold, folds
from models.spam.measuring.measures import Logits, figures

INSTALL = "apt-get install spamprobe bogofilter"

_CERTAIN = 1e-16
_SENDER = "From reader@comments.example Thu Jan  1 00:00:00 1970"

Judge = Callable[[Sequence[Sample], Sequence[Sample]], tuple[Logits, float]]
"""Learns from the first, scores the second: their logits, and seconds for one of them."""


def compare(
    source: Path | Sequence[Path], *, sites_left_out: bool = False, progress: Progress = quiet
) -> tuple[Peer, ...]:
    """Measure each peer on the split `dev` after it learned from `train` and `extra`.

    Args:
        source: labelled comments (`samples.read_split`).
        sites_left_out: also let each peer judge the blogs it never saw.
        progress: told what is being done.
    """
    train = read_split(source, "train") + read_split(source, "extra")
    dev = read_split(source, "dev")
    found = []
    for name, judge in PEERS.items():
        if name in PROGRAMS and not shutil.which(name):
            found.append(Peer(name, missing=f"not installed: {INSTALL}"))
            continue
        progress(f"asking {name}")
        logits, seconds = judge(train, dev)
        left = [_unseen(judge, fold) for fold in folds(source)] if sites_left_out else []
        found.append(Peer(name, "", _sets(dev, logits), tuple(left), seconds))
    return tuple(found)


def _unseen(judge: Judge, fold: Fold) -> Figures:
    logits, _ = judge(fold.train + fold.dev, fold.unseen)
    return figures(fold.site, logits, labels_of(fold.unseen))


def _sets(dev: Sequence[Sample], logits: Logits) -> tuple[Figures, ...]:
    sites, labels = np.array([sample.site for sample in dev]), labels_of(dev)
    blogs = np.isin(sites, BLOGS)
    sets = {"blogs": blogs, "blogs and archives": blogs | np.isin(sites, ARCHIVES)}
    return tuple(figures(name, logits[rows], labels[rows]) for name, rows in sets.items())


def naive_bayes(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[Logits, float]:
    """Judge by scikit-learn's multinomial naive Bayes on counts of words and word pairs."""
    counter = CountVectorizer(ngram_range=(1, 2), min_df=2)
    bayes = MultinomialNB().fit(counter.fit_transform(map(_plain, train)), labels_of(train))
    begin = time.perf_counter()
    sums = bayes.predict_joint_log_proba(counter.transform(map(_plain, test)))
    logits: Logits = sums[:, 1] - sums[:, 0]
    return logits, (time.perf_counter() - begin) / len(test)


def spamprobe(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[Logits, float]:
    """Judge by spamprobe, as it comes."""
    with TemporaryDirectory(prefix="spamprobe-") as folder:
        place = Path(folder)
        base = ["spamprobe", "-d", folder, "-c", "-s", "100000"]
        for verb, spam in (("spam", True), ("good", False)):
            _run([*base, verb, str(_mails(place / verb, (s for s in train if s.spam == spam)))])
        mails = _mails(place / "test", test)
        begin = time.perf_counter()
        answer = _run([*base, "score", str(mails)])
        seconds = time.perf_counter() - begin
    # A line is: SPAM or GOOD, the probability, the mail's digest.
    return _logits((line.split()[1] for line in answer), test), seconds / len(test)


def bogofilter(train: Sequence[Sample], test: Sequence[Sample]) -> tuple[Logits, float]:
    """Judge by bogofilter, as it comes."""
    with TemporaryDirectory(prefix="bogofilter-") as folder:
        place = Path(folder)
        base = ["bogofilter", "-C", "-d", folder, "-M"]
        for option, spam in (("-s", True), ("-n", False)):
            mails = _mails(place / f"learn{option}", (s for s in train if s.spam == spam))
            _run([*base, option, "-I", str(mails)])
        mails = _mails(place / "test", test)
        begin = time.perf_counter()
        answer = _run([*base, "-TT", "-I", str(mails)])
        seconds = time.perf_counter() - begin
    return _logits(answer, test), seconds / len(test)


PROGRAMS = ("spamprobe", "bogofilter")
PEERS: dict[str, Judge] = {
    "spamprobe": spamprobe,
    "bogofilter": bogofilter,
    "naive Bayes (scikit-learn)": naive_bayes,
}
"""Name of a peer and how it judges; programs are looked up on the PATH by this name."""


def _plain(sample: Sample) -> str:
    document = sample.document
    return f"{document.author}\n{document.url}\n{document.text}"


def _mails(file: Path, samples: Iterable[Sample]) -> Path:
    """Write comments as a mailbox file."""
    with file.open("w", encoding="utf-8", errors="replace") as opened:
        opened.writelines(map(mail, samples))
    return file


def mail(sample: Sample) -> str:
    """Return a comment as one mail of a mailbox file."""
    document = sample.document
    author = " ".join(document.author.replace('"', "").split())
    # A line that starts with "From " would begin the next mail.
    body = "\n".join(f" {line}" for line in document.text.replace("\0", "").splitlines())
    lines = [
        _SENDER,
        f'From: "{author}" <reader@comments.example>',
        "Subject: comment",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
        f" {' '.join(document.url.split())}",
        "",
        "",
    ]
    return "\n".join(lines)


def _run(command: Sequence[str]) -> list[str]:
    """Run a filter and return its answer's lines; bogofilter's codes 0..2 are verdicts."""
    done = subprocess.run(  # noqa: S603 - a program of the list above on files of our own
        command, capture_output=True, check=False, text=True, encoding="utf-8", errors="replace"
    )
    if done.returncode > 2:  # noqa: PLR2004 - 3 and above are failures
        raise OSError(f"{command[0]} failed: {done.stderr.strip()[:200]}")
    return [line for line in done.stdout.splitlines() if line.strip()]


def _logits(probabilities: Iterable[str], test: Sequence[Sample]) -> Logits:
    cut = [min(1 - _CERTAIN, max(_CERTAIN, float(p))) for p in probabilities]
    if len(cut) != len(test):
        raise OSError(f"a filter answered {len(cut)} of {len(test)} comments")
    return np.array([math.log(p) - math.log1p(-p) for p in cut])

"""What a model costs: time for one comment, bytes on disk, time to load, memory."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from models.spam.artifact import FILE_NAME, load, save
from models.spam.document import Document
from models.spam.measuring.figures import Footprint, Speed
from models.spam.pipeline import SpamModel

LENGTHS = (200, 1_000, 4_000, 82_000)
"""Characters of the comments that are timed; the last is beyond what is read."""

_RUNS = 200
_LOADS = 5
_WORDS = "I had to change the second step to make it work here, since the path differs. "
_MEMORY = """
import resource, sys
import models, numpy  # what a process that serves has anyway

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

before = resident()
from models.spam import Document, load
load(__import__("pathlib").Path(sys.argv[1])).score(Document("One sentence, as a first score."))
print(resident() - before)
"""


def speed(model: SpamModel, length: int) -> Speed:
    """Time the scoring of one comment of so many characters."""
    document = Document((_WORDS * (length // len(_WORDS) + 1))[:length], "Ann Example", "")
    times = []
    for _ in range(_RUNS):
        begin = time.perf_counter()
        model.score(document)
        times.append((time.perf_counter() - begin) * 1e6)
    return Speed(length, median(times), float(np.quantile(times, 0.99)))


def footprint(model: SpamModel) -> Footprint:
    """Write the model, load it, and start a process that does so too."""
    with TemporaryDirectory(prefix="gatepost-model-") as folder:
        file = Path(folder) / FILE_NAME
        save(model, file)
        times = []
        for _ in range(_LOADS):
            begin = time.perf_counter()
            load(file)
            times.append(time.perf_counter() - begin)
        return Footprint(file.stat().st_size, median(times), _memory(file))


def _memory(file: Path) -> int | None:
    """Return what loading adds to a fresh process; None where /proc does not tell."""
    code = f"import sys; sys.path[:] = {sys.path!r}\n{_MEMORY}"
    done = subprocess.run(  # noqa: S603 - our own code, our own interpreter
        [sys.executable, "-c", code, str(file)], capture_output=True, check=False, text=True
    )
    return int(done.stdout) if done.returncode == 0 else None

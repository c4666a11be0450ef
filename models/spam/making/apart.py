"""Training a base model in a process of its own, so that nobody's thread and memory are used.

The new files are written into a folder beside the old ones and take their names only after
the model was loaded back: a run that fails or is stopped leaves the last good model.

TrainingError: no model was made; the text says why in one sentence.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from models.spam.artifact import FILE_NAME, ModelFileError, load

CARD_NAME = "CARD.md"
ONE_THREAD = ("OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1")
"""Sums are taken in one order only: the same comments give the same bits."""

_UNUSABLE = 65


class TrainingError(Exception):
    """No model was made; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be trained.

    Args:
        source: folders or files of labelled comments.
        out: folder for the model file and its card.
        made: date in the model's name.
        seed: of all chance in training.
        sites_left_out: measure also by leaving each blog out (slow).
    """

    source: Sequence[Path]
    out: Path
    made: date
    seed: int = 0
    sites_left_out: bool = False


def train_apart(order: Order, progress: Callable[[str], None]) -> Path:
    """Train in a subprocess, put the files in place and return the model's path.

    Raises:
        TrainingError: the comments cannot be used, the process was stopped, or what it wrote
            does not load.
    """
    try:
        order.out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".training-", dir=order.out) as folder:
            _run(_command(order, Path(folder)), progress)
            load(Path(folder) / FILE_NAME)
            for name in (CARD_NAME, FILE_NAME):
                (Path(folder) / name).replace(order.out / name)
    except ModelFileError as error:
        raise TrainingError(f"the new model does not load: {error}") from error
    except OSError as error:
        raise TrainingError(f"{order.out} cannot be written: {error.strerror}") from error
    return order.out / FILE_NAME


def _command(order: Order, folder: Path) -> list[str]:
    """Return the trainer's command line: same interpreter, same modules, one thread."""
    env = shutil.which("env")
    if env is None:
        raise TrainingError("there is no program `env` on the PATH")
    modules = os.pathsep.join(filter(None, sys.path))
    command = [env, *ONE_THREAD, f"PYTHONPATH={modules}", sys.executable, "-P"]
    command += ["-m", "models.spam.making.trainer", "--out", str(folder)]
    command += ["--made", order.made.isoformat(), "--seed", str(order.seed)]
    command += ["--sites-left-out"] if order.sites_left_out else []
    return [*command, "--", *map(str, order.source)]


def _run(command: Sequence[str], progress: Callable[[str], None]) -> None:
    with (
        TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(  # noqa: S603 - our own module and the operator's own arguments
            command, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                progress(line.rstrip("\n"))
            code = process.wait()
        except BaseException:
            # Whatever stops us stops the training: nobody is left to take its result, and what
            # it wrote lies in a folder that goes.
            process.kill()
            raise
        if code:
            raise TrainingError(_complaint(code, errors))


def _complaint(code: int, errors: IO[str]) -> str:
    errors.seek(0)
    told = [line for line in errors.read().splitlines() if line.strip()]
    last = told[-1] if told else "it said nothing"
    if code == _UNUSABLE:
        return f"these comments cannot be trained on: {last}"
    if code < 0:
        return f"the training was stopped by signal {-code} (9: memory ran short)"
    return f"the training failed: {last}"

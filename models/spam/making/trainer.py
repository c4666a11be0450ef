"""The process that trains a base model. Started by `apart`; told everything as arguments.

Progress goes to standard output line by line. Comments that cannot be used end it with
`UNUSABLE` and one sentence on standard error.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from models.spam.making.samples import SampleError
from models.spam.making.sources import split_source

UNUSABLE = 65  # EX_DATAERR of sysexits.h
NICENESS = 10
"""Added to the process's niceness: whoever serves comes first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure and write a model; return the exit code."""
    chosen = _parser().parse_args(arguments)
    os.nice(NICENESS)
    try:
        with TemporaryDirectory(prefix="splits-", dir=chosen.out) as folder:
            source = split_source(chosen.source, Path(folder))
            for note in source.notes:
                _tell(note)
            # scikit-learn takes seconds to load; a wrong file is told without it.
            from models.spam.making.build import build  # noqa: PLC0415 - as said above

            build(
                source.files,
                chosen.out,
                made=chosen.made,
                seed=chosen.seed,
                sites_left_out=chosen.sites_left_out,
                progress=_tell,
            )
    except (SampleError, ValueError, OSError, EOFError) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--made", type=date.fromisoformat, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sites-left-out", action="store_true")
    return parser


def _tell(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

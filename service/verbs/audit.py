"""The verbs of `gatepost audit`: is the log as it was sealed, and all of it as lines."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from config import load

if TYPE_CHECKING:
    from service.records.audit_seals import Verdict


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give the parser its verbs."""
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    verify = verbs.add_parser("verify", help="compare the log with its seals; exit code 1 = broken")
    verify.add_argument("--file", type=Path, help="an export instead of the database")
    verify.set_defaults(run=_verify)
    export = verbs.add_parser("export", help="write entries and seals as lines of JSON")
    export.set_defaults(run=_export)


def _verify(chosen: argparse.Namespace) -> int:
    from service.records.audit_seals import verify, verify_export

    if chosen.file is not None:
        try:
            with chosen.file.open("rb") as lines:
                return _tell(verify_export(lines))
        except (OSError, ValueError, KeyError) as error:
            print(f"gatepost: this is no export of the log: {error}", file=sys.stderr)
            return 1
    from service.app import create_app

    with create_app(load()).app_context():
        return _tell(verify())


def _export(_chosen: argparse.Namespace) -> int:
    from service.app import create_app
    from service.records.audit_seals import export

    with create_app(load()).app_context():
        for line in export():
            sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _tell(verdict: "Verdict") -> int:
    if verdict.fault:
        print(f"BROKEN after {verdict.seals} good seals. {verdict.fault}")
    else:
        print(f"{verdict.entries} entries under {verdict.seals} seals are as they were sealed.")
    if verdict.tail is not None:
        first, last = verdict.tail
        print(f"Not sealed yet: {verdict.unsealed} entries, numbers {first} to {last}.")
    if verdict.digest:
        print(f"Digest of the last good seal: {verdict.digest}")
    return 1 if verdict.fault else 0

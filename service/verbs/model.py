"""The verbs of `gatepost model`: train, measure, show and use the spam model."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

from service.errors import SetupError

if TYPE_CHECKING:
    from models.spam import Document, SpamModel
    from models.spam.measuring.figures import Evaluation

SITES_LEFT_OUT = "also train once without each moderated blog and measure on it (slow)"
SOURCE = "folder with train.jsonl[.gz] and, if there is one, dev.jsonl[.gz]; or files"
MODEL = "model file (default: the one shipped)"
FIELDS = ("text", "author", "url", "title", "page_text")
TERMINATED = 128 + signal.SIGTERM


def add_to(model: argparse.ArgumentParser) -> None:
    """Add all verbs to the parser of `gatepost model`."""
    verbs = model.add_subparsers(required=True, metavar="VERB")
    _add_train(verbs.add_parser("train", help="train a base model from labelled comments (JSONL)"))
    _add_evaluate(verbs.add_parser("evaluate", help="measure a model on the dev split"))
    card = verbs.add_parser("card", help="print the model card")
    card.add_argument("--model", type=Path, help=MODEL)
    card.set_defaults(run=_card)
    _add_explain(verbs.add_parser("explain", help="say why one comment has its probability"))
    score = verbs.add_parser("score", help="score JSON lines from standard input")
    score.add_argument("--model", type=Path, help=MODEL)
    score.set_defaults(run=_score)
    replay = verbs.add_parser(
        "replay", help="submit and decide labelled JSON lines in time order, learning as in service"
    )
    replay.add_argument("--model", type=Path, help=MODEL)
    replay.set_defaults(run=_replay)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", help=SOURCE)
    parser.add_argument("--out", type=Path, required=True, help="folder for model.npz and CARD.md")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--date", type=date.fromisoformat, help="date in the model's name (default: today, UTC)"
    )
    parser.add_argument("--sites-left-out", action="store_true", help=SITES_LEFT_OUT)
    parser.set_defaults(run=_train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", help=SOURCE)
    parser.add_argument("--model", type=Path, help=MODEL)
    parser.add_argument("--sites-left-out", action="store_true", help=SITES_LEFT_OUT)
    parser.add_argument(
        "--curves", action="store_true", help="also train with parts of the comments (slow)"
    )
    parser.add_argument(
        "--peers", action="store_true", help="also measure spamprobe, bogofilter and naive Bayes"
    )
    parser.add_argument(
        "--replayed", type=Path, nargs="+", default=[], help="what `gatepost model replay` wrote"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="also write DIR/index.html")
    parser.set_defaults(run=_evaluate)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.description = "Reads one JSON object from standard input unless --text is given."
    parser.add_argument("--model", type=Path, help=MODEL)
    parser.add_argument("--text", help="the comment")
    parser.add_argument("--author", default="", help="name of its author")
    parser.add_argument("--url", default="", help="website of its author")
    parser.add_argument("--title", default="", help="title of the page it stands under")
    parser.add_argument("--page-text-file", type=Path, help="file with the page's own text")
    parser.set_defaults(run=_explain)


def _train(chosen: argparse.Namespace) -> int:
    from models.spam.making.apart import Order, TrainingError, train_apart

    made = chosen.date or datetime.now(UTC).date()
    order = Order(chosen.source, chosen.out, made, chosen.seed, chosen.sites_left_out)
    try:
        with _tidy_when_terminated():
            train_apart(order, _progress)
    except TrainingError as error:
        raise SetupError(str(error)) from error
    _progress(f"written to {chosen.out}")
    return 0


def _evaluate(chosen: argparse.Namespace) -> int:
    from models.spam.making.samples import SampleError
    from models.spam.measuring.report import write_report
    from models.spam.measuring.sections import as_text

    model = _model(chosen.model)
    try:
        found = _measured(model, chosen)
    except (SampleError, ValueError, OSError, EOFError) as error:
        raise SetupError(f"these comments cannot be measured: {error}") from error
    print(_printable(as_text(found)))
    if chosen.report:
        try:
            _progress(f"written to {write_report(model, found, chosen.report)}")
        except OSError as error:
            raise SetupError(f"the report cannot be written: {error}") from error
    return 0


def _measured(model: "SpamModel", chosen: argparse.Namespace) -> "Evaluation":
    from models.spam.making.sources import split_source
    from models.spam.measuring.evaluate import evaluate
    from models.spam.measuring.replayed import read_replayed

    streams = tuple(read_replayed(file) for file in chosen.replayed)
    with TemporaryDirectory(prefix="gatepost-splits-") as folder:
        source = split_source(chosen.source, Path(folder))
        for note in source.notes:
            _progress(note)
        found = evaluate(
            model,
            source.files,
            sites_left_out=chosen.sites_left_out,
            curves=chosen.curves,
            peers=chosen.peers,
            progress=_progress,
        )
    return replace(found, replayed=streams)


def _card(chosen: argparse.Namespace) -> int:
    from models.spam import base_path

    file = (chosen.model or base_path()).with_name("CARD.md")
    try:
        print(file.read_text("utf-8"))
    except OSError as error:
        raise SetupError(f"there is no card beside the model ({file}): {error.strerror}") from error
    return 0


def _explain(chosen: argparse.Namespace) -> int:
    from models.spam import Document
    from models.spam.telling import told

    if chosen.text is None:
        try:
            document = _document(json.loads(sys.stdin.buffer.read().decode("utf-8-sig")))
        except (ValueError, TypeError, RecursionError):
            print("standard input is not one JSON object with a text", file=sys.stderr)
            return 1
    else:
        page = _text_of(chosen.page_text_file) if chosen.page_text_file else ""
        document = Document(chosen.text, chosen.author, chosen.url, chosen.title, page)
    print(_printable(told(_model(chosen.model), document)))
    return 0


def _score(chosen: argparse.Namespace) -> int:
    model = _model(chosen.model)
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            row = json.loads(line.decode("utf-8-sig"))
            document = _document(row)
        except (ValueError, TypeError, RecursionError):
            sys.stdout.flush()
            print(f"line {number} is not an object with a text", file=sys.stderr)
            return 1
        sys.stdout.write(f"{json.dumps(row | model.score(document).to_json())}\n")
    sys.stdout.flush()
    return 0


def _replay(chosen: argparse.Namespace) -> int:
    from service.verbs.replay import replay

    with (
        open(0, encoding="utf-8", closefd=False) as source,
        open(1, "w", encoding="utf-8", closefd=False) as out,
    ):
        try:
            return replay(source, out, model=chosen.model)
        except UnicodeDecodeError as error:
            raise SetupError(f"standard input is not UTF-8: {error}") from error


def _document(row: object) -> "Document":
    """Return the comment of a JSON object; a field that is null or not there is empty.

    Raises:
        TypeError: it is no object, has no text, or a field is no text.
    """
    from models.spam import Document

    if not isinstance(row, dict) or "text" not in row:
        raise TypeError("no object with a text")
    fields = {name: "" if row.get(name) is None else row[name] for name in FIELDS}
    if not all(isinstance(value, str) for value in fields.values()):
        raise TypeError("a field is no text")
    return Document(**fields)


def _model(path: Path | None) -> "SpamModel":
    from models.spam import ModelFileError, load, load_base

    try:
        return load(path) if path else load_base()
    except ModelFileError as error:
        raise SetupError(f"the spam model cannot be used: {error}") from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{file} cannot be read as text: {error}") from error


def _printable(text: str) -> str:
    """Return a text as this terminal can show it: escapes for what its encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@contextmanager
def _tidy_when_terminated() -> Iterator[None]:
    """Let SIGTERM end the verb as Ctrl-C does: by an exception, so that all is cleaned up."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

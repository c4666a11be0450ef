"""The command line: the same verbs wherever Gatepost is installed."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings, SettingsError, load
from service.errors import SetupError

if TYPE_CHECKING:
    from models.spam import SpamModel

SITES_LEFT_OUT = "also train once without each moderated blog and measure on it (slow)"
CONFIG_FAULT = 78  # EX_CONFIG of sysexits.h: the operator has something to mend


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the process's exit code."""
    chosen = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except (SettingsError, SetupError) as error:
        print(f"gatepost: {error}", file=sys.stderr)
        return CONFIG_FAULT
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatepost", description="Comments that wait for a person. Settings: GATEPOST_<NAME>."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    serve = verbs.add_parser("serve", help="migrate and serve (the default of run.py)")
    serve.set_defaults(run=_serve)
    demo = verbs.add_parser("demo", help="serve a seeded demo with a blog page; nothing is kept")
    demo.add_argument("--port", type=int, default=8080, help="port of the service")
    demo.add_argument("--blog-port", type=int, default=8081, help="port of the demo blog")
    demo.set_defaults(run=_demo)
    worker = verbs.add_parser("worker", help="deliver webhooks (PostgreSQL: any number of them)")
    worker.set_defaults(run=_worker)
    setup = verbs.add_parser("setup", help="print a fresh link for the first owner")
    setup.set_defaults(run=_setup)
    migrate = verbs.add_parser("migrate", help="bring the database up to date and stop")
    migrate.set_defaults(run=_migrate)
    _model_verbs(verbs.add_parser("model", help="train, measure and use the spam model"))
    return parser


def _model_verbs(model: argparse.ArgumentParser) -> None:
    verbs = model.add_subparsers(required=True, metavar="VERB")
    train = verbs.add_parser("train", help="train a base model from labelled comments (JSONL)")
    train.add_argument("source", type=Path, help="folder with train.jsonl[.gz] and dev.jsonl[.gz]")
    train.add_argument("--out", type=Path, required=True, help="folder for model.npz and CARD.md")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--sites-left-out", action="store_true", help=SITES_LEFT_OUT)
    train.set_defaults(run=_model_train)
    evaluate = verbs.add_parser("evaluate", help="measure a model on the dev split")
    evaluate.add_argument("source", type=Path)
    evaluate.add_argument("--model", type=Path, help="model file (default: the one shipped)")
    evaluate.add_argument("--sites-left-out", action="store_true", help=SITES_LEFT_OUT)
    evaluate.set_defaults(run=_model_evaluate)
    card = verbs.add_parser("card", help="print the model card")
    card.set_defaults(run=_model_card)
    score = verbs.add_parser("score", help="score JSON lines from standard input")
    score.add_argument("--model", type=Path, help="model file (default: the one shipped)")
    score.set_defaults(run=_model_score)


def _settings() -> Settings:
    return load()


def _serve(_chosen: argparse.Namespace) -> int:
    from service.serving import serve

    return serve(_settings())


def _worker(_chosen: argparse.Namespace) -> int:
    from service.serving import work

    return work(_settings())


def _demo(chosen: argparse.Namespace) -> int:
    from service.demo.run import run_demo

    return run_demo(port=chosen.port, blog_port=chosen.blog_port)


def _setup(_chosen: argparse.Namespace) -> int:
    from service.serving import setup_link

    link = setup_link(_settings())
    print(link or "The first owner is there already: sign in, or let him invite you.")
    return 0 if link else 1


def _migrate(_chosen: argparse.Namespace) -> int:
    from service.app import create_app

    create_app(_settings())
    print("The database is up to date.")
    return 0


def _model_train(chosen: argparse.Namespace) -> int:
    from models.spam.build import build
    from models.spam.samples import SampleError

    made = datetime.now(UTC).date()
    try:
        build(
            chosen.source,
            chosen.out,
            made=made,
            seed=chosen.seed,
            sites_left_out=chosen.sites_left_out,
            progress=_progress,
        )
    except (SampleError, ValueError, OSError) as error:
        raise SetupError(f"these comments cannot be trained on: {error}") from error
    return 0


def _model_evaluate(chosen: argparse.Namespace) -> int:
    from models.spam.evaluate import evaluate
    from models.spam.figures import as_text
    from models.spam.samples import SampleError

    try:
        found = evaluate(
            _model(chosen.model),
            chosen.source,
            sites_left_out=chosen.sites_left_out,
            progress=_progress,
        )
    except (SampleError, OSError) as error:
        raise SetupError(f"these comments cannot be measured: {error}") from error
    print(as_text(found))
    return 0


def _model_card(_chosen: argparse.Namespace) -> int:
    from models.spam import base_path

    print(base_path().with_name("CARD.md").read_text("utf-8"))
    return 0


def _model_score(chosen: argparse.Namespace) -> int:
    from models.spam import Document

    model = _model(chosen.model)
    for number, line in enumerate(sys.stdin, 1):
        try:
            row = json.loads(line)
            fields = {name: row.get(name) or "" for name in ("author", "url", "title", "page_text")}
            document = Document(text=row["text"], **fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            print(f"line {number} is not an object with a text", file=sys.stderr)
            return 1
        print(json.dumps(row | model.score(document).to_json(), ensure_ascii=False))
    return 0


def _model(path: Path | None) -> "SpamModel":
    from models.spam import ModelFileError, load, load_base

    try:
        return load(path) if path else load_base()
    except ModelFileError as error:
        raise SetupError(f"the spam model cannot be used: {error}") from error


def _progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""The command line: the same verbs wherever Gatepost is installed."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence

from config import Settings, SettingsError, load
from service.errors import SetupError
from service.verbs import account, audit, model

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
    except BrokenPipeError:
        # Whoever read our answer has gone; closing standard output must not fail for it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


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
    account.add_to(verbs.add_parser("account", help="let a moderator back in"))
    audit.add_to(verbs.add_parser("audit", help="verify and export the audit log"))
    model.add_to(verbs.add_parser("model", help="train, measure and use the spam model"))
    return parser


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


if __name__ == "__main__":
    sys.exit(main())

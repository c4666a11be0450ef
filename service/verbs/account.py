"""The verbs of `gatepost account`: the operator's way back for a moderator who is locked out."""

import argparse
import sys

from config import load


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give the parser its verbs."""
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    reset = verbs.add_parser(
        "reset", help="remove password, second factors and sessions; print a link to begin anew"
    )
    reset.add_argument("email", help="the address the moderator signs in with")
    reset.set_defaults(run=_reset)


def _reset(chosen: argparse.Namespace) -> int:
    from service.app import create_app
    from service.errors import NotFoundError
    from service.staff.credentials import reset_account
    from service.web.context import HOUSE

    settings = load()
    app = create_app(settings)
    with app.app_context():
        try:
            done = reset_account(app.extensions[HOUSE], chosen.email)
        except NotFoundError as error:
            print(f"gatepost: {error.message}", file=sys.stderr)
            return 1
    print(f"Removed: the password, {done.factors} second factors, {done.sessions} sessions.")
    print("Hand this link to the moderator; it is good once, for an hour:")
    print(f"{settings.base_url}/reset#token={done.token}")
    return 0

"""What people wrote under the article, read from the file beside this one."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from models import Status

FILE = Path(__file__).with_name("voices.toml")


@dataclass(frozen=True, slots=True)
class Voice:
    """One comment and what the moderator made of it.

    Args:
        days: how long ago it was written.
        status: where it stands; `pending` = nobody has decided.
        key: a name for those who answer it.
        answers: key of the comment it answers.
        owner: written by the blog's own author.
    """

    days: float
    status: Status
    name: str
    text: str
    website: str = ""
    key: str = ""
    answers: str = ""
    owner: bool = False


def voices() -> list[Voice]:
    """Return all comments of the demo, oldest first."""
    told = tomllib.loads(FILE.read_text("utf-8"))["voice"]
    return [Voice(**{**one, "status": Status(one["status"])}) for one in told]

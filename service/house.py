"""What a deed needs from outside: clock, chance, keys, model, and whom to wake."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from config import Settings
from models import ActorKind
from models.spam.site.adapt import Residual
from service.keys import KeyRing
from service.meter import Meter
from service.text.rulebook import Rulebook
from service.text.scoring import Scorer


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, as the audit log names him.

    Args:
        kind: a moderator, an API key, or the operator at the command line.
        id: the number of the moderator or key; None for the operator.
    """

    kind: ActorKind
    id: int | None


class Wake(Protocol):
    """Tells the dispatcher that there may be work; a hint, never the work itself."""

    def __call__(self) -> None:
        """Wake it."""


Turns = dict[int, tuple[int, datetime]]
"""Turns of keys that this process has taken and not used: how many, and since when, by key."""


@dataclass(frozen=True, slots=True)
class House:
    """The outside world as arguments, so that a test can give another one.

    Args:
        settings: what the operator chose.
        ring: the keys.
        scorer: the spam check.
        now: the clock, aware and in UTC.
        token: `token(n)` returns n random lower-case letters and digits.
        wake: called after a commit that wrote events.
        residuals: what this process has loaded, by site: the site's `model_version`, and what
            its decisions taught (None = the base model alone).
        rulebooks: what this process has loaded, by site: the site's `rules_version`, and its
            rules on hosts and words.
        turns: of keys of programs, see `service.programs.turns`.
        meter: what this process has counted since its start.
        doer: on whose behalf a deed is done; None = a rule, a chore, or the command line.
    """

    settings: Settings
    ring: KeyRing
    scorer: Scorer
    now: Callable[[], datetime]
    token: Callable[[int], str]
    wake: Wake
    residuals: dict[int, tuple[int, Residual | None]] = field(default_factory=dict)
    rulebooks: dict[int, tuple[int, Rulebook]] = field(default_factory=dict)
    turns: Turns = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    doer: Doer | None = None

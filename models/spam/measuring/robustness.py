"""How much spam is still caught after its writer has changed it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from models.spam.document import Document
from models.spam.making.attacks import ATTACKS
from models.spam.making.samples import Sample
from models.spam.measuring.figures import Share
from models.spam.measuring.measures import Logits, share, threshold
from models.spam.pipeline import SpamModel

PADDING = 60
"""Words of honest comments that are put before or after an advertisement."""
EVERYTHING = "all disguises at once"
EMPTIED = "website emptied"
APPENDED = f"{PADDING} honest words appended"
PREPENDED = f"{PADDING} honest words prepended"

Change = Callable[[Document, Random], Document]


def attacked(model: SpamModel, samples: Sequence[Sample]) -> tuple[tuple[str, Share], ...]:
    """Change the spam and say how much is still caught at 1 % false alarms.

    Args:
        model: the one that judges.
        samples: ham gives the threshold and the honest words, spam is changed.
    """
    ham = [sample.document for sample in samples if not sample.spam]
    spam = [sample.document for sample in samples if sample.spam]
    if not ham or not spam:
        return ()
    limit = threshold(_logits(model, ham), 0.01)
    random = Random(0)  # noqa: S311 - reproducible, not secret
    return tuple(
        (name, share(_logits(model, (change(document, random) for document in spam)) > limit))
        for name, change in changes(ham).items()
    )


def changes(ham: Sequence[Document]) -> dict[str, Change]:
    """Return what spammers do, by name: disguises, then what is done beside the text."""
    words = [word for document in ham for word in document.text.split()]

    def padding(random: Random) -> str:
        start = random.randrange(max(1, len(words) - PADDING))
        return " ".join(words[start : start + PADDING])

    return {
        "none": lambda document, _random: document,
        **{name: _of_text(attack) for name, attack in ATTACKS.items()},
        EVERYTHING: _of_text(_everything),
        EMPTIED: lambda document, _random: replace(document, url=""),
        APPENDED: _of_text(lambda text, random: f"{text} {padding(random)}"),
        PREPENDED: _of_text(lambda text, random: f"{padding(random)} {text}"),
    }


def _of_text(attack: Callable[[str, Random], str]) -> Change:
    return lambda document, random: replace(document, text=attack(document.text, random))


def _everything(text: str, random: Random) -> str:
    for attack in ATTACKS.values():
        text = attack(text, random)
    return text


def _logits(model: SpamModel, documents: Iterable[Document]) -> Logits:
    return np.array([model.score(document).logit for document in documents])

"""A score told to a person: probability, what was folded, and every reason with its weight."""

from models.spam.document import Document
from models.spam.links import TOKEN_WORDS
from models.spam.pipeline import SpamModel
from models.spam.score import Band, Score
from models.spam.text import FoldedText

_BANDS = {
    Band.FINE: "most likely fine",
    Band.UNSURE: "unsure: a person should look",
    Band.SPAM: "most likely spam",
}
_FOLDS = {
    "hidden": "invisible characters inside words taken out",
    "styled": "letters in costume made plain",
    "twins": "look-alike letters of another alphabet exchanged",
    "spaced": "words spelled letter by letter joined",
    "leet": "words with digits for letters read as words",
    "marks": "stacked marks taken off",
    "repeats": "runs of one character shortened",
    "entities": "character references resolved",
    "disguised_links": "links written in words recognised",
}


def told(model: SpamModel, document: Document) -> str:
    """Return a score in lines for a person; the weights add up to the last line's sum."""
    score = model.score(document)
    lines = [
        f"Probability of spam: {_percent(score.probability)} ({_BANDS[score.band]})",
        f"By the model: {model.name}",
    ]
    if not score.known_language:
        lines.append(
            "The model saw no honest comments in this script: a high probability says little."
        )
    lines += ["", "As the model read it:", f"  {shown(score.folded)}"]
    lines += [f"  - {words}" for words in folds(score.folded)]
    lines += ["", "Why (above zero speaks for spam, below zero against it):"]
    return "\n".join([*lines, *_reasons(score)])


def folds(folded: FoldedText) -> list[str]:
    """Return, in words with their number, the disguises that were taken off a text."""
    counts = [(getattr(folded, name), words) for name, words in _FOLDS.items()]
    told_counts = [f"{words}: {count}" for count, words in counts if count]
    return told_counts + (["only its head and its tail were read"] if folded.shortened else [])


def shown(folded: FoldedText) -> str:
    """Return the folded text with its tokens spelled out."""
    text = folded.text
    for token, word in TOKEN_WORDS.items():
        text = text.replace(token, f"({word})")
    return text or "(nothing)"


def _reasons(score: Score) -> list[str]:
    rows = [f"  {reason.weight:+7.2f}  {reason.text}" for reason in score.reasons]
    return [*rows, f"  {score.logit:+7.2f}  altogether: log-odds of spam, that is the probability"]


def _percent(probability: float) -> str:
    return f"{probability:.1%}" if 0.001 <= probability <= 0.999 else f"{probability:.3%}"  # noqa: PLR2004 - more digits where one would say 0 or 100

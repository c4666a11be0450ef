"""The model card: what a model was made of, what it can do, and what it cannot.

Every sentence follows from the model, from what was measured, or from the list of collections
below: the card of a model that somebody trains on comments of their own is true as well.
"""

from models.spam.features import WIDTH
from models.spam.measuring.figures import Evaluation, Share
from models.spam.measuring.robustness import APPENDED, PREPENDED
from models.spam.measuring.sections import as_text, collections_table
from models.spam.measuring.tables import Table, markdown_table, percent
from models.spam.pipeline import SpamModel
from models.spam.structure import MEASURES
from models.spam.text import CAP

_YOUTUBE = ("YouTube Spam Collection (UCI)", "CC BY 4.0")
COLLECTIONS: dict[str, tuple[str, str]] = {
    "archive_fever": ("comment pull requests of archive_fever by Edwin Wenink", "none"),
    "buildtimes": ("published comments of buildtimes by Eduardo Bouças", "none"),
    "haacked": ("comment pull requests of haacked.com by Phil Haack", "none"),
    "haacked_archive": ("published comments of haacked.com", "none"),
    "joehx": ("comment pull requests of hendrixjoseph.github.io, with websites", "MIT"),
    "judol_id": ("Indonesian comments on gambling, labelled by rules", "none"),
    "mademistakes": ("made-mistakes-jekyll by Michael Rose, with websites", "MIT"),
    "popcorn": ("an open demonstration form; spam by rule (a link or a repeated text)", "none"),
    "stanko": ("published comments of stanko.github.io", "all rights reserved"),
    "textdetox": ("TextDetox sentences in 15 languages: rude, but no spam", "openrail++"),
    "yt_eminem": _YOUTUBE,
    "yt_katyperry": _YOUTUBE,
    "yt_psy": _YOUTUBE,
}
"""Public collections: what each is, and the licence stated there."""

_TEXTS = """\
The texts belong to those who wrote them and are no part of this project or of the model file,
which holds one weight per hashed feature: no word list, no text, no name, no address."""
_NOISE = """\
Of the labels of the public collections 1 to 2 % are wrong, and "refused by a moderator" is not
always the same as spam. Only some of them ask for a website, so websites and names are dropped
and lent in training: having one must not become a sign."""
_LIMITS = """\
- **Flattery written by a machine** ("Intriguing post on configuration sections ...") looks like
  ham to any model that reads one comment alone. What a site's own moderators decide is needed.
- The page's own words count as nothing. They are only as trustworthy as whoever supplied title
  and page text: never feed a title typed by a stranger.
- The probability assumes as much spam as ham. A site with little spam sees fewer true hits among
  what is flagged.
- The disguises measured are those it was trained against; others exist.
- A blog with few ham comments gives a wide interval: read the brackets, not the digits."""
_SCRIPTS = """\
- In a script without honest comments in the training (`known_language` is false) a high score
  says little; nothing should be filed away by it. Within a known script an unknown language can
  still go wrong."""
_ANOTHER = """\
## How to make another

`gatepost model train SOURCE --out DIR`, where SOURCE is a folder with `train.jsonl[.gz]` and
`dev.jsonl[.gz]` (and, if there is one, `extra.jsonl[.gz]`), or any files of labelled comments: one
JSON object a line with `text`, `label` (`ham` or `spam`) and, as far as known, `author`, `url`,
`site`, `lang` and `time`. The same comments, seed, date and library versions give the same bytes.
After a change to the feature code a model must be trained again: the file carries a hash of that
code and is refused otherwise.
"""


def card(model: SpamModel, evaluation: Evaluation) -> str:
    """Return the model card as Markdown."""
    return "\n\n".join(
        [
            f"# The spam model “{model.name}”",
            _what(model),
            "## What it learned from",
            _data(evaluation),
            "## What it can do",
            f"Measured when the model was made, {model.card.made}.",
            as_text(evaluation),
            "## What it cannot do",
            "\n".join([*_measured_limits(evaluation), _LIMITS]),
            _ANOTHER,
        ]
    )


def _what(model: SpamModel) -> str:
    scripts = ", ".join(sorted(model.card.scripts)) or "none"
    return (
        f"Made on {model.card.made}. A linear model, trained and calibrated (Platt's method) with\n"
        f"scikit-learn, on {WIDTH:,} hashed words, word pairs, letter groups, names and links and\n"
        f"on {len(MEASURES)} counted measures. A text is folded first: disguises are taken off and"
        "\ncounted. Every score is the sum of its reasons.\n\n"
        f"Scripts with honest comments in the training: {scripts}."
    )


def _data(evaluation: Evaluation) -> str:
    parts = ["Comments that had been decided about before:"]
    parts.append(markdown_table(collections_table(evaluation.collections)))
    known = sorted({c.site for c in evaluation.collections} & COLLECTIONS.keys())
    if known:
        rows = tuple((site, *COLLECTIONS[site]) for site in known)
        parts.append("What the public ones among them are, and the licence stated there:")
        parts.append(markdown_table(Table(("site", "what it is", "licence"), rows)))
        parts.append(_NOISE)
    return "\n\n".join([*parts, _TEXTS])


def _measured_limits(evaluation: Evaluation) -> list[str]:
    attacks = dict(evaluation.attacks)
    return [
        *_padding(attacks),
        f"- Of comments longer than {CAP:,} characters only head and tail are read.",
        _SCRIPTS,
        *_languages(evaluation.languages),
        *_unseen(evaluation),
    ]


def _padding(attacks: dict[str, Share]) -> list[str]:
    if not {"none", APPENDED, PREPENDED} <= attacks.keys():
        return []
    found = {name: f"{attacks[name].value:.1%}" for name in ("none", APPENDED, PREPENDED)}
    told = f"{found[APPENDED]} with {APPENDED}, {found[PREPENDED]} with {PREPENDED}"
    return [
        f"- **Good words in bulk**: of the spam {found['none']} is caught as it stands,\n  {told}."
    ]


def _languages(languages: tuple[tuple[str, Share], ...]) -> list[str]:
    flagged = [(name, found) for name, found in languages if found.value]
    if not flagged:
        return []
    name, worst = max(flagged, key=lambda row: row[1].value)
    return [
        f"- Of the honest sentences in “{name}” {percent(worst)} are flagged: the worst measured."
    ]


def _unseen(evaluation: Evaluation) -> list[str]:
    errors = [
        (found.calibration_error, found.name)
        for found in evaluation.left_out
        if found.calibration_error is not None
    ]
    if not errors:
        return []
    error, name = max(errors)
    told = f"by {error:.3f} on average at worst ({name})"
    return [f"- On a site it never saw its probabilities are off, {told}."]

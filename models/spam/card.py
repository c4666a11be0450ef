"""The model card: what the shipped model was made of, what it can do, and what it cannot."""

from models.spam.figures import Evaluation, as_text
from models.spam.pipeline import SpamModel

_DATA = """\
## What it learned from

Comments that people had already decided about, in public places:

| collection | what it gave | licence stated there |
| --- | --- | --- |
| haacked.com, comment pull requests 2018-2022, archive 2004-2021 | ham and spam | none |
| hendrixjoseph.github.io, comment pull requests to 2019-03 | ham and spam, with websites | MIT |
| archive_fever by Edwin Wenink, comment pull requests 2018-2021 | ham and spam | none |
| made-mistakes-jekyll by Michael Rose | ham and spam, with websites | MIT |
| stanko.github.io, buildtimes | published ham | all rights reserved; none |
| YouTube Spam Collection (UCI), three of five videos | ham and spam | CC BY 4.0 |
| an Indonesian collection on gambling advertisements | labels made by rules | none |
| TextDetox development sentences, 15 languages | rude but honest: ham | openrail++ |
| popcorn, an open demonstration form | spam, by rule (a link or a repeated text) | none |

The texts belong to those who wrote them and are not part of this project. What is shipped is
one weight per hashed feature: no word list, no text, no name, no address. About 1 to 2 % of the
labels are wrong, and "refused by a moderator" is not always the same as spam.
"""

_LIMITS = """\
## What it cannot do

- **Flattery written by a machine** ("Intriguing post on configuration sections ...") looks like
  ham to any model that reads one comment alone. What a site's own moderators decide is needed.
- **Good words in bulk** put before or after an advertisement still lower its score.
- Comments longer than 4,000 characters are read at head and tail only.
- In a script without honest comments in the training (`known_language` is false) a high score
  says little; nothing should be filed away by it. Within a known script an unknown language can
  still go wrong.
- The page's own words count as nothing. They are only as trustworthy as whoever supplied title
  and page text: never feed a title typed by a stranger.
- The probability assumes as much spam as ham. A site with little spam sees fewer true hits among
  what is flagged.
- The disguises measured below are those it was trained against; others exist.

## How to make another

`gatepost model train FOLDER --out DIR` with `train.jsonl.gz` and `dev.jsonl.gz` (and, if there is
one, `extra.jsonl.gz`) in FOLDER: one JSON object a line with `text`, `label` (`ham` or `spam`) and,
as far as known, `author`, `url`, `site`, `lang`. The same files, seed and library versions give
the same weights. After a change to the feature code a model must be trained again: the file
carries a hash of that code and is refused otherwise.
"""


def card(model: SpamModel, evaluation: Evaluation) -> str:
    """Return the model card as Markdown."""
    return "\n".join(
        [
            f"# The spam model “{model.name}”",
            "",
            "A linear classifier (two logistic regressions added up, calibrated by Platt's method)",
            "on hashed words, letter groups, names and links and on counted measures. Every score",
            "is the sum of its reasons.",
            "",
            _DATA,
            "## What it can do",
            "",
            as_text(evaluation),
            "",
            _LIMITS,
        ]
    )

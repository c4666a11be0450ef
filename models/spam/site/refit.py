"""A fit as a pure function of bytes, so that it can run in a process of its own.

`python -m models.spam.site.refit` reads a request from standard input and writes the answer to
standard output. Needs scipy; the process that serves only packs and unpacks (`packing`).
"""

import functools
import sys
from pathlib import Path
from zipfile import BadZipFile

from models.spam.artifact import ModelFileError, load, load_base
from models.spam.pipeline import SpamModel
from models.spam.site.adapt import Example
from models.spam.site.fitting import fit
from models.spam.site.frozen import frozen_comments
from models.spam.site.packing import Answer, pack_answer, unpack_request
from models.spam.site.trial import split, trial
from models.spam.site.vector import vector_of


def refit(request: bytes) -> bytes:
    """Fit, try and pack.

    Raises:
        ValueError, KeyError: the request makes no sense.
        ModelFileError: the base model it names cannot be used.
    """
    examples, base = unpack_request(request)
    candidate = fit(examples)
    if candidate is None:
        return pack_answer(Answer(None, {}))
    older, newest = split(examples)
    verdict = trial(candidate, fit(older), _frozen(base), newest)
    return pack_answer(Answer(candidate, verdict.report))


@functools.cache
def _frozen(base: str) -> list[Example]:
    """Return the frozen comments as a base model sees them."""
    model = _model(base)
    return [
        Example(
            vector=vector_of(model, comment.document, {}),
            spam=comment.spam,
            offset=model.score(comment.document).logit,
        )
        for comment in frozen_comments()
    ]


def _model(base: str) -> SpamModel:
    return load(Path(base)) if base else load_base()


def main() -> int:
    """Answer the request on standard input."""
    try:
        answer = refit(sys.stdin.buffer.read())
    except (ValueError, KeyError, EOFError, BadZipFile, ModelFileError) as error:
        print("the fit failed:", *str(error).split(), file=sys.stderr)  # noqa: T201 - read by who started us
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

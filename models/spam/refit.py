"""A fit as a pure function of bytes, so that it can run in a process of its own.

`python -m models.spam.refit` reads a request from standard input and writes the answer to
standard output. Packed without pickle: arrays in an npz and a manifest.
"""

import functools
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.spam.adapt import Example, Residual
from models.spam.artifact import ModelFileError, load, load_base
from models.spam.frozen import frozen_comments
from models.spam.pipeline import SpamModel
from models.spam.vector import Vector, vector_of

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a fit came to.

    Args:
        residual: the candidate; None where too little is known.
        report: of the trial; empty where there is no candidate.
    """

    residual: Residual | None
    report: dict[str, Any]

    @property
    def accepted(self) -> bool:
        """Whether the candidate passed the gate."""
        return bool(self.report.get("accepted"))


def pack_request(examples: Sequence[Example], *, base: str = "") -> bytes:
    """Return a request.

    Args:
        examples: oldest first.
        base: path of the base model; empty = the one shipped.
    """
    vectors = [example.vector for example in examples]
    packed = io.BytesIO()
    np.savez(
        packed,
        manifest=np.frombuffer(json.dumps({"format": FORMAT, "base": base}).encode(), np.uint8),
        ids=np.concatenate([vector.ids for vector in vectors]),
        values=np.concatenate([vector.values for vector in vectors]),
        ends=np.cumsum([len(vector.ids) for vector in vectors]),
        spam=np.array([example.spam for example in examples]),
        offset=np.array([example.offset for example in examples]),
        live=np.array([np.nan if e.live is None else e.live for e in examples]),
        account=np.array([example.account for example in examples], np.int64),
        family=np.array([example.family for example in examples], np.int64),
    )
    return packed.getvalue()


def refit(request: bytes) -> bytes:
    """Fit, try and pack.

    Raises:
        ValueError: the request makes no sense.
        ModelFileError: the base model it names cannot be used.
    """
    # Here, because they need scipy and the process that serves only packs and unpacks.
    from models.spam.fitting import fit  # noqa: PLC0415 - see above
    from models.spam.trial import split, trial  # noqa: PLC0415 - see above

    examples, base = _unpacked(request)
    candidate = fit(examples)
    if candidate is None:
        return _packed(Answer(None, {}))
    older, newest = split(examples)
    verdict = trial(candidate, fit(older), _frozen(base), newest)
    return _packed(Answer(candidate, verdict.report))


def unpack_answer(answer: bytes) -> Answer:
    """Read an answer.

    Raises:
        ValueError: these bytes are none.
        ModelFileError: its candidate is damaged.
    """
    length = int.from_bytes(answer[:4], "big")
    head = json.loads(answer[4 : 4 + length])
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError("not an answer")
    content = answer[4 + length :]
    return Answer(Residual.from_bytes(content) if content else None, head["report"])


def _unpacked(request: bytes) -> tuple[list[Example], str]:
    with np.load(io.BytesIO(request), allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    manifest = json.loads(found["manifest"].tobytes())
    if manifest["format"] != FORMAT:
        raise ValueError("a request of another format")
    ends = found["ends"].tolist()
    starts = [0, *ends[:-1]]
    examples = [
        Example(
            vector=Vector(found["ids"][start:end], found["values"][start:end]),
            spam=bool(found["spam"][place]),
            offset=float(found["offset"][place]),
            live=None if np.isnan(found["live"][place]) else float(found["live"][place]),
            account=int(found["account"][place]),
            family=int(found["family"][place]),
        )
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    return examples, str(manifest["base"])


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


def _packed(answer: Answer) -> bytes:
    head = json.dumps({"format": FORMAT, "report": answer.report}).encode()
    content = b"" if answer.residual is None else answer.residual.to_bytes()
    return len(head).to_bytes(4, "big") + head + content


def main() -> int:
    """Answer the request on standard input."""
    try:
        answer = refit(sys.stdin.buffer.read())
    except (ValueError, KeyError, ModelFileError) as error:
        print(f"the fit failed: {error}", file=sys.stderr)  # noqa: T201 - read by who started us
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

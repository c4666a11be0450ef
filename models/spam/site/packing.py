"""Requests for a fit and their answers as bytes: arrays and a manifest, and no pickle."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.spam.site.adapt import Example, Residual
from models.spam.site.vector import Vector

FORMAT = 2


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
        weight=np.array([example.weight for example in examples], np.float64),
    )
    return packed.getvalue()


def unpack_request(request: bytes) -> tuple[list[Example], str]:
    """Read a request: the examples, oldest first, and the path of the base model.

    Raises:
        ValueError, KeyError: these bytes are none.
    """
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
            weight=float(found["weight"][place]),
        )
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
    return examples, str(manifest["base"])


def pack_answer(answer: Answer) -> bytes:
    """Return an answer as bytes."""
    head = json.dumps({"format": FORMAT, "report": answer.report}).encode()
    content = b"" if answer.residual is None else answer.residual.to_bytes()
    return len(head).to_bytes(4, "big") + head + content


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

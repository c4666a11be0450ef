"""Sealing the audit log, and saying whether it is as it was sealed.

Each seal is a SHA-256 over the seal before it and the canonical lines of its entries, a hash
chain as in Haber and Stornetta 1991 ("How to time-stamp a digital document"). No key is in it, so
anybody with an export can check; what it proves rests on a digest kept where the one who could
change the database cannot reach.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from models import AuditEntry, AuditSeal
from service.db import db, transaction
from service.house import House
from service.queries import audit as queries
from service.records.announce import iso

MOST = 500
"""Entries of one seal."""
NOTHING = bytes(32)
"""What stands before the first seal."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole log found.

    Args:
        entries, seals: how many are sealed and as they were.
        tail: numbers of the first and last entry without a seal, None when there is none.
        unsealed: how many those are.
        fault: what is wrong, with the number of the first bad seal; empty when nothing is.
        digest: of the last good seal, in hexadecimal.
    """

    entries: int
    seals: int
    tail: tuple[int, int] | None
    unsealed: int
    fault: str
    digest: str


def seal(house: House) -> int:
    """Seal what was done since the last time; a chore. Return how many entries that were."""
    if not queries.wait_unsealed(db.session()):
        return 0
    with transaction() as session:
        queries.hold_sealing(session)
        entries = queries.unsealed(session, MOST)
        if not entries:
            return 0
        last = queries.last_seal(session)
        previous = NOTHING if last is None else last.digest
        made = AuditSeal(
            made_at=house.now(),
            entries=len(entries),
            previous=previous,
            digest=digest_of(previous, map(line_of, entries)),
        )
        session.add(made)
        session.flush()  # the entries refer to its row
        for entry in entries:
            entry.seal_id = made.id
    return len(entries)


def line_of(entry: AuditEntry) -> bytes:
    """Return an entry as its seal reads it: one line of JSON, keys in order, no spaces."""
    return _line(
        {
            "id": entry.id,
            "at": iso(entry.at),
            "actor_kind": entry.actor_kind.value,
            "actor_id": entry.actor_id,
            "site_id": entry.site_id,
            "act": entry.act,
            "subject": entry.subject,
        }
    )


def digest_of(previous: bytes, lines: Iterable[bytes]) -> bytes:
    """Return the digest of a seal: SHA-256 of the one before and of its entries' lines."""
    found = hashlib.sha256(previous)
    for line in lines:
        found.update(line + b"\n")
    return found.digest()


def verify() -> Verdict:
    """Compare the whole log in the database with its seals."""
    session = db.session()
    pairs = ((row, queries.entries_of(session, row.id)) for row in queries.seals(session))
    chain = (_Sealed.of(row, map(line_of, entries)) for row, entries in pairs)
    return _verdict(chain, (entry.id for entry in queries.entries_of(session, None)))


def export() -> Iterator[bytes]:
    """Yield the whole log as lines of JSON: each seal after its entries, the unsealed ones last."""
    session = db.session()
    for row in queries.seals(session):
        for entry in queries.entries_of(session, row.id):
            yield line_of(entry)
        yield _line(
            {
                "seal": row.id,
                "made_at": iso(row.made_at),
                "entries": row.entries,
                "previous": row.previous.hex(),
                "digest": row.digest.hex(),
            }
        )
    for entry in queries.entries_of(session, None):
        yield line_of(entry)


def verify_export(lines: Iterable[bytes]) -> Verdict:
    """Compare an export with the seals in it; needs no database.

    Raises:
        ValueError: a line is no JSON object.
    """
    tail: list[int] = []
    return _verdict(_chain_of(lines, tail), tail)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A seal as it was kept, and what its entries give now."""

    number: int
    entries: int
    previous: bytes
    digest: bytes
    counted: int
    computed: bytes

    @classmethod
    def of(cls, row: AuditSeal, lines: Iterable[bytes]) -> "_Sealed":
        kept = list(lines)
        computed = digest_of(row.previous, kept)
        return cls(row.id, row.entries, row.previous, row.digest, len(kept), computed)


def _chain_of(lines: Iterable[bytes], tail: list[int]) -> Iterator[_Sealed]:
    """Yield the seals of an export; what follows the last one goes to `tail`."""
    waiting: list[bytes] = []
    for line in lines:
        row: dict[str, Any] = json.loads(line)
        if "seal" not in row:
            waiting.append(_line(row))
            tail.append(int(row["id"]))
            continue
        previous = bytes.fromhex(row["previous"])
        yield _Sealed(
            number=int(row["seal"]),
            entries=int(row["entries"]),
            previous=previous,
            digest=bytes.fromhex(row["digest"]),
            counted=len(waiting),
            computed=digest_of(previous, waiting),
        )
        waiting.clear()
        tail.clear()


def _verdict(chain: Iterable[_Sealed], tail: Iterable[int]) -> Verdict:
    entries = seals = 0
    previous, fault = NOTHING, ""
    for one in chain:
        fault = fault or _fault(one, previous)
        if fault:
            continue  # to the end, so that the tail of an export is known
        entries, seals, previous = entries + one.counted, seals + 1, one.digest
    first = last = None
    unsealed = 0
    for number in tail:
        first, last, unsealed = (number if first is None else first), number, unsealed + 1
    ends = None if first is None or last is None else (first, last)
    return Verdict(entries, seals, ends, unsealed, fault, previous.hex() if seals else "")


def _fault(one: _Sealed, previous: bytes) -> str:
    if one.previous != previous:
        return f"Seal {one.number} does not follow the one before it: a seal is missing or changed."
    if one.counted != one.entries:
        return f"Seal {one.number} covers {one.entries} entries, and {one.counted} are there."
    if one.computed != one.digest:
        return f"An entry under seal {one.number} was changed."
    return ""


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

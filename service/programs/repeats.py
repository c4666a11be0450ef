"""A request that is sent again gets the first one's answer, and its effect happens once.

By draft-ietf-httpapi-idempotency-key-header-07: another request under the same key is refused, as
is one whose first try still runs. Only what succeeded is kept: a refusal had no effect.
"""

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from models import KeptAnswer
from service import privacy
from service.db import joined
from service.errors import InvalidError, RunningError
from service.house import House
from service.queries import repeats as queries

HEADER = "Idempotency-Key"
NONCE = 12  # bytes
REUSED = "This key was used for another request; use a fresh one for each."
RUNNING = "This request was sent before and is still being worked on."
RUNNING_RETRY = 1  # seconds

_running: set[bytes] = set()
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may be sent again.

    Args:
        api_key_id: the key of the API that asks; each has names of its own.
        name: the caller's Idempotency-Key.
        asked: method, address and body: what it is about.
    """

    api_key_id: int
    name: str
    asked: bytes


def once(house: House, request: Repeatable, deed: Callable[[House], Any]) -> Any:
    """Return what a deed gives, or what it gave when the same request came before.

    The answer is stored in the transaction of the effect: both or neither.

    Args:
        deed: gets a house that wakes nobody before all is stored; gives what JSON can hold.

    Raises:
        InvalidError: the name was used for another request.
        RunningError: its first try still runs.
    """
    mine = f"{request.api_key_id}|{request.name}".encode()
    digest = privacy.fingerprint(b"repeat|" + mine, house.ring)
    woken: list[bool] = []
    quiet = replace(house, wake=lambda: woken.append(True))
    with _alone(digest), joined() as session:
        if not queries.hold_repeat(session, digest):
            raise RunningError(RUNNING, retry_after=RUNNING_RETRY)
        answer, known = _earlier(session, house, request, digest)
        if not known:
            answer = deed(quiet)
            _keep(session, house, request, digest, answer)
    if woken:
        house.wake()
    return answer


@contextmanager
def _alone(digest: bytes) -> Generator[None]:
    """Refuse a second try in this process while the first one runs."""
    with _guard:
        if digest in _running:
            raise RunningError(RUNNING, retry_after=RUNNING_RETRY)
        _running.add(digest)
    try:
        yield
    finally:
        with _guard:
            _running.discard(digest)


def _earlier(
    session: Session, house: House, request: Repeatable, digest: bytes
) -> tuple[Any, bool]:
    row = queries.kept_answer(session, request.api_key_id, digest)
    if row is None:
        return None, False
    if house.now() - row.made_at >= timedelta(hours=house.settings.idempotency_hours):
        queries.drop_answer(session, row)
        return None, False
    if row.fingerprint != privacy.fingerprint(request.asked, house.ring):
        raise InvalidError({HEADER: [REUSED]})
    nonce, body = row.sealed[:NONCE], row.sealed[NONCE:]
    return json.loads(AESGCM(_key(request, house)).decrypt(nonce, body, digest)), True


def _keep(session: Session, house: House, request: Repeatable, digest: bytes, answer: Any) -> None:
    nonce = os.urandom(NONCE)
    body = json.dumps(answer).encode()
    session.add(
        KeptAnswer(
            api_key_id=request.api_key_id,
            repeat_key=digest,
            fingerprint=privacy.fingerprint(request.asked, house.ring),
            sealed=nonce + AESGCM(_key(request, house)).encrypt(nonce, body, digest),
            made_at=house.now(),
        )
    )


def _key(request: Repeatable, house: House) -> bytes:
    """Return the key that seals an answer: of the caller's word, which is stored nowhere."""
    own = privacy.fingerprint(f"answer|{request.name}".encode(), house.ring)
    return hmac.new(own, request.name.encode(), hashlib.sha256).digest()

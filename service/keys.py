"""The key ring: one file outside the data directory, read at start, never shown."""

import base64
import binascii
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from service.errors import SetupError

KEY_BYTES = 32
FILE_MODE = 0o600
ALGORITHM = "A256GCM"
ACTIVE, OPEN_ONLY, DESTROYED = "active", "open-only", "destroyed"
STATES = (ACTIVE, OPEN_ONLY, DESTROYED)
USES = (
    "email",  # seals addresses
    "index",  # finds a sealed address again
    "receipt",  # authors' private links; never retired with the address keys
    "session",  # signs moderators' cookies; their apps' secrets are sealed under what it gives
    "network",  # rate limits by network and day
    "token",  # fingerprints and form tickets
    "webhook",  # master of the endpoints' derived secrets
    "setup",  # first claim
    "erasure",  # ledger of erased addresses
)
KNOWN_LABEL = b"gatepost/known-answer/v1"


@dataclass(frozen=True, slots=True)
class Key:
    """One key; its bytes never show in repr or str."""

    kid: int
    use: str
    state: str
    created: str
    secret: bytes = field(repr=False)


class KeyRing:
    """All keys, by use and number."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys: Mapping[tuple[str, int], Key] = {(key.use, key.kid): key for key in keys}

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)} keys>"

    def active(self, use: str) -> Key:
        """Return the key that seals and signs now.

        Raises:
            SetupError: the ring has none for this use.
        """
        found = [k for k in self._keys.values() if k.use == use and k.state == ACTIVE]
        if not found:
            raise SetupError(f"the key ring has no active key for {use}")
        return max(found, key=lambda key: key.kid)

    def get(self, use: str, kid: int) -> Key | None:
        """Return a key that may still open things, None when unknown or destroyed."""
        key = self._keys.get((use, kid))
        return None if key is None or key.state == DESTROYED else key

    def known_answers(self) -> dict[tuple[str, int], bytes]:
        """Return 8 bytes per key that prove it without telling it."""
        return {
            name: hmac.digest(key.secret, KNOWN_LABEL, hashlib.sha256)[:8]
            for name, key in self._keys.items()
            if key.state != DESTROYED
        }


class KeyProvider(Protocol):
    """Where keys come from: a file today, a key service another day."""

    def load(self) -> KeyRing:
        """Return the ring.

        Raises:
            SetupError: it cannot be had.
        """


class FileKeys:
    """A ring kept in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> KeyRing:
        """Return the ring.

        Raises:
            SetupError: missing, readable by others, or garbled, with how to mend it.
        """
        self._refuse_readable()
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SetupError(f"the key ring {self.path} cannot be read") from error
        keys = [self._key(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        if not keys:
            raise SetupError(f"the key ring {self.path} is empty: put it back from its backup")
        return KeyRing(keys)

    def _refuse_readable(self) -> None:
        try:
            found = self.path.stat()
        except OSError as error:
            raise SetupError(f"the key ring {self.path} cannot be read") from error
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise SetupError(
                f"the key ring {self.path} can be read by others: run chmod 600 {self.path}"
            )
        if found.st_uid != os.geteuid():
            raise SetupError(f"the key ring {self.path} belongs to another user: chown it")

    def _key(self, number: int, line: str) -> Key:
        try:
            row = json.loads(line)
            secret = base64.b64decode(row["key"], validate=True)
            key = Key(int(row["kid"]), row["use"], row["state"], row["created"], secret)
        except (ValueError, KeyError, TypeError, binascii.Error):
            key = None
        if key is None or key.use not in USES or key.state not in STATES:
            raise SetupError(
                f"line {number} of the key ring {self.path} is garbled: put the ring back from"
                " its backup"
            )
        if key.state != DESTROYED and len(key.secret) != KEY_BYTES:
            raise SetupError(f"line {number} of the key ring {self.path} has a key of wrong size")
        return key


def create(path: Path, *, today: date, random: Callable[[int], bytes] = os.urandom) -> None:
    """Write a fresh ring with one active key per use; an existing file is never overwritten.

    Raises:
        SetupError: the file cannot be written.
    """
    lines = [
        json.dumps(
            {
                "kid": 1,
                "use": use,
                "alg": ALGORITHM,
                "key": base64.b64encode(random(KEY_BYTES)).decode(),
                "created": today.isoformat(),
                "state": ACTIVE,
            }
        )
        for use in USES
    ]
    try:
        _write_whole(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise SetupError(f"the key ring {path} cannot be written: {error.strerror}") from error


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a crash leaves either all of it or nothing."""
    if path.exists():
        raise SetupError(f"the key ring {path} is there already")
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(temporary, path)  # fails when somebody else was first, unlike a rename
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

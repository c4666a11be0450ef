"""Raw requests, whole and broken, against the real service: what each must get, and what it got.

    python -m tests.checks.raw_requests FILE

FILE is JSON lines, maybe gzipped: `name`, `want` (the answer required, in words), `b64` (the bytes
to send, for a host `h` and a form at `/comments`).
"""

import argparse
import base64
import gzip
import json
import re
import socket
import sys
import tempfile
from pathlib import Path

from models import Comment
from service.app import create_app
from tests.building import found_demo_site, rows
from tests.serving import Service

TIMEOUT = 1.5  # seconds without a byte after which an open connection is left
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


def send(port: int, raw: bytes) -> list[int]:
    """Send bytes and return the status of every answer."""
    parts = []
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        try:
            connection.sendall(raw)
            while part := connection.recv(65536):
                parts.append(part)
        except OSError:
            pass  # closed or silent: what came is what counts
    return [int(status) for status in STATUS.findall(b"".join(parts))]


def as_wanted(want: str, statuses: list[int], stored: int) -> bool:
    """Say whether the answers are as required; what the words leave open passes below 500."""
    if any(status >= 500 for status in statuses):
        return False
    if "no row" in want and "4xx" not in want:
        return stored == 0
    refused = bool(statuses) and all(400 <= status < 500 for status in statuses)
    if want == "4xx or close":
        return refused or not statuses
    if want == "4xx":
        return refused
    codes = [int(code) for code in re.findall(r"\b4\d\d\b", want)]
    if codes and "or" not in want:
        return refused and (statuses[0] in codes or "4xx" in want)
    return True


def play(file: Path, work: Path) -> tuple[int, list[str]]:
    """Send every request and return (how many were as wanted, the others in words)."""
    service = Service(work, body_deadline=1.0, submissions_burst=10_000)
    app = create_app(service.settings())
    found_demo_site(app)
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as lines:
        requests = [json.loads(line) for line in lines]
    good, bad = 0, []
    with service:
        host = f"127.0.0.1:{service.port}".encode()
        for request in requests:
            raw = base64.b64decode(request["b64"])
            raw = re.sub(rb"(?mi)^Host: h\r$", b"Host: " + host + b"\r", raw)
            raw = raw.replace(b" /comments ", b" /s/blog/comments ")
            before = len(rows(app, Comment))
            statuses = send(service.port, raw)
            stored = len(rows(app, Comment)) - before
            if as_wanted(request["want"], statuses, stored):
                good += 1
            else:
                bad.append(f"{request['name']}: wanted {request['want']}, got {statuses}")
            if len(statuses) > 1 and 200 in statuses and "50 answers" not in request["want"]:
                bad.append(f"{request['name']}: more than one answer, {statuses}")
    return good, bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        good, bad = play(chosen.file, Path(work))
    print(f"{good} as wanted, {len(bad)} not")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

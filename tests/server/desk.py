"""A real granian with our front, in a process of its own, before an application that only notes."""

import argparse
import fcntl
import itertools
import json
import logging
import socket
import subprocess
import sys
from contextlib import contextmanager

from service.http.front import REFUSAL, Answer, Front
from service.http.gate import Gate
from service.http.server import serve
from tests.serving import ROOT, free_port

FORM = "application/x-www-form-urlencoded"
COMMENTS = "/s/blog/comments"
CAP = 12 * 10_000 + 16 * 1024
arrivals = itertools.count(1)  # requests that reached the application and were not refused


def note(environ, start_response):
    """Answer what reached the application, or the gate's refusal."""
    refusal = environ.get(REFUSAL)
    headers = [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    if environ["PATH_INFO"] == "/wait":
        wait_for(environ["QUERY_STRING"])
    if refusal is not None:
        start_response(f"{refusal.status} Refused", headers)
        return [json.dumps({"refused": refusal.code}).encode()]
    if environ["PATH_INFO"] == "/fault":
        raise RuntimeError("a secret inside")
    if environ["PATH_INFO"] == "/measured":
        start_response("200 OK", [("Content-Length", "4")])
        return [b"body"]
    start_response("200 OK", headers)
    found = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "arrival": next(arrivals),
        "x-a": environ.get("HTTP_X_A"),
        "query": environ["QUERY_STRING"],
        "client": environ["gatepost.client"],
        "body": environ["wsgi.input"].read().decode(),
        "json": environ.get("gatepost.json"),
    }
    return [json.dumps(found).encode()]


def wait_for(path):
    """Say that a request is under way, and end it when the test lets go of a file's lock."""
    print("waiting", flush=True)  # noqa: T201 - the parent process reads it
    with open(path, "rb") as file:  # noqa: PTH123 - a test's own file
        fcntl.flock(file, fcntl.LOCK_SH)


@contextmanager
def held(path):
    """Keep requests for `/wait?path` under way."""
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def started(port, **options):
    """Start a server process."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.server.desk", str(port), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def noting_process(**options):
    """Run the server and yield its process and port."""
    port = free_port()
    process = started(port, **options)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process, port
    finally:
        process.terminate()
        _out, complaints = process.communicate(timeout=15)
        assert process.returncode == 0
        assert "panicked" not in complaints


@contextmanager
def noting_server(**options):
    """Run the server and yield its port."""
    with noting_process(**options) as (_process, port):
        yield port


def exchange(port, raw, timeout=10.0):
    """Send raw bytes and return everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(raw)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def request(port, method="GET", path="/", headers=(), body=b"", version="1.1"):
    """Send one request with the headers given and return (status, parsed body, raw)."""
    lines = [f"{method} {path} HTTP/{version}", "Connection: close", *headers]
    if not any(line.lower().startswith("host:") for line in headers):
        lines.append(f"Host: 127.0.0.1:{port}")
    raw = exchange(port, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    head, _, rest = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1]) if head else 0
    return status, json.loads(rest) if rest.startswith(b"{") else rest, raw


def post(port, body, *, kind=FORM, path=COMMENTS, headers=(), length=None):
    """Post a body of a type."""
    announced = len(body) if length is None else length
    return request(
        port,
        "POST",
        path,
        [f"Content-Type: {kind}", f"Content-Length: {announced}", *headers],
        body,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--deadline", type=float, default=2.0)
    parser.add_argument("--trusted-proxies", type=int, default=0)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--drain", type=float, default=5.0)
    chosen = parser.parse_args()
    logging.basicConfig()
    front = Front(
        note,
        Gate(frozenset({f"127.0.0.1:{chosen.port}"}), CAP),
        threads=chosen.threads,
        deadline=chosen.deadline,
        trusted_proxies=chosen.trusted_proxies,
        ready=lambda head: Answer(200, [], b"from memory") if head.path == "/memory" else None,
    )
    serve(
        front,
        host="127.0.0.1",
        port=chosen.port,
        drain=chosen.drain,
        ready=lambda: print("ready", flush=True),  # noqa: T201 - the parent process reads it
    )

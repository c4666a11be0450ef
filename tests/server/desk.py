"""A real granian with our front, in a process of its own, before an application that only notes."""

import argparse
import json
import socket
import subprocess
import sys
from contextlib import contextmanager

from service.front import REFUSAL, Front
from service.gate import Gate
from service.server import serve
from tests.serving import ROOT, free_port

FORM = "application/x-www-form-urlencoded"
COMMENTS = "/s/blog/comments"
CAP = 12 * 10_000 + 16 * 1024


def note(environ, start_response):
    """Answer what reached the application, or the gate's refusal."""
    refusal = environ.get(REFUSAL)
    headers = [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    if refusal is not None:
        start_response(f"{refusal.status} Refused", headers)
        return [json.dumps({"refused": refusal.code}).encode()]
    if environ["PATH_INFO"] == "/fault":
        raise RuntimeError("a secret inside")
    start_response("200 OK", headers)
    found = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "client": environ["gatepost.client"],
        "body": environ["wsgi.input"].read().decode(),
        "json": environ.get("gatepost.json"),
    }
    return [json.dumps(found).encode()]


@contextmanager
def noting_server(*, deadline=2.0, trusted_proxies=0):
    """Run the server and yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.server.desk", str(port), str(deadline)]
    process = subprocess.Popen(
        [*command, str(trusted_proxies)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield port
    finally:
        process.terminate()
        assert process.wait(15) == 0
        process.stdout.close()


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
    parser.add_argument("deadline", type=float)
    parser.add_argument("trusted_proxies", type=int)
    chosen = parser.parse_args()
    front = Front(
        note,
        Gate(frozenset({f"127.0.0.1:{chosen.port}"}), CAP),
        threads=4,
        deadline=chosen.deadline,
        trusted_proxies=chosen.trusted_proxies,
    )
    serve(
        front,
        host="127.0.0.1",
        port=chosen.port,
        drain=5.0,
        ready=lambda: print("ready", flush=True),  # noqa: T201 - the parent process reads it
    )

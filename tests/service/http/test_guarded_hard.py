"""The guarded client against spellings, certificates, bombs and drips: what else may go wrong."""

import gzip
import resource
import ssl
import threading
import time
from pathlib import Path

import pytest

from service.http.guarded import EXCERPT, SendError
from tests.service.http.test_guarded import (
    DEADLINE,
    GRACE,
    Receiver,
    authority,
    dripping,
    issue,
    resolving,
    send,
    server_context,
    trusting,
)
from tests.serving import pause

__all__ = ["authority"]


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "[::ffff:7f00:1]",
        "2852039166",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_no_spelling_of_an_address_leads_inside(host):
    with pytest.raises(SendError) as failed:
        send(f"https://{host}/", allow=())
    assert failed.value.kind == "blocked"


@pytest.mark.parametrize("fault", ["expired", "tls 1.1"])
def test_an_old_certificate_or_an_old_protocol_gets_nothing_of_the_body(tmp_path, authority, fault):
    heard = []
    days = -1 if fault == "expired" else 1
    context = server_context(tmp_path, issue("hooks.example.com", by=authority, days=days))
    if fault == "tls 1.1":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Receiver(lambda connection, _: heard.append(connection.recv(1)), context) as receiver:
        with pytest.raises(SendError) as failed:
            send(
                f"https://hooks.example.com:{receiver.port}/",
                allow=(f"hooks.example.com:{receiver.port}",),
                resolve=resolving("127.0.0.1"),
                tls=trusting(authority),
            )
        assert (failed.value.kind, receiver.connections, heard) == ("tls", 1, [])


@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_a_bomb_costs_no_memory_and_still_counts_as_taken(kind):
    piece = b"a" * 65536
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 131000000\r\n\r\n"
    if kind == "gzip":
        piece = gzip.compress(bytes(20_000_000), 9)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(
            piece
        )

    def part(connection, stop):
        while not connection.recv(65536).endswith(b"{}"):
            pass
        connection.sendall(head)
        for _ in range(1 if kind == "gzip" else 2000):
            connection.sendall(piece)

    with Receiver(part) as receiver:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = send(receiver.url)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert answer.status == 200
    assert len(answer.excerpt) <= EXCERPT
    assert grown < 5 * 1024  # KiB


def test_no_thread_and_no_socket_stays_behind_a_receiver_that_drips():
    with Receiver(dripping(b"HTTP/1.1 200 OK\r\nX-A: ", b"a")) as receiver:
        before = threading.active_count(), open_files()
        for _ in range(3):
            with pytest.raises(SendError):
                send(receiver.url)
        end = time.monotonic() + DEADLINE + GRACE
        while (threading.active_count(), open_files()) > before and time.monotonic() < end:
            pause(0.02)
        assert threading.active_count() <= before[0]
        assert open_files() <= before[1] + 1  # the receiver's own end of the last one


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))

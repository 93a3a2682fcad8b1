"""The guard of all tests: nothing reaches another machine, loopback is free, and the developer's settings are out."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from urllib.request import urlopen

import pytest


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s: s.connect(("192.0.2.1", 80)),
        lambda s: s.connect_ex(("192.0.2.1", 80)),
        lambda s: s.connect(("127.0.0.1.example.com", 80)),
        lambda s: socket.create_connection(("vendor.example", 443), timeout=1),
        lambda s: socket.getaddrinfo("localhost.vendor.example", 443),
        lambda s: socket.getaddrinfo(b"vendor.example", 443),
        lambda s: socket.gethostbyname("vendor.example"),
        lambda s: urlopen("http://vendor.example/"),
    ],
)
def test_every_way_to_another_machine_is_closed(attempt: Callable[[socket.socket], object]) -> None:
    """By address, by name, by a name that begins like this machine's."""
    with socket.socket() as free, pytest.raises(AssertionError, match=r"another machine|leave this machine"):
        attempt(free)


def test_a_datagram_does_not_get_out() -> None:
    """UDP needs no connection."""
    with socket.socket(type=socket.SOCK_DGRAM) as free, pytest.raises(AssertionError, match="leave this machine"):
        free.sendto(b"", ("192.0.2.1", 53))


def test_loopback_is_free() -> None:
    """The vendors' sandboxes live there."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_no_setting_of_the_developer_is_seen() -> None:
    """Each test starts without REPOUSSOIR_ variables."""
    assert [name for name in os.environ if name.startswith("REPOUSSOIR_")] == []

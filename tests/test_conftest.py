"""The guard itself: a test that leaves the machine fails."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest


def test_no_test_reaches_another_machine() -> None:
    """Neither by name nor by address; loopback stays open."""
    with pytest.raises(AssertionError, match="look up"):
        urlopen("http://api.hubapi.example/")
    with socket.socket() as way, pytest.raises(AssertionError, match="reach"):
        way.connect(("192.0.2.1", 80))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        pass

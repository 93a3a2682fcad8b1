"""What holds for every test: no socket leaves this machine, and no setting of the developer's own leaks in."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

_LOOPBACK = ("127.", "localhost", "::1")
_connect, _lookup = socket.socket.connect, socket.getaddrinfo


class Outbound(AssertionError):
    """A test tried to leave this machine."""


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
        raise Outbound(f"a test wanted to reach {address[0]}")
    _connect(self, address)


def _guarded_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if name and not str(name).startswith(_LOOPBACK):
        raise Outbound(f"a test wanted to look up {name}")
    return _lookup(host, *args, **kwargs)


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loopback only, and a clean environment."""
    monkeypatch.setattr(socket.socket, "connect", _guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", _guarded_lookup)
    for name in [name for name in os.environ if name.startswith("REPOUSSOIR_")]:
        monkeypatch.delenv(name)
    yield

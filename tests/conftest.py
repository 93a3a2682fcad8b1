"""What holds for every test: no socket leaves this machine, and no setting of the developer's own leaks in."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

_INTERNET = (socket.AF_INET, socket.AF_INET6)


class Outbound(AssertionError):
    """A test tried to leave this machine."""


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in {"", "localhost"}:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _on_a_socket(real: Callable[..., Any]) -> Callable[..., Any]:
    """A method of sockets whose last argument is an address."""

    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in _INTERNET and not _is_here(args[-1][0]):
            raise Outbound("a test wanted to leave this machine")
        return real(self, *args)

    return guarded


def _by_name(real: Callable[..., Any]) -> Callable[..., Any]:
    """A look-up whose first argument is a host."""

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_here(host):
            raise Outbound("a test wanted to look up another machine")
        return real(host, *args, **kwargs)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def no_way_out() -> Iterator[None]:
    """Loopback only, also for fixtures that outlive a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _on_a_socket(getattr(socket.socket, name)))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            patch.setattr(socket, name, _by_name(getattr(socket, name)))
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No REPOUSSOIR_ variable of the developer's own."""
    for name in [name for name in os.environ if name.startswith("REPOUSSOIR_")]:
        monkeypatch.delenv(name)

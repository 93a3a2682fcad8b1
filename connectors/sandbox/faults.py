"""Planned misbehaviour of the servers: wrong statuses, cut connections, delays, broken JSON. Knows no vendor."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.wire import CutConnection, Request, Response

_BROKEN_JSON = b'{"results": [{"id": "1", "prop'
_EFFECTS = ("status", "cut", "delay", "garbage")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "crm": str,
    "method": str,
    "path": str,
    "skip": int,
    "times": (int, type(None)),
    "status": int,
    "body": object,
    "headers": dict,
    "cut": str,
    "delay": (int, float),
    "garbage": bool,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong with the requests it matches; `skip` of them pass first, then `times` are hit."""

    crm: str
    path: re.Pattern[str]
    method: str | None
    skip: int
    times: int | None
    status: int | None
    body: Any
    headers: Mapping[str, str]
    cut: str | None
    delay: float
    garbage: bool

    def matches(self, crm: str, request: Request) -> bool:
        """True when the request is of the fault's kind, whatever was counted so far."""
        return self.crm == crm and self.method in (None, request.method) and bool(self.path.search(request.path))

    def hits(self, seen: int) -> bool:
        """True when the `seen`-th matching request, counted from 1, is to go wrong."""
        return seen > self.skip and (self.times is None or seen <= self.skip + self.times)

    def play(self, handle: Callable[[], Response]) -> Response:
        """The answer with the fault in it; `handle` is the ordinary one. Raises CutConnection for a cut."""
        if self.cut == "before":
            raise CutConnection
        if self.status is not None:
            return Response(self.status, self.body, dict(self.headers))
        if self.garbage:
            return Response(200, _BROKEN_JSON)
        time.sleep(self.delay)
        response = handle()
        if self.cut == "after":
            raise CutConnection
        return response


def parse(raw: object) -> Fault:
    """A fault as the control API takes it. Raises ValueError or re.error that says what is wrong."""
    if not isinstance(raw, dict) or "crm" not in raw:
        raise ValueError("a fault is an object with a crm")
    for name, value in raw.items():
        if name not in _TYPES or not isinstance(value, _TYPES[name]):
            raise ValueError(f"a fault has no such {name}")
    if sum(name in raw for name in _EFFECTS) != 1:
        raise ValueError(f"a fault has exactly one of {', '.join(_EFFECTS)}")
    if raw.get("cut", "before") not in ("before", "after"):
        raise ValueError("cut is before or after")
    return Fault(
        crm=raw["crm"],
        path=re.compile(raw.get("path", "")),
        method=raw.get("method"),
        skip=raw.get("skip", 0),
        times=raw.get("times", 1),
        status=raw.get("status"),
        body=raw.get("body"),
        headers={name: str(value) for name, value in raw.get("headers", {}).items()},
        cut=raw.get("cut"),
        delay=raw.get("delay", 0),
        garbage=raw.get("garbage", False),
    )


class Faults:
    """The faults in force, in the order they were added, each with the number of requests it has seen."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._lock = threading.Lock()

    def add(self, faults: Iterable[Fault]) -> None:
        """Puts faults after the ones in force."""
        with self._lock:
            self._faults.extend(faults)
            self._seen.extend([0] * (len(self._faults) - len(self._seen)))

    def clear(self) -> None:
        """Lifts every fault."""
        with self._lock:
            self._faults.clear()
            self._seen.clear()

    def take(self, crm: str, request: Request) -> Fault | None:
        """The first fault that hits this request. A fault counts the matching requests no earlier fault has hit."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.matches(crm, request):
                    self._seen[index] += 1
                    if fault.hits(self._seen[index]):
                        return fault
        return None

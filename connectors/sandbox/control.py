"""The control API under /_sandbox/ and the request log, for the whole sandbox at once. Knows no vendor."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.app import App
from connectors.sandbox.faults import Faults, parse
from connectors.sandbox.state import Clock, State
from connectors.sandbox.wire import Request, Response, Router

PREFIX = "/_sandbox/"
TRUTH = ("sandbox.truth", "truth")
_KEPT_REQUESTS = 500_000


@dataclass(slots=True)
class Entry:
    """One request as the log keeps it: the names of the query, never their values. No status: cut before an answer."""

    n: int
    crm: str
    method: str
    path: str
    query: list[str]
    status: int | None = None

    def shown(self) -> dict[str, Any]:
        """The entry as JSON; `query` is left out when there was none."""
        query = {"query": self.query} if self.query else {}
        return {"n": self.n, "crm": self.crm, "method": self.method, "path": self.path, **query, "status": self.status}


class Log:
    """The latest requests of the three servers, in order of arrival."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT_REQUESTS)
        self._arrived = 0
        self._lock = threading.Lock()

    def open(self, crm: str, request: Request) -> Entry:
        """Notes the arrival of a request; the caller sets the status once it is answered."""
        with self._lock:
            self._arrived += 1
            entry = Entry(self._arrived, crm, request.method, request.path, sorted(request.query))
            self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forgets every request; the next one is number 1."""
        with self._lock:
            self._entries.clear()
            self._arrived = 0

    def find(self, crm: str | None, method: str | None, path: str | None) -> list[dict[str, Any]]:
        """The requests of a CRM, of a method, whose path holds a match of a regular expression. Raises re.error."""
        regex = re.compile(path or "")
        with self._lock:
            entries = list(self._entries)
        return [
            entry.shown()
            for entry in entries
            if crm in (None, entry.crm) and method in (None, entry.method) and regex.search(entry.path)
        ]


class Control:
    """Acts on every app at once. Errors of the caller are answered 400 with a sentence."""

    def __init__(self, apps: Mapping[str, App], state: State, clock: Clock) -> None:
        self.faults = Faults()
        self.log = Log()
        self._apps = apps
        self._state = state
        self._clock = clock
        self._routes = Router()
        for method, name, handler in (
            ("POST", "reset", self._reset),
            ("POST", "load", self._load),
            ("GET", "requests", self._requests),
            ("DELETE", "requests", self._forget_requests),
            ("POST", "faults", self._add_faults),
            ("DELETE", "faults", self._lift_faults),
            ("POST", "clock", self._set_clock),
            ("POST", "limits", self._set_limits),
            ("GET", "truth", self._truth),
        ):
            self._routes.add(method, PREFIX + name, handler)

    def answer(self, request: Request) -> Response:
        """Serves one request below PREFIX. Needs no token, is not logged and meets no fault."""
        found = self._routes.find(request)
        if found is None:
            return Response(405 if self._routes.knows(request.path) else 404, {"error": "see docs/sandbox.md"})
        try:
            return found[0](request)
        except (ValueError, re.error) as error:
            return Response(400, {"error": str(error)})

    def load(self, records: Iterable[object]) -> int:
        """Hands records of the load format to their apps, in one transaction; returns how many there were.

        Raises ValueError that names the record by its number from 1; the records before it stay loaded.
        """
        number = 0
        with self._state:
            for number, record in enumerate(records, 1):
                try:
                    self._app_of(record).load(record)  # type: ignore[arg-type]  # checked by _app_of
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(f"record {number}: {type(error).__name__}: {error}") from error
        return number

    def reset(self) -> None:
        """Puts the whole sandbox back to its first state: data, accounts, faults, request log, clock and limits."""
        with self._state:
            for app in self._apps.values():
                app.limits = True
            self._state.clear()
            for app in self._apps.values():
                app.reset()
        self.faults.clear()
        self.log.clear()
        self._clock.set(None)

    def _app_of(self, record: object) -> App:
        if not isinstance(record, dict) or record.get("crm") not in self._apps:
            raise ValueError(f"crm must be one of {', '.join(self._apps)}")
        return self._apps[record["crm"]]

    def _reset(self, _: Request) -> Response:
        self.reset()
        return Response(200, {"reset": True})

    def _load(self, request: Request) -> Response:
        return Response(200, {"loaded": self.load(records(request.body.decode().splitlines()))})

    def _requests(self, request: Request) -> Response:
        found = self.log.find(request.one("crm"), request.one("method"), request.one("path"))
        return Response(200, {"count": len(found), "requests": found})

    def _forget_requests(self, _: Request) -> Response:
        self.log.clear()
        return Response(204)

    def _add_faults(self, request: Request) -> Response:
        raw = request.json()
        if not isinstance(raw, list):
            raise ValueError("faults come as a list")
        self.faults.add([parse(fault) for fault in raw])
        return Response(200, {"added": len(raw)})

    def _lift_faults(self, _: Request) -> Response:
        self.faults.clear()
        return Response(204)

    def _set_clock(self, request: Request) -> Response:
        raw = _value(request, "now")
        moment = None if raw is None else datetime.fromisoformat(str(raw))
        if moment and moment.tzinfo is None:
            raise ValueError("now needs an offset, such as Z")
        self._clock.set(moment)
        return Response(200, {"now": raw})

    def _set_limits(self, request: Request) -> Response:
        switch = _value(request, "on")
        if not isinstance(switch, bool):
            raise ValueError("on is true or false")
        for app in self._apps.values():
            app.limits = switch
        return Response(200, {"on": switch})

    def _truth(self, _: Request) -> Response:
        truth = self._state.get(*TRUTH)
        return Response(200, truth) if truth else Response(404, {"error": "this sandbox was not seeded"})


def records(lines: Iterable[str]) -> Iterator[object]:
    """The JSON values of a JSON Lines text, blank lines left out. Raises ValueError on a line that is not JSON."""
    return (json.loads(line) for line in lines if line.strip())


def _value(request: Request, name: str) -> object:
    raw = request.json()
    if not isinstance(raw, dict) or set(raw) != {name}:
        raise ValueError(f'the body is {{"{name}": ...}}')
    return raw[name]

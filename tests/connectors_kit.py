"""A world of the conformance kit over the sandbox: what the three vendors' worlds have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import requests

from connectors.sandbox.app import App
from connectors.sandbox.world import Sandbox
from connectors.testkit import ADDRESS, SIGHT, TOKEN, Fault, World

FAULTS: tuple[Fault, ...] = ("busy", "down", "garbage", "lost", "stuck", "broken", "refused", "silent")
QUOTING = f"{ADDRESS} is no good"


class SandboxWorld(World):
    """One account in the sandbox. A world says which requests write, by method, which list, and how a refusal and a
    mere yes look.
    """

    vendor: ClassVar[str]
    app: ClassVar[type[App]]
    written: ClassVar[dict[str, str]]
    listed: ClassVar[str]
    refusal: ClassVar[dict[str, Any]]
    silence: ClassVar[Any]

    token = "sandbox-lacks:nothing"  # may do everything, and stands nowhere else
    faults = FAULTS

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.urls[self.vendor]
        self.seeded = 0
        sandbox.reset()
        sandbox.app(self.vendor).limits = False

    def bearer(self, lacks: str) -> str:
        """The token that lacks this."""
        return {"": self.token, TOKEN: "unheard-of", SIGHT: "sandbox-regular"}.get(lacks, f"sandbox-lacks:{lacks}")

    def numbers(self, size: int) -> range:
        """So many numbers that no record has yet."""
        self.seeded += size
        return range(101 + self.seeded - size, 101 + self.seeded)

    def load(self, kind: str, *records: dict[str, Any]) -> None:
        """Loads records of a kind."""
        self.sandbox.load(json.dumps({"crm": self.vendor, "kind": kind, **record}) for record in records)

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """What another client of the vendor would do."""
        headers = {"Authorization": "Bearer sandbox", "x-api-token": "sandbox"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=10)

    def writes(self) -> int:
        """What the sandbox took, or did before the connection was cut."""
        log = self.ask("GET", "/_sandbox/requests").json()["requests"]
        taken = [entry for entry in log if entry["status"] is None or entry["status"] < 300]
        return len([one for one in taken if re.search(self.written.get(one["method"], "$^"), one["path"])])

    def fault(self, fault: Fault) -> None:
        """By the sandbox's own faults."""
        unwell = {"status": 503, "body": "<html>Service unavailable</html>", "times": None}
        match fault:
            case "busy":
                self.plan({"status": 429, "headers": {"Retry-After": "7"}, "body": {}})
            case "down":
                self.plan(unwell)
            case "garbage":
                self.plan({"garbage": True, "times": None})
            case "broken":
                self.plan({"path": self.listed, "skip": 1, **unwell})
            case "stuck":
                self.plan({"path": self.listed, "status": 200, "body": self.first_page(), "times": None})
            case "lost":
                self.plan(*({**where, "cut": "after"} for where in self.writing()))
            case "refused":
                self.plan(*({**where, "times": None, **self.refusal} for where in self.writing()))
            case "silent":
                self.plan(*({**where, "times": None, "status": 200, "body": self.silence} for where in self.writing()))

    def plan(self, *faults: dict[str, Any]) -> None:
        """Adds faults to the sandbox."""
        self.ask("POST", "/_sandbox/faults", [{"crm": self.vendor, **fault} for fault in faults]).raise_for_status()

    def writing(self) -> list[dict[str, Any]]:
        """Where writes go, as the sandbox's faults say it."""
        return [{"method": method, "path": path} for method, path in self.written.items()]

    def first_page(self) -> Any:
        """The first page of the list, as the vendor answers it."""
        raise LookupError(f"{self.vendor} has no list")


@contextmanager
def running(app: type[App]) -> Iterator[Sandbox]:
    """A sandbox of one vendor."""
    sandbox = Sandbox(vendors=[app])
    with sandbox:
        yield sandbox

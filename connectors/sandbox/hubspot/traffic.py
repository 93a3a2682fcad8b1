"""The account's rate limits and the headers that tell of them (hubspot.md §8). Limits are about real traffic, so they
run on the machine's monotonic clock whatever the sandbox's clock is set to."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable

from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.limits import Window
from connectors.sandbox.wire import Refusal, Request, Response

TEN_SECONDS, ASSOCIATIONS, SEARCHES = 190, 150, 5
TEN_SECONDS_SMALL = 100
DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
_SMALL = {"free", "starter"}
_SEARCH = re.compile(r"/crm/v3/objects/[^/]+/search/?$")
_ASSOCIATION = re.compile(r"/crm/v4/(associations/|objects/[^/]+/[^/]+/associations/)")


class Traffic:
    """Counts the calls of one account. `tick` tells the seconds; only differences count."""

    def __init__(self, portal: Portal, tick: Callable[[], float] = time.monotonic) -> None:
        self._portal = portal
        self._tick = tick
        self._windows: dict[tuple[str, int], Window] = {}
        self._lock = threading.Lock()
        self._day, self._used = "", 0
        self._answer = threading.local()

    def take(self, request: Request) -> None:
        """Counts one call. Raises Refusal (429) when a limit is reached."""
        self._answer.headers = {}
        self._spend_day()
        if _SEARCH.match(request.path):
            if self._window("search", SEARCHES, 1).take(self._tick()) < 0:
                raise _too_many("secondly", "SECONDLY")
            return
        name, most = self._policy(request.path)
        left = self._window(name, most, 10).take(self._tick())
        self._answer.headers = self._headers(most, max(left, 0))
        if left < 0:
            raise _too_many("ten_secondly_rolling", "TEN_SECONDLY_ROLLING")

    def headers(self) -> dict[str, str]:
        """What to tell on the answer to the call that this thread has just counted."""
        return getattr(self._answer, "headers", {})

    def limit(self) -> int:
        """Calls a day."""
        settings = self._portal.settings()
        return settings.daily_limit or DAILY[settings.tier]

    def used(self) -> int:
        """Calls made today."""
        with self._lock:
            return self._used if self._day == self._portal.day() else 0

    def _policy(self, path: str) -> tuple[str, int]:
        small = self._portal.settings().tier in _SMALL
        if _ASSOCIATION.match(path):
            return "associations", TEN_SECONDS_SMALL if small else ASSOCIATIONS
        return "all", TEN_SECONDS_SMALL if small else TEN_SECONDS

    def _window(self, name: str, most: int, seconds: float) -> Window:
        with self._lock:
            return self._windows.setdefault((name, most), Window(most, seconds))

    def _spend_day(self) -> None:
        today, most = self._portal.day(), self.limit()
        with self._lock:
            if self._day != today:
                self._day, self._used = today, 0
            if self._used >= most:
                raise _too_many("daily", "DAILY")
            self._used += 1

    def _headers(self, most: int, left: int) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Daily": str(self.limit()),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self.limit() - self.used()),
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }


def _too_many(name: str, policy: str) -> Refusal:
    body = {
        "status": "error",
        "message": f"You have reached your {name} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": uuid.uuid4().hex,
    }
    return Refusal(Response(429, body))

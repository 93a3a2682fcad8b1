"""Pipedrive's limits (§8): calls and searches in two seconds, tokens a day; and the block at the edge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC

from connectors.sandbox.limits import Window
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import blocked, too_many
from connectors.sandbox.wire import Refusal

Headers = dict[str, str]

SECONDS = 2.0
SEARCHES = 10
API_TOKEN = {"lite": 20, "growth": 40, "premium": 100, "ultimate": 120}
OAUTH = {"lite": 80, "growth": 160, "premium": 400, "ultimate": 480}
_DAILY = 30_000
_MULTIPLIER = {"lite": 1, "growth": 2, "premium": 5, "ultimate": 7}
_PATIENCE = 10
_BLOCK = 60.0


def budget(account: Account) -> int:
    """How many tokens the company may spend in a day, top-ups left out."""
    settings = account.settings
    return int(settings["dailyTokens"] or _DAILY * _MULTIPLIER[settings["plan"]] * settings["seats"])


class Limiter:
    """Counts calls per token and tokens per company. `seconds` is a running clock; days are the sandbox's own, UTC."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, int], Window] = {}
        self._searches: dict[str, Window] = {}
        self._spent: dict[tuple[int, str], int] = {}
        self._refused: dict[str, int] = {}
        self._blocked: dict[str, float] = {}

    def take(self, token: str, oauth: bool, account: Account, cost: int, searches: bool) -> Headers:
        """Counts one call and returns its rate headers. Raises Refusal: 429, or HTML 403 to who goes on after it."""
        with self._lock:
            if self._blocked.get(token, 0.0) > self.seconds():
                raise blocked()
            limit = (OAUTH if oauth else API_TOKEN)[account.settings["plan"]]
            left = self._window(token, limit).take(self.seconds())
            headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(left, 0))}
            headers["x-ratelimit-reset"] = str(int(SECONDS))
            over = left < 0 or (searches and self._search(token).take(self.seconds()) < 0)
            if over or not self._spend(account, cost):
                raise self._refuse(token, headers | self._daily(account))
            self._refused.pop(token, None)
            return headers | self._daily(account)

    def _window(self, token: str, limit: int) -> Window:
        return self._windows.setdefault((token, limit), Window(limit, SECONDS))

    def _search(self, token: str) -> Window:
        return self._searches.setdefault(token, Window(SEARCHES, SECONDS))

    def _key(self, account: Account) -> tuple[int, str]:
        return account.company, account.now().astimezone(UTC).date().isoformat()

    def _spend(self, account: Account, cost: int) -> bool:
        """Takes tokens from the day's budget; once a call does not fit, the day is over."""
        key, whole = self._key(account), budget(account)
        spent = self._spent.get(key, 0) + cost
        self._spent[key] = min(spent, whole)
        return spent <= whole

    def _daily(self, account: Account) -> Headers:
        whole = budget(account)
        left = whole - self._spent.get(self._key(account), 0)
        return {"x-daily-ratelimit-token-limit": str(whole), "x-daily-ratelimit-token-remaining": str(left)}

    def _refuse(self, token: str, headers: Headers) -> Refusal:
        count = self._refused[token] = self._refused.get(token, 0) + 1
        if count > 1 + _PATIENCE:
            self._blocked[token] = self.seconds() + _BLOCK
            del self._refused[token]
            return blocked()
        return too_many(headers | {"Retry-After": str(int(SECONDS))})

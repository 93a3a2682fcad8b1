"""One HubSpot account: its id, its settings, its time, and where its documents are kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from connectors.sandbox.state import Clock, State, iso


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from account to account. `daily_limit` 0 means the tier's own (hubspot.md §8)."""

    tier: str = "professional"
    data_privacy: bool = False
    search_lag_seconds: float = 0
    daily_limit: int = 0


_WIRE = {
    "tier": "tier",
    "dataPrivacy": "data_privacy",
    "searchLagSeconds": "search_lag_seconds",
    "dailyLimit": "daily_limit",
}
TIERS = ("free", "starter", "professional", "enterprise")


class Portal:
    """An account over the shared state. Document kinds are `<prefix>.<object>`."""

    def __init__(self, id: int, prefix: str, state: State, clock: Clock) -> None:
        self.id = id
        self.state = state
        self.cursors: dict[tuple[str, str], int] = {}
        self._prefix = prefix
        self._clock = clock

    def kind(self, *parts: str) -> str:
        """The document kind for an object of this account."""
        return ".".join((self._prefix, *parts))

    def now(self) -> str:
        """The account's time as HubSpot writes it."""
        return iso(self._clock.now())

    def day(self) -> str:
        """The account's day, for the daily limit; its time zone is UTC."""
        return self.now()[:10]

    def ago(self, seconds: float) -> str:
        """The time some seconds ago."""
        return iso(self._clock.now() - timedelta(seconds=seconds))

    def settings(self) -> Settings:
        """The settings in force."""
        return Settings(**(self.state.get(self.kind("settings"), "account") or {}))

    def configure(self, given: dict[str, Any]) -> None:
        """Changes some settings. Raises ValueError for a name or a tier there is not."""
        unknown = set(given) - set(_WIRE)
        if unknown or given.get("tier", "free") not in TIERS:
            raise ValueError(f"settings are {', '.join(_WIRE)}; tier is one of {', '.join(TIERS)}")
        changed = {_WIRE[name]: value for name, value in given.items()}
        self.state.put(self.kind("settings"), "account", asdict(self.settings()) | changed)

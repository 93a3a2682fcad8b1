"""The figures for Prometheus: what this process counted, and what the store held when it was asked. Serves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from cli.duties import FAILED, OUTCOMES
from core.store.store import Store

RECENT = 3
"""How many of the newest plans are looked at: a run keeps two, and a what-if may have come after it."""
_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600)
_GAUGES = {
    "repoussoir_waiting_items": "Actions of plans that wait for approval",
    "repoussoir_gaps": "What the last reading could not read whole",
    "repoussoir_suppression_entries": "Entries of the suppression list",
    "repoussoir_ledger_entries": "Entries of the ledger",
    "repoussoir_open_intents": "Writes whose outcome is not known yet",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many actions wait for approval and until when, as of a length of the ledger."""

    ledger: int
    items: int
    until: datetime | None


class Metrics:
    """The figures, on a registry of their own. Every job has its counters from the start, so that rates are seen."""

    def __init__(self, jobs: Iterable[str] = ()) -> None:
        own = self.registry = CollectorRegistry()
        self._runs = Counter("repoussoir_runs", "Jobs that ended", ["job", "outcome"], registry=own)
        self._seconds = Histogram(
            "repoussoir_run_seconds", "How long jobs took", ["job"], buckets=_SECONDS, registry=own
        )
        self._receipts = Counter("repoussoir_receipts", "Writes by answer", ["action", "receipt"], registry=own)
        name = "repoussoir_last_success_timestamp_seconds"
        self._success = Gauge(name, "When a job last ended well", ["job"], registry=own)
        self._gauges = {name: Gauge(name, text, registry=own) for name, text in _GAUGES.items()}
        self._waiting: Waiting | None = None
        for job in jobs:
            self._seconds.labels(job)
            for outcome in (*OUTCOMES.values(), FAILED):
                self._runs.labels(job, outcome)

    def ended(self, job: str, outcome: str, seconds: float, summary: Mapping[str, Any]) -> None:
        """A job ended; `summary` is that of `cli.duties`."""
        self._runs.labels(job, outcome).inc()
        self._seconds.labels(job).observe(seconds)
        for line in summary.get("receipts", ()):
            self._receipts.labels(line["action"], line["receipt"]).inc(line["count"])
        self._waiting = None

    def remembered(self, successes: Mapping[str, datetime], gaps: int) -> None:
        """What earlier runs left: also those of another process, or before a restart."""
        for job, at in successes.items():
            self._success.labels(job).set(at.timestamp())
        self._gauges["repoussoir_gaps"].set(gaps)

    def stored(self, store: Store, policy: str, now: datetime) -> None:
        """What the store holds; `policy` is the version in force. Raises StoreProblem."""
        entries, known = store.ledger.count(), self._waiting
        # Plans are long: they are read again only when the ledger moved, as it does with every approval.
        if known is None or known.ledger != entries:
            known = self._waiting = Waiting(entries, *waiting(store, policy))
        good = known.until is not None and now <= known.until
        self._gauges["repoussoir_waiting_items"].set(known.items if good else 0)
        self._gauges["repoussoir_suppression_entries"].set(store.suppression.count())
        self._gauges["repoussoir_ledger_entries"].set(entries)
        self._gauges["repoussoir_open_intents"].set(len(store.ledger.owed("outcome")))

    def text(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)


def waiting(store: Store, policy: str) -> tuple[int, datetime | None]:
    """How many actions brakes stop in the newest plan of a version of the policies, and when it expires.

    A what-if is none, nor is a plan of some policies only. Raises StoreProblem.
    """
    kept = [it for it in store.plans.recent(RECENT) if it.plan.policy == policy and not it.plan.what_if]
    newest = max((it.plan.made_at for it in kept), default=None)
    for it in kept:
        if it.plan.made_at == newest and it.status == "open" and it.plan.trips and not it.approved_by:
            return len(it.plan.items), it.expires_at
    return 0, None

"""What the store remembers of the jobs, as /healthz and /metrics tell it: it outlives a restart of the scheduler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.config import policy_version
from cli.duties import FAILED
from cli.jobs import Jobs
from core.errors import StoreProblem
from core.store.store import Store


@dataclass(frozen=True, slots=True)
class Memory:
    """How each job last ended, when it last ended well, and how many gaps the newest reading had.

    A run that only found another process at work says nothing of the job, nor does one that has not ended.
    """

    outcomes: Mapping[str, str]
    successes: Mapping[str, datetime]
    gaps: int


def remembered(store: Store) -> Memory:
    """What the newest runs say. Raises StoreProblem."""
    return memory(store.runs.last_of_each())


def memory(runs: Iterable[Any]) -> Memory:
    """What some runs say, the newest first."""
    outcomes: dict[str, str] = {}
    successes: dict[str, datetime] = {}
    gaps: int | None = None
    for run in runs:
        if run.outcome in (None, "busy"):
            continue
        outcomes.setdefault(run.job, run.outcome)
        if run.outcome == "ok":
            successes.setdefault(run.job, run.ended_at)
        if gaps is None and "gaps" in run.summary:
            gaps = len(run.summary["gaps"])
    return Memory(outcomes, successes, gaps or 0)


def health(jobs: Jobs) -> tuple[bool, dict[str, Any]]:
    """Whether the store opens and no job failed the last time it ran, and the facts as JSON."""
    try:
        with jobs.store() as store:
            outcomes = {**remembered(store).outcomes, **jobs.unrecorded}
    except StoreProblem:
        return False, {"healthy": False, "store": FAILED, "jobs": dict(jobs.unrecorded)}
    known = {name: outcomes.get(name, "never ran") for name in jobs.config.schedule.jobs}
    healthy = FAILED not in known.values()
    return healthy, {"healthy": healthy, "store": "ok", "jobs": known}


def figures(jobs: Jobs) -> bytes:
    """Every figure in the text format of Prometheus. Raises StoreProblem."""
    with jobs.store() as store:
        found = remembered(store)
        jobs.metrics.stored(store, policy_version(jobs.config), jobs.tools.now())
    jobs.metrics.remembered(found.successes, found.gaps)
    return jobs.metrics.text()

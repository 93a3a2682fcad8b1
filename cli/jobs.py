"""One scheduled job, from its run id to its notice: whatever goes wrong becomes an outcome, never a dead scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog

from cli import exits, results, work
from cli.config import Config
from cli.metrics import Metrics
from cli.notify import notify
from cli.runtime import Runtime, runtime
from core.brakes import Trip
from core.errors import Busy, ConfigError, RepoussoirError
from core.settings import JobSettings

log = structlog.get_logger(__name__)
OUTCOMES = {exits.OK: "ok", exits.APPROVAL: "waiting", exits.INCOMPLETE: "incomplete", exits.BUSY: "busy"}


@dataclass(slots=True)
class Jobs:
    """The jobs of a configuration. `stopping` says when to stop after the batch in hand; `last` how each job last ended."""

    config: Config
    stopping: Callable[[], bool] = lambda: False
    metrics: Metrics = field(default_factory=Metrics)
    last: dict[str, str] = field(default_factory=dict)

    def perform(self, name: str) -> int:
        """Does a job now and answers its exit code. Raises ConfigError when there is none of that name."""
        if name not in self.config.schedule.jobs:
            known = ", ".join(self.config.schedule.jobs) or "none"
            raise ConfigError(f"There is no job {name!r}.", f"The configuration has: {known}.")
        with structlog.contextvars.bound_contextvars(job=name, run=uuid4().hex[:12]):
            log.info("job.begin")
            code, why = self._guarded(name, self.config.schedule.jobs[name])
            outcome = OUTCOMES.get(code, "failed")
            self.last[name] = outcome
            log.info("job.end", outcome=outcome, why=why)
        if outcome in {"failed", "incomplete"}:
            notify(self.config.notify, "failure", f"Repoussoir: job {name} {outcome}", why)
        return code

    def healthy(self) -> tuple[bool, dict[str, str]]:
        """Whether no job failed the last time it ran, and how each ended."""
        return "failed" not in self.last.values(), dict(self.last)

    def _guarded(self, name: str, job: JobSettings) -> tuple[int, str]:
        try:
            with runtime(self.config, stopping=self.stopping) as parts:
                return self._recorded(name, job, parts)
        except Busy as error:
            return exits.BUSY, str(error)
        except RepoussoirError as error:
            log.error("job.failed", why=str(error))
            return exits.code(error), str(error)
        except Exception as error:
            # The message may hold a value; the kind says enough to look for it.
            log.error("job.failed", kind=type(error).__name__)
            return exits.BUG, f"unexpected {type(error).__name__}"

    def _recorded(self, name: str, job: JobSettings, parts: Runtime) -> tuple[int, str]:
        run_id = uuid4().hex
        parts.store.runs.begin(run_id, name, parts.tools.now())
        code, outcome, summary = exits.BUG, "failed", dict[str, Any]()
        try:
            code, summary = self._done(job, parts)
            outcome = OUTCOMES.get(code, "failed")
        finally:
            now = parts.tools.now()
            parts.store.runs.end(run_id, outcome, summary, now)
            self.metrics.ended(name, outcome, now.timestamp())
            self.metrics.stored(parts)
        return code, _sentence(summary)

    def _done(self, job: JobSettings, parts: Runtime) -> tuple[int, dict[str, Any]]:
        match job.do:
            case "run":
                result = work.run(parts, _quiet, lambda _: None)
                self.metrics.counted(result)
                self._tell(result)
                return results.code(result), results.body(result)
            case "plan":
                plan, reading = work.make_plan(parts, _quiet)
                code = exits.APPROVAL if plan.trips else exits.INCOMPLETE if reading.gaps else exits.OK
                return code, {"plan": plan.digest, "items": len(plan.items), "gaps": list(reading.gaps)}
            case "check":
                found = {crm: connector.check().missing for crm, connector in parts.connectors.items()}
                return exits.CREDENTIALS if any(found.values()) else exits.OK, {"missing": found}
            case "verify":
                return exits.OK, {"entries": parts.store.ledger.verify()}

    def _tell(self, result: work.Result) -> None:
        if result.waiting:
            jumps = [trip for trip in result.waiting.trips if trip.stops == "suppression"]
            event = "alarm" if jumps else "approval"
            body = f"{_reasons(result.waiting.trips)}. If it is right: {results.next_command(result)}"
            notify(self.config.notify, event, f"Repoussoir: {len(result.waiting.items)} actions wait", body)
        elif result.tally.clean and not result.gaps:
            done = sum(result.tally.counts.values())
            notify(self.config.notify, "success", "Repoussoir: run done", f"{done} writes, all confirmed.")


def _reasons(trips: tuple[Trip, ...]) -> str:
    return "; ".join(f"{trip.brake}: {trip.because}" for trip in trips)


def _sentence(summary: dict[str, Any]) -> str:
    """The summary in a line: counts, gaps and reasons only."""
    return "; ".join(f"{name} {value}" for name, value in summary.items() if value)


def _quiet(what: str, count: int, total: int | None) -> None:
    """No progress is shown by a scheduled job."""

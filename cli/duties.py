"""What each kind of job does, and how it ends: an exit code and a summary of counts, refs and reasons, without a person."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import exits, results, work
from cli.ledger import checked
from cli.runtime import Runtime
from core.connector import Connector
from core.errors import BadAnswer, RepoussoirError, StopCrm, WrongAccount
from core.plan import Plan
from core.read import Reading
from core.settings import JobSettings
from core.tally import Tally

OUTCOMES = {exits.OK: "ok", exits.APPROVAL: "waiting", exits.INCOMPLETE: "incomplete", exits.BUSY: "busy"}
FAILED = "failed"


class Stopped(RepoussoirError):
    """The job was asked to stop while it still read: nothing of the new plan was written."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended. `summary` is JSON: counts, gaps, refs and reasons, as `cli.notify.sentence` reads it."""

    code: int
    summary: Mapping[str, Any]

    @property
    def outcome(self) -> str:
        """The exit code as a word: `ok`, `waiting`, `incomplete`, `busy`, `failed`."""
        return OUTCOMES.get(self.code, FAILED)


def do(job: JobSettings, parts: Runtime) -> Ended:
    """Does a job. Raises what its verb raises, and Stopped."""
    match job.do:
        case "run":
            return done(work.run(parts, _page(parts.stopping), _nothing))
        case "plan":
            return looked(work.make_plan(parts, _page(parts.stopping)), parts.store.ledger.head())
        case "check":
            return _checked(parts)
        case "verify":
            head = parts.store.ledger.head()
            return Ended(exits.OK, {"ledger_entries": checked(parts.store), "ledger_head": head})


def failure(error: Exception) -> Ended:
    """How a job ended that raised: the reason, or the place when the error is none of ours and may hold a value."""
    if isinstance(error, RepoussoirError):
        return Ended(exits.code(error), {"why": [str(error)]})
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return Ended(exits.BUG, {"why": [f"unexpected {type(error).__name__} at {where}"]})


def looked(found: tuple[Plan, Reading], head: str) -> Ended:
    """How a plan ended: nothing was done. `head` is where the ledger ends."""
    plan, reading = found
    waiting = plan if plan.trips else None
    ended = done(work.Result(plan, Tally(), tuple(reading.gaps), waiting, head=head))
    return Ended(ended.code, {**ended.summary, "planned": len(plan.items)})


def done(result: work.Result) -> Ended:
    """How a run or an apply ended."""
    clean = result.tally.clean and not result.gaps
    return Ended(results.code(result), {**results.body(result), "clean": clean})


def _checked(parts: Runtime) -> Ended:
    """Every account, as `repoussoir check` judges it."""
    found = {crm: _lacks(parts, crm, it) for crm, it in parts.connectors.items()}
    why = [f"{crm}: {lack}" for crm, lack in found.items() if lack]
    return Ended(exits.CREDENTIALS if why else exits.OK, {"accounts": len(found) - len(why), "why": why})


def _lacks(parts: Runtime, crm: str, connector: Connector) -> str:
    try:
        account = parts.reader().account(crm, connector)
    except WrongAccount as error:
        return error.problem.removeprefix(f"{crm}: ").removesuffix(".")
    except (StopCrm, BadAnswer) as error:
        return str(error)
    return ", ".join((*account.missing, *account.blind, *account.undeclared))


def _page(stopping: Callable[[], bool]) -> Callable[[str, int, int | None], None]:
    """Between two pages of a scan: nothing is shown, and a stop is heard."""

    def page(what: str, count: int, total: int | None) -> None:
        if stopping():
            raise Stopped("stopped as asked while reading; nothing was begun, the next run starts afresh")

    return page


def _nothing(count: int) -> None:
    """No progress is shown by a scheduled job."""

"""What people and programs see: tables and progress on a terminal, JSON when asked, silence otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.brakes import Trip
from core.plan import Plan

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def as_json(value: Any) -> None:
    """Prints a value as one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def plain(text: str) -> str:
    """A text that a console shows to the letter."""
    return text.replace("[", "\\[")


class Bars:
    """Progress on standard error while something long runs; silent when it is no terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def read(self, what: str, count: int, total: int | None) -> None:
        """So many more records of a kind were read."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], advance=count, total=total)

    def step(self, count: int) -> None:
        """So many more items of a plan were dealt with."""
        if "apply" not in self._tasks:
            self._tasks["apply"] = self._progress.add_task("apply", total=None)
        self._progress.update(self._tasks["apply"], advance=count)


@contextmanager
def bars() -> Iterator[Bars]:
    """Progress bars for the block."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Bars(progress)


def table(title: str, *columns: str) -> Table:
    """An empty table."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in {"count", "records"} else "left", overflow="fold")
    return made


def show_plan(plan: Plan, gaps: tuple[str, ...]) -> None:
    """A plan as people read it: what would be done, what is only reported, what stops it."""
    shown = table(f"Plan {plan.digest[:12]}", "crm", "kind", "action", "count")
    for (crm, kind, action), count in sorted(plan.counts().items()):
        shown.add_row(crm, kind, action, str(count))
    if plan.entries:
        shown.add_row("-", "suppression list", "add", str(len(plan.entries)))
    out.print(shown if shown.rows else "[green]Nothing to do.[/]")
    show_reports(plan)
    for gap in gaps:
        out.print(f"[yellow]Not read whole:[/] {gap}. Nothing is destroyed in any CRM until it is.")
    show_trips(plan.trips)


def show_reports(plan: Plan) -> None:
    """The findings that ask for nothing or are blocked, counted by rule and reason."""
    counted: dict[tuple[str, str], int] = {}
    for finding in plan.reports:
        why = f"blocked by {finding.blocked}" if finding.blocked else _reason(finding.because)
        counted[finding.rule, why] = counted.get((finding.rule, why), 0) + 1
    if counted:
        shown = table("Reported, nothing done", "rule", "why", "count")
        for (rule, why), count in sorted(counted.items()):
            shown.add_row(rule, why, str(count))
        out.print(shown)


def show_trips(trips: tuple[Trip, ...]) -> None:
    """The brakes that were pulled."""
    for trip in trips:
        out.print(f"[red]Brake {trip.brake}[/] stops the {trip.stops}: {trip.because}.")


def show_head(head: str) -> None:
    """Where the ledger ends, for the log of whoever runs this."""
    if head:
        out.print(f"The ledger ends at {head}")


def _reason(because: str) -> str:
    """A reason without the dates and refs that make each one different."""
    return because.split(" after ")[0].split(" on ")[0].split(";")[0]


def plan_json(plan: Plan, gaps: tuple[str, ...]) -> dict[str, Any]:
    """A plan as programs read it."""
    return {
        "digest": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "what_if": plan.what_if.isoformat() if plan.what_if else None,
        "accounts": dict(plan.accounts),
        "counts": [
            {"crm": crm, "kind": kind, "action": action, "count": count}
            for (crm, kind, action), count in sorted(plan.counts().items())
        ],
        "list_entries": len(plan.entries),
        "items": [dict(item.body()) for item in plan.items],
        "reports": [
            {
                "ref": str(finding.ref),
                "policy": finding.policy,
                "rule": finding.rule,
                "because": finding.because,
                "blocked": finding.blocked,
            }
            for finding in plan.reports
        ],
        "brakes": [{"brake": trip.brake, "stops": trip.stops, "because": trip.because} for trip in plan.trips],
        "gaps": list(gaps),
    }


def pairs(title: str, values: Mapping[str, Any]) -> None:
    """A small two-column table."""
    shown = Table(title=title, title_justify="left", title_style="bold", show_header=False)
    for name, value in values.items():
        shown.add_row(name, str(value))
    out.print(shown)

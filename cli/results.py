"""How the result of a run or of an apply is shown, and which exit code it has."""

from __future__ import annotations

from typing import Any

from cli import exits
from cli.output import as_json, out, show_head, show_reports, show_trips, table
from cli.work import Result


def report(result: Result, *, json: bool) -> int:
    """Prints a result with the head of the ledger after it, and answers its exit code."""
    if json:
        as_json(body(result))
    else:
        _show(result)
        show_head(result.head)
    return code(result)


def code(result: Result) -> int:
    """The exit code of a result: what waits for approval first, then what was left."""
    if result.waiting:
        return exits.APPROVAL
    return exits.OK if result.tally.clean and not result.gaps else exits.INCOMPLETE


def body(result: Result) -> dict[str, Any]:
    """A result as programs read it."""
    return {
        "plan": result.plan.digest,
        "receipts": [
            {"action": action, "receipt": receipt, "count": count}
            for (action, receipt), count in sorted(result.tally.counts.items())
        ],
        "list_entries": result.tally.listed,
        "lapsed": result.tally.lapsed,
        "left": result.tally.left,
        "stopped": result.tally.stopped,
        "gaps": list(result.gaps),
        "recovered": result.recovered,
        "waiting": _waiting(result),
        "ledger_head": result.head,
    }


def _waiting(result: Result) -> dict[str, Any] | None:
    if result.waiting is None:
        return None
    return {
        "plan": result.waiting.digest,
        "items": len(result.waiting.items),
        "brakes": [
            {"brake": trip.brake, "stops": trip.stops, "because": trip.because} for trip in result.waiting.trips
        ],
        "next": next_command(result),
    }


def next_command(result: Result) -> str:
    """The command that approves what waits."""
    assert result.waiting is not None
    return f"repoussoir apply {result.waiting.digest[:12]} --approve-as NAME"


def _show(result: Result) -> None:
    shown = table("Done", "action", "receipt", "count")
    for (action, receipt), count in sorted(result.tally.counts.items()):
        shown.add_row(action, receipt, str(count))
    nothing = "[green]Nothing had to be done.[/]" if result.tally.clean else "[yellow]Nothing is known to be done.[/]"
    out.print(shown if shown.rows else nothing)
    show_reports(result.plan)
    if result.tally.listed:
        out.print(f"{result.tally.listed} new entries of the suppression list.")
    if result.tally.lapsed:
        out.print(f"{result.tally.lapsed} objections of the plan were taken back since; they were not listed.")
    if result.recovered:
        out.print(f"{result.recovered} writes of an interrupted run were resolved first.")
    for gap in result.gaps:
        out.print(f"[yellow]Not read whole:[/] {gap}. Nothing is destroyed in any CRM until it is.")
    for crm, why in result.tally.stopped.items():
        out.print(f"[red]Stopped {crm}:[/] {why}. The next run goes on from there.")
    if result.waiting:
        show_trips(result.waiting.trips)
        out.print(f"{len(result.waiting.items)} actions wait for approval: [bold]{next_command(result)}[/]")

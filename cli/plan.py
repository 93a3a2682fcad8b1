"""`repoussoir plan`: see what would be done. Changes nothing in any CRM."""

from __future__ import annotations

from pathlib import Path

import typer

from cli import common, exits, planfile, work
from cli.duties import Ended, looked
from cli.output import as_json, bars, err, out, plain, plan_json, show_plan
from cli.provenance import warnings
from cli.trace import traced
from core.plan import Plan
from core.read import Reading


def plan(
    context: typer.Context,
    only: list[str] = typer.Option([], help="Only this policy: suppression, retention, sensitive. May be repeated."),
    crm: list[str] = typer.Option([], help="Only this CRM; nothing is destroyed then, as the others are not read."),
    now: str | None = typer.Option(
        None, help="Judge as of this moment (a what-if, which is applied in a sandbox only)."
    ),
    file: Path | None = typer.Option(None, "--out", help="Also write the plan here, as JSON Lines."),
    json: bool = common.Json,
) -> int:
    """Read every CRM and show what would be done."""
    with common.work(context, crm) as parts, bars() as progress:
        told = warnings(parts.config)
        as_of = common.moment(now)

        def look() -> tuple[Plan, Reading]:
            return work.make_plan(parts, progress.read, as_of, tuple(only))

        def told_of(found: tuple[Plan, Reading]) -> Ended:
            return looked(found, parts.store.ledger.head())

        # A look at a part is no run: what it leaves out by itself is no gap of the reading.
        made, reading = look() if only or crm or now else traced(parts, "plan", look, told_of)
        unresolved = len(parts.store.ledger.owed("outcome"))
        if file:
            planfile.write(made, parts.config.plan.ttl.after(made.made_at), file)
    for sentence in told:
        err.print(f"[yellow]Note:[/] {plain(sentence)}")
    if json:
        as_json(plan_json(made, tuple(reading.gaps)) | {"unresolved": unresolved})
    else:
        show_plan(made, tuple(reading.gaps))
        if unresolved:
            out.print(
                f"{unresolved} writes of an interrupted run are not resolved yet: the next run looks into them first."
            )
        if not made.empty() and not made.what_if:
            name = "" if not made.trips else " --approve-as NAME"
            out.print(f"Apply it with: [bold]repoussoir apply {made.digest[:12]}{name}[/]")
    if made.trips:
        return exits.APPROVAL
    return exits.INCOMPLETE if reading.gaps else exits.OK

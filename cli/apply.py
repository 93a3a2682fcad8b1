"""`repoussoir apply`: do what a plan says, after reading and judging everything again."""

from __future__ import annotations

from pathlib import Path

import typer

from cli import common, planfile, work
from cli.duties import done
from cli.output import bars
from cli.results import report
from cli.runtime import Runtime
from cli.trace import traced
from core.store.plans import Kept


def apply(
    context: typer.Context,
    plan: str = typer.Argument(help="The digest of a plan, or the file it was written to."),
    approve_as: str = typer.Option("", help="Your name: you looked at this plan and stand for what its brakes stop."),
    json: bool = common.Json,
) -> int:
    """Apply a plan."""
    with common.work(context) as parts, bars() as progress:
        kept = find(parts, plan)
        name = approve_as.strip()
        result = traced(parts, "apply", lambda: work.apply_plan(parts, kept, name, progress.read, progress.step), done)
    return report(result, json=json)


def find(parts: Runtime, plan: str) -> Kept:
    """The stored plan of a digest, or the one a file is the copy of. Raises PlanRefused when a file was changed."""
    file = Path(plan)
    return parts.store.plans.find(planfile.digest(file) if file.is_file() else plan)

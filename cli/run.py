"""`repoussoir run`: the whole job, as the scheduler does it."""

from __future__ import annotations

import typer

from cli import common, work
from cli.duties import done
from cli.output import bars
from cli.results import report
from cli.trace import traced


def run(context: typer.Context, json: bool = common.Json) -> int:
    """Read every CRM, apply what no brake stops, keep the rest for approval."""
    with common.work(context) as parts, bars() as progress:
        result = traced(parts, "run", lambda: work.run(parts, progress.read, progress.step), done)
    return report(result, json=json)

"""`repoussoir schedule`: run the jobs of the configuration when they are due, until stopped."""

from __future__ import annotations

import typer

import scheduler
from cli import common, logs
from cli.jobs import Jobs
from cli.output import as_json, out, table
from cli.runtime import clock
from core.settings import zone


def schedule(
    context: typer.Context,
    once: str = typer.Option("", help="Do this job now, once, and exit with its code."),
    list_: bool = typer.Option(False, "--list", help="Show the jobs and when each runs next."),
    json: bool = common.Json,
) -> int:
    """Run the jobs of the configuration until stopped; the batch in hand is finished first."""
    config = common.config(context)
    if list_:
        now = clock().astimezone(zone(config.time_zone))
        found = {name: trigger.get_next_fire_time(None, now) for name, trigger in scheduler.triggers(config).items()}
        _show({name: (config.schedule.jobs[name].do, moment) for name, moment in found.items()}, json=json)
        return 0
    logs.configure(verbose=True)
    stop = scheduler.until_signal()
    if once:
        return Jobs(config, stopping=stop.is_set).perform(once)
    scheduler.serve_until_stopped(config, stop)
    return 0


def _show(found: dict[str, tuple[str, object]], *, json: bool) -> None:
    if json:
        as_json([{"job": name, "do": do, "next": str(moment)} for name, (do, moment) in found.items()])
        return
    shown = table("Jobs", "job", "does", "next")
    for name, (do, moment) in found.items():
        shown.add_row(name, do, str(moment))
    out.print(shown)

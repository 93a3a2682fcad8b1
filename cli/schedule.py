"""`repoussoir schedule`: run the jobs of the configuration when they are due, until stopped."""

from __future__ import annotations

from datetime import datetime

import typer

import scheduler
from cli import common, exits, logs
from cli.config import Config
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
        _show(config, next_times(config, clock()), json=json)
        return exits.OK
    logs.configure(verbose=True)
    with scheduler.until_signal() as stop:
        if once:
            return Jobs(config, stopping=stop.is_set).perform(once)
        scheduler.serve_until_stopped(config, stop)
    return exits.OK


def next_times(config: Config, now: datetime) -> dict[str, datetime]:
    """When each job runs next, in the time zone of the configuration."""
    local = now.astimezone(zone(config.time_zone))
    return {name: trigger.get_next_fire_time(None, local) for name, trigger in scheduler.triggers(config).items()}


def _show(config: Config, found: dict[str, datetime], *, json: bool) -> None:
    rows = [(name, config.schedule.jobs[name].do, moment) for name, moment in found.items()]
    if json:
        as_json([{"job": name, "do": do, "next": moment.isoformat()} for name, do, moment in rows])
        return
    shown = table("Jobs", "job", "does", f"next ({config.time_zone})")
    for name, do, moment in rows:
        shown.add_row(name, do, f"{moment:%a %Y-%m-%d %H:%M %z}")
    out.print(shown)

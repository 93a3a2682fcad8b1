"""APScheduler wiring and nothing else: when the jobs of the configuration run. What they do is in `cli.jobs`.

The schedule is rebuilt from the configuration at every start and kept in memory, so there is nothing to corrupt.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from threading import Event

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from cli.config import Config
from cli.jobs import Jobs
from cli.metrics import serve
from cli.runtime import clock, open_store
from core.errors import ConfigError
from core.settings import zone

log = structlog.get_logger(__name__)


def triggers(config: Config) -> dict[str, CronTrigger]:
    """When each job runs, in the time zone of the configuration. Raises ConfigError on a cron expression that is none."""
    made = {}
    for name, job in config.schedule.jobs.items():
        try:
            made[name] = CronTrigger.from_crontab(job.cron, timezone=zone(config.time_zone))
        except ValueError as error:
            raise ConfigError(
                f"schedule.jobs.{name}.cron: {job.cron!r} is no cron expression ({error}).",
                "Write 0 3 * * * for 3 a.m.",
            ) from None
    return made


def missed(trigger: CronTrigger, last: datetime | None, now: datetime, catch_up: timedelta) -> bool:
    """True when a job that has run before should have run again since, no longer ago than `catch_up`."""
    if last is None:
        return False
    due = trigger.get_next_fire_time(None, max(last, now - catch_up) + timedelta(microseconds=1))
    return due is not None and due <= now


def overdue(config: Config, now: datetime) -> Iterator[str]:
    """The jobs that were missed while nobody was there to run them."""
    catch_up = config.schedule.catch_up.after(now) - now
    store = open_store(config)
    try:
        for name, trigger in triggers(config).items():
            if missed(trigger, store.runs.last_start(name), now, catch_up):
                yield name
    finally:
        store.close()


def build(config: Config, perform: Callable[[str], int], now: datetime) -> BackgroundScheduler:
    """The schedule, not started: one run of a job at a time, misfires coalesced and caught up once."""
    catch_up = config.schedule.catch_up.after(now) - now
    # One thread: jobs that fall due together wait for each other.
    one = {"default": ThreadPoolExecutor(1)}
    scheduler = BackgroundScheduler(timezone=zone(config.time_zone), executors=one)
    settings = {"coalesce": True, "max_instances": 1, "misfire_grace_time": int(catch_up.total_seconds())}
    for name, trigger in triggers(config).items():
        scheduler.add_job(perform, trigger, args=[name], id=name, **settings)
    for name in overdue(config, now):
        log.info("job.missed", job=name)
        scheduler.add_job(perform, args=[name], id=f"{name}, caught up", **settings)
    return scheduler


def serve_until_stopped(config: Config, stop: Event) -> None:
    """Runs the schedule until `stop` is set; the batch in hand is finished first. Raises ConfigError without a job."""
    if not config.schedule.jobs:
        raise ConfigError("The configuration has no job.", "Add a [schedule.jobs.NAME] table with a cron expression.")
    jobs = Jobs(config, stopping=stop.is_set)
    scheduler = build(config, jobs.perform, clock())
    server = serve(config.schedule.listen, jobs.metrics, jobs.healthy) if config.schedule.listen else None
    scheduler.start()
    log.info("scheduler.begin", jobs=sorted(config.schedule.jobs))
    try:
        stop.wait()
    finally:
        scheduler.shutdown(wait=True)
        if server:
            server.shutdown()
        log.info("scheduler.end")


def until_signal() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    # By name, as the command line imports this module in its turn.
    sys.exit(import_module("cli.main").main([*sys.argv[1:], "schedule"]))

"""APScheduler wiring and nothing else: when the jobs of the configuration run. What they do is in `cli.jobs`.

The schedule is rebuilt from the configuration at every start and kept in memory, so there is nothing to corrupt.
"""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from importlib import import_module
from threading import Event

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from cli.config import Config
from cli.crontab import trigger
from cli.jobs import Jobs
from cli.runtime import clock, open_store
from cli.web import pages, serving
from core.errors import ConfigError
from core.settings import zone

log = structlog.get_logger(__name__)
_A_MOMENT = timedelta(microseconds=1)
_EVENTS = {
    EVENT_JOB_ERROR: "job.broken",
    EVENT_JOB_MAX_INSTANCES: "job.still_at_work",
    EVENT_JOB_MISSED: "job.too_late",
}


def triggers(config: Config) -> dict[str, CronTrigger]:
    """When each job runs, in the time zone of the configuration."""
    where = zone(config.time_zone)
    return {name: trigger(job.cron, where) for name, job in config.schedule.jobs.items()}


def missed(when: CronTrigger, last: datetime | None, now: datetime, catch_up: timedelta) -> bool:
    """True when a job that has run before should have run again since, no longer ago than `catch_up`."""
    if last is None:
        return False
    due = when.get_next_fire_time(None, max(last, now - catch_up) + _A_MOMENT)
    return due is not None and due <= now


def overdue(config: Config, now: datetime) -> Iterator[str]:
    """The jobs that were missed while nobody was there to run them. Raises StoreProblem."""
    catch_up = _catch_up(config, now)
    store = open_store(config)
    try:
        for name, when in triggers(config).items():
            if missed(when, store.runs.last_start(name), now, catch_up):
                yield name
    finally:
        store.close()


def build(config: Config, perform: Callable[[str], int], now: datetime) -> BackgroundScheduler:
    """The schedule, not started: one run of a job at a time, misfires coalesced and caught up once.

    What is due by `now` is caught up, what is due after it is scheduled: no moment falls between the two.
    """
    # One thread: jobs that fall due together wait for each other.
    one = {"default": ThreadPoolExecutor(1)}
    scheduler = BackgroundScheduler(timezone=zone(config.time_zone), executors=one)
    scheduler.add_listener(_told, sum(_EVENTS))
    grace = int(_catch_up(config, now).total_seconds())
    settings = {"coalesce": True, "max_instances": 1, "misfire_grace_time": grace}
    for name, when in triggers(config).items():
        due = when.get_next_fire_time(None, now + _A_MOMENT)
        scheduler.add_job(perform, when, args=[name], id=name, next_run_time=due, **settings)
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
    listen = config.schedule.listen
    with serving(listen, pages(jobs)) if listen else nullcontext("nowhere") as place:
        scheduler.start()
        log.info("scheduler.begin", jobs=sorted(config.schedule.jobs), listen=place)
        try:
            stop.wait()
        finally:
            log.info("scheduler.stopping")
            scheduler.shutdown(wait=True)
            log.info("scheduler.end")


@contextmanager
def until_signal() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set during the block."""
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def arguments(given: Sequence[str]) -> list[str]:
    """The words of `python scheduler.py` as those of `repoussoir`, whose own options stand before the verb."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-c", "--config")
    parser.add_argument("-v", "--verbose", action="store_true")
    known, rest = parser.parse_known_args(given)
    config = ["--config", known.config] if known.config else []
    return [*config, *(["--verbose"] if known.verbose else []), "schedule", *rest]


def _catch_up(config: Config, now: datetime) -> timedelta:
    return config.schedule.catch_up.after(now) - now


def _told(event: JobEvent) -> None:
    """Logs what APScheduler would only say on its own logger; the text of an error may hold a value."""
    error = getattr(event, "exception", None)
    log.warning(_EVENTS[event.code], job=event.job_id, kind=type(error).__name__ if error else None)


if __name__ == "__main__":
    # By name, as the command line imports this module in its turn.
    sys.exit(import_module("cli.main").main(arguments(sys.argv[1:])))

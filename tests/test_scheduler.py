"""The scheduler: jobs from the configuration on time, missed ones caught up once, a stop that finishes the batch."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import scheduler
from cli import exits
from cli.config import Config, load
from cli.crontab import trigger
from cli.runtime import open_store
from core.errors import ConfigError
from tests.jobdesk import job_desk, record

JOBS = """
[schedule]
listen = ""

[schedule.jobs.nightly]
cron = "0 3 * * *"

[schedule.jobs.proof]
cron = "30 4 * * 1"
do = "verify"
"""
PARIS = ZoneInfo("Europe/Paris")
HALF_A_DAY = timedelta(hours=12)


def config(folder: Path, tables: str) -> Config:
    """A configuration without a CRM, its store beside it."""
    (folder / "config.toml").write_text(f'controller = "Acme SAS"\n{tables}')
    return load(folder / "config.toml", {})


def every_minute(folder: Path, *names: str) -> Config:
    """Jobs that are due at every full minute."""
    return config(folder, "".join(f'[schedule.jobs.{name}]\ncron = "* * * * *"\n' for name in names))


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def began(settings: Config, job: str, at: datetime) -> None:
    """Writes down that a job ran, as an earlier process did."""
    store = open_store(settings)
    store.runs.begin("earlier", job, at)
    store.runs.end("earlier", "ok", {}, at)
    store.close()


def fires(cron: str, after: str, count: int) -> list[str]:
    """The next moments of an expression in Paris, in UTC."""
    made, now, found = trigger(cron, PARIS), moment(after), []
    for _ in range(count):
        now = made.get_next_fire_time(None, now + timedelta(microseconds=1)).astimezone(UTC)
        found.append(f"{now:%Y-%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        ("2026-11-23T02:00", "2026-11-24T01:59", False),
        ("2026-11-23T02:00", "2026-11-24T02:00", True),
        ("2026-11-23T02:00", "2026-11-24T02:01", True),
        ("2026-11-24T02:00", "2026-11-24T09:00", False),
        ("2026-11-10T02:00", "2026-11-24T09:00", True),
        ("2026-11-10T02:00", "2026-11-24T15:00", False),
        ("2026-10-24T01:00", "2026-10-25T01:59", False),
        ("2026-10-24T01:00", "2026-10-25T02:00", True),
        (None, "2026-11-24T09:00", False),
    ],
)
def test_a_missed_job_is_caught_up_within_half_a_day(last: str | None, now: str, expected: bool) -> None:
    """At 3 in Paris it is 2 in UTC in winter, 1 in summer; older misses are left; a new job was never missed."""
    made = trigger("0 3 * * *", PARIS)

    assert scheduler.missed(made, moment(last) if last else None, moment(now), HALF_A_DAY) is expected


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 3 * * 0", "Sun"),
        ("0 3 * * 7", "Sun"),
        ("0 3 * * 1", "Mon"),
        ("0 3 * * mon", "Mon"),
        ("0 3 * * 1-5", "Mon Tue Wed Thu Fri"),
        ("0 3 * * 5-7", "Fri Sat Sun"),
        ("0 3 * * Sat-Sun", "Sat Sun"),
        ("0 3 * * 6-1", "Mon Sat Sun"),
        ("0 3 * * 1,3,FRI", "Mon Wed Fri"),
        ("0 3 * * 1-5/2", "Mon Wed Fri"),
        ("0 3 * * */3", "Wed Sat Sun"),
        ("0 3 * * *", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(cron: str, days: str) -> None:
    """0 and 7 are Sunday, 1 is Monday; APScheduler alone would run a Monday's job on Tuesday."""
    week = {moment(found) for found in fires(cron, "2026-11-22T12:00", 7)}
    inside = sorted(found for found in week if found < moment("2026-11-29T12:00"))

    assert " ".join(f"{found:%a}" for found in inside) == days


def test_a_nightly_job_runs_once_on_the_days_the_clocks_change() -> None:
    """Three o'clock exists once on each of them, in March at 1 and in October at 2 in UTC."""
    assert fires("0 3 * * *", "2027-03-27T12:00", 2) == ["2027-03-28T01:00", "2027-03-29T01:00"]
    assert fires("0 3 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T02:00", "2026-10-26T02:00"]


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 33 * * *", "33"),
        ("0 3 * * 8", "'8' is no weekday"),
        ("0 3 * * mon/2", "'mon/2' is no weekday"),
        ("0 3 * * 1,", "'' is no weekday"),
        ("0 3 * * lundi", "'lundi' is no weekday"),
        ("0 3 31 2 *", "never comes"),
        ("0 3 1 * 1", "`either` to some and `both` to others"),
    ],
)
def test_an_expression_that_cannot_be_kept_is_refused_by_name(tmp_path: Path, cron: str, why: str) -> None:
    """A job that would never run, or not when it was meant to, is an error of the configuration, before anything starts."""
    with pytest.raises(ConfigError, match=r"^config\.toml:3: schedule\.jobs\.nightly\.cron: ") as told:
        config(tmp_path, f'[schedule.jobs.nightly]\ncron = "{cron}"\n')
    assert why in str(told.value)


def test_the_schedule_is_what_the_configuration_says(tmp_path: Path) -> None:
    """Rebuilt at each start: both jobs, in the zone of the configuration, one instance of each, and one catch-up."""
    settings = config(tmp_path, JOBS)
    began(settings, "nightly", moment("2026-11-20T02:00"))

    built = scheduler.build(settings, lambda _: 0, moment("2026-11-24T02:05"))

    jobs = {job.id: job for job in built.get_jobs()}
    assert list(jobs) == ["nightly", "proof", "nightly, caught up"]
    assert jobs["nightly"].next_run_time == moment("2026-11-25T02:00")
    assert jobs["proof"].next_run_time == moment("2026-11-30T03:30")
    assert {(job.coalesce, job.max_instances, job.misfire_grace_time) for job in jobs.values()} == {(True, 1, 43200)}
    assert str(built.timezone) == "Europe/Paris"


@pytest.mark.parametrize("now", ["2026-11-24T01:59:59.999999", "2026-11-24T02:00", "2026-11-24T02:00:00.000001"])
def test_what_is_due_at_the_very_start_runs_once(tmp_path: Path, now: str) -> None:
    """Either it is caught up or it is scheduled; no moment falls between the two, or in both."""
    settings = config(tmp_path, JOBS)
    began(settings, "nightly", moment("2026-11-23T02:00"))

    built = scheduler.build(settings, lambda _: 0, moment(now))

    due = moment("2026-11-24T02:00")
    caught_up = any(job.id == "nightly, caught up" for job in built.get_jobs())
    scheduled = any(job.id == "nightly" and job.next_run_time == due for job in built.get_jobs())
    assert caught_up is not scheduled


def performed(settings: Config, now: datetime, perform: Callable[[str], int], done: threading.Event) -> None:
    """Runs a schedule as built at `now` until something is done."""
    built = scheduler.build(settings, perform, now)
    built.start()
    try:
        assert done.wait(10)
    finally:
        built.shutdown(wait=True)


def test_misfires_while_it_ran_are_coalesced_into_one(tmp_path: Path) -> None:
    """Half an hour asleep with a job every minute: one run, not thirty."""
    ran: list[str] = []
    done = threading.Event()

    def perform(name: str) -> int:
        ran.append(name)
        if len(ran) == 2:
            done.set()
        return 0

    # The second job is due last, so that the first would have had the time for thirty.
    performed(every_minute(tmp_path, "a", "b"), datetime.now(UTC) - timedelta(minutes=30), perform, done)

    assert ran[:2] == ["a", "b"]


def test_jobs_that_are_due_together_wait_for_each_other(tmp_path: Path) -> None:
    """One at a time, as each of them writes."""
    inside, most, ran = [0], [0], []
    done = threading.Event()

    def perform(name: str) -> int:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        inside[0] -= 1
        ran.append(name)
        if len(ran) == 3:
            done.set()
        return 0

    performed(every_minute(tmp_path, "a", "b", "c"), datetime.now(UTC) - timedelta(minutes=5), perform, done)

    assert sorted(ran[:3]) == ["a", "b", "c"]
    assert most == [1]


def test_a_job_that_breaks_does_not_end_the_schedule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Even a fault of ours: it is logged by its kind, without its text, and the next job runs."""
    done = threading.Event()

    def perform(name: str) -> int:
        if name == "a":
            raise RuntimeError("jean.dupond@a.example")
        done.set()
        return 0

    performed(every_minute(tmp_path, "a", "b"), datetime.now(UTC) - timedelta(minutes=5), perform, done)

    shown = "".join(capsys.readouterr())
    assert "job.broken" in shown
    assert "RuntimeError" in shown
    assert "jean.dupond" not in shown


def test_a_schedule_without_a_job_is_refused(tmp_path: Path) -> None:
    """It would wait for ever and do nothing."""
    with pytest.raises(ConfigError, match="no job"):
        scheduler.serve_until_stopped(config(tmp_path, ""), threading.Event())


def test_list_tells_when_each_job_runs_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the zone of the configuration; a Monday's job on a Monday."""
    at = job_desk(tmp_path, monkeypatch)
    at.change("0 6 * * *", "30 4 * * 1")

    at.type("schedule", "--list", "--json")
    found = {line["job"]: line for line in json.loads(capsys.readouterr().out)}
    at.type("schedule", "--list")

    assert (found["nightly"]["do"], found["proof"]["do"]) == ("run", "verify")
    assert datetime.fromisoformat(found["nightly"]["next"]).astimezone(PARIS).hour == 3
    assert datetime.fromisoformat(found["proof"]["next"]).astimezone(PARIS).strftime("%a %H:%M") == "Mon 04:30"
    assert "Mon " in capsys.readouterr().out


def test_once_does_the_job_now_and_exits_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Done, waiting for approval, and no such job."""
    at = job_desk(tmp_path, monkeypatch, record("1"))
    at.change("first_run = false", "first_run = true")

    assert at.type("schedule", "--once", "nightly") == exits.APPROVAL
    at.change("first_run = true", "first_run = false")
    assert at.type("schedule", "--once", "nightly") == exits.OK
    assert at.crm.records == {}
    assert at.type("schedule", "--once", "nigthly") == exits.USAGE
    assert [run.job for run in at.runs()] == ["nightly", "nightly"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_heard_only_while_it_runs(number: signal.Signals) -> None:
    """Afterwards they are handled as before: Ctrl-C ends whatever the same process does next."""
    before = signal.getsignal(number)

    with scheduler.until_signal() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()

    assert signal.getsignal(number) == before


def test_the_file_takes_the_words_of_the_verb() -> None:
    """`python scheduler.py` is `repoussoir schedule`; the program's own options go before the verb."""
    words = scheduler.arguments(["--once", "nightly", "-c", "x.toml"])

    assert scheduler.arguments([]) == ["schedule"]
    assert words == ["--config", "x.toml", "schedule", "--once", "nightly"]
    assert scheduler.arguments(["-v", "--list", "--json"]) == ["--verbose", "schedule", "--list", "--json"]

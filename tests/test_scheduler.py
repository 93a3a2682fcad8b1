"""The scheduler: jobs from the configuration, missed ones caught up once, one at a time, a stop that finishes the batch."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from apscheduler.triggers.cron import CronTrigger

import scheduler
from cli import exits
from cli.config import load
from cli.jobs import Jobs
from cli.metrics import Metrics, serve
from cli.runtime import open_store, runtime
from core.errors import ConfigError
from tests.workbench import Desk, ago, desk, hubspot

JOBS = """
[schedule]
listen = ""

[schedule.jobs.nightly]
cron = "0 3 * * *"

[schedule.jobs.proof]
cron = "30 4 * * 1"
do = "verify"
"""
PARIS = "Europe/Paris"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """One overdue contact, two jobs."""
    with desk(tmp_path, capsys) as made:
        made.config.write_text(made.config.read_text() + JOBS)
        made.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        yield made


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        ("2026-11-23T02:00", "2026-11-24T01:59", False),
        ("2026-11-23T02:00", "2026-11-24T02:01", True),
        ("2026-11-10T02:00", "2026-11-24T09:00", True),
        ("2026-11-10T02:00", "2026-11-24T15:00", False),
        (None, "2026-11-24T09:00", False),
    ],
)
def test_a_missed_job_is_caught_up_within_half_a_day(last: str | None, now: str, expected: bool) -> None:
    """At 3 in Paris it is 2 in UTC in winter; older misses are left to the next turn; a new job was never missed."""
    trigger = CronTrigger.from_crontab("0 3 * * *", timezone=PARIS)

    assert scheduler.missed(trigger, moment(last) if last else None, moment(now), timedelta(hours=12)) is expected


def test_the_schedule_is_what_the_configuration_says_and_misses_are_caught_up_once(at: Desk) -> None:
    """Rebuilt at each start: both jobs, in the zone of the configuration, and one catch-up of the missed one."""
    config = load(at.config, {})
    now = datetime.now(UTC)
    store = open_store(config)
    store.runs.begin("r1", "nightly", now - timedelta(days=3))
    store.close()
    trigger = scheduler.triggers(config)["nightly"]
    due = trigger.get_next_fire_time(None, now - timedelta(hours=12))

    built = scheduler.build(config, lambda _: 0, due + timedelta(minutes=5))

    assert {job.id for job in built.get_jobs()} == {"nightly", "proof", "nightly, caught up"}
    assert str(built.timezone) == PARIS


def test_a_job_that_is_no_cron_expression_is_said_by_name(at: Desk) -> None:
    """Five parts, one of them impossible."""
    at.config.write_text(at.config.read_text().replace("0 3 * * *", "0 33 * * *"))

    code, _, errors = at.run("schedule", "--list")

    assert code == exits.USAGE
    assert "schedule.jobs.nightly.cron" in errors


def test_once_does_the_whole_job_and_leaves_a_trace(at: Desk) -> None:
    """The overdue contact goes; the run is in the store with its outcome and counts, without a person."""
    assert at.run("schedule", "--once", "nightly")[0] == exits.OK

    store = open_store(load(at.config, {}))
    (run,) = store.runs.latest()
    store.close()
    assert not at.exists("hubspot:contact:101")
    assert (run.job, run.outcome) == ("nightly", "ok")
    assert "overdue@a.example" not in json.dumps(run.summary)
    assert at.run("schedule", "--once", "nigthly")[0] == exits.USAGE


def test_a_failing_job_is_an_outcome_not_the_end_of_the_scheduler(at: Desk) -> None:
    """A wrong key: the job fails, is counted, and the health page says so; the next one still runs."""
    key = at.folder / "secrets" / "keys__secrets__k1"
    right = key.read_text()
    at.run("plan")
    key.write_text("f" * 64)
    jobs = Jobs(load(at.config, {}))

    assert jobs.perform("nightly") == exits.STORE
    assert jobs.healthy() == (False, {"nightly": "failed"})
    key.write_text(right)
    jobs.config = load(at.config, {})
    assert jobs.perform("nightly") == exits.OK
    assert jobs.healthy()[0]


def test_a_second_process_at_work_is_no_failure(at: Desk) -> None:
    """Busy is its own outcome: nobody is woken for it."""
    config = load(at.config, {})
    with runtime(config) as parts, parts.writing():
        jobs = Jobs(config)
        assert jobs.perform("nightly") == exits.BUSY
    assert jobs.healthy() == (True, {"nightly": "busy"})


def test_metrics_and_health_are_served(at: Desk) -> None:
    """Prometheus text with our figures; 200 while healthy, 503 after a failure, 404 for the rest."""
    jobs = Jobs(load(at.config, {}))
    jobs.perform("nightly")
    health = [True]
    server = serve("127.0.0.1:0", jobs.metrics, lambda: (health[0], {"nightly": "ok"}))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        text = urlopen(f"{url}/metrics").read().decode()
        assert urlopen(f"{url}/healthz").status == 200
        health[0] = False
        with pytest.raises(HTTPError, match="503"):
            urlopen(f"{url}/healthz")
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{url}/else")
    finally:
        server.shutdown()
        server.server_close()
    assert 'repoussoir_runs_total{job="nightly",outcome="ok"} 1.0' in text
    assert 'repoussoir_receipts_total{action="erase",receipt="done"} 1.0' in text
    assert "repoussoir_open_intents 0.0" in text


def test_a_taken_port_is_said() -> None:
    """Two schedulers on one place."""
    server = serve("127.0.0.1:0", Metrics(), lambda: (True, {}))
    try:
        with pytest.raises(ConfigError, match="is taken"):
            serve(f"127.0.0.1:{server.server_address[1]}", Metrics(), lambda: (True, {}))
    finally:
        server.shutdown()
        server.server_close()


def test_sigterm_finishes_the_batch_in_hand_and_leaves_the_rest_for_the_next_run(at: Desk) -> None:
    """The signal comes while a write is under way: it is confirmed, nothing is owed, and `run` does the rest."""
    at.load(*(hubspot(str(300 + n), f"p{n}@a.example", created=ago(months=50)) for n in range(60)))
    command = [
        sys.executable,
        "-c",
        "from cli.main import run; run()",
        "--config",
        str(at.config),
        "schedule",
        "--once",
        "nightly",
    ]
    app = at.world.app("hubspot")
    answer, reached = app.answer, threading.Event()

    def slow(request):  # type: ignore[no-untyped-def]  # a stand-in for App.answer
        if "gdpr-delete" in request.path and not reached.is_set():
            reached.set()
            time.sleep(0.5)
        return answer(request)

    app.answer = slow  # type: ignore[method-assign]  # the sandbox is ours to slow down
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reached.wait(30)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    app.answer = answer  # type: ignore[method-assign]

    left = len(at.call("hubspot", "GET", "/crm/v3/objects/contacts?limit=100")["results"])
    assert process.returncode == exits.INCOMPLETE
    assert 0 < left < 60
    assert at.json("ledger", "verify")["intents_without_outcome"] == 0
    assert at.run("run")[0] == exits.OK
    assert at.call("hubspot", "GET", "/crm/v3/objects/contacts?limit=100")["results"] == []

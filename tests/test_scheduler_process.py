"""The scheduler as a process of its own, against real HTTP: it catches up, serves its pages, and ends well when asked."""

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
from typing import Any
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from cli import exits
from cli.config import Config, load
from cli.runtime import open_store
from tests.workbench import Desk, ago, desk, hubspot

JOBS = """
[schedule]
listen = "127.0.0.1:0"

[schedule.jobs.nightly]
cron = "0 {hour} * * *"

[schedule.jobs.proof]
cron = "30 4 * * 1"
do = "verify"
"""
PARIS = ZoneInfo("Europe/Paris")
ROOT = Path(__file__).parent.parent
PROGRAM = [sys.executable, "-c", "from cli.main import run; run()"]


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """One overdue contact, two jobs, one of them due some two hours ago and not again during a test."""
    with desk(tmp_path, capsys) as made:
        hour = (datetime.now(PARIS) - timedelta(hours=2)).hour
        made.config.write_text(made.config.read_text() + JOBS.format(hour=hour))
        made.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        yield made


def began(settings: Config, job: str, at: datetime) -> None:
    """Writes down that a job ran, as an earlier process did."""
    store = open_store(settings)
    store.runs.begin("earlier", job, at)
    store.runs.end("earlier", "ok", {}, at)
    store.close()


def lines_until(process: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """Reads the log of a process up to an event, which it answers."""
    assert process.stderr is not None
    for text in process.stderr:
        assert text.startswith("{"), text + process.stderr.read()
        line: dict[str, Any] = json.loads(text)
        if line["event"] == event:
            return line
    raise AssertionError(f"the log ended without {event}")


def test_the_file_catches_up_serves_and_ends_when_asked(at: Desk) -> None:
    """`python scheduler.py`: the missed job runs once as its own process, the pages answer, a signal ends it well."""
    settings = load(at.config, {})
    began(settings, "nightly", datetime.now(UTC) - timedelta(hours=20))
    command = [sys.executable, str(ROOT / "scheduler.py"), "--config", str(at.config)]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        place = lines_until(process, "scheduler.begin")["listen"]
        ended = lines_until(process, "job.end")
        facts = json.loads(urlopen(f"http://{place}/healthz", timeout=30).read())
        figures = urlopen(f"http://{place}/metrics", timeout=30).read().decode()
        process.send_signal(signal.SIGTERM)
        lines_until(process, "scheduler.end")
        assert process.wait(30) == exits.OK

    assert (ended["job"], ended["outcome"]) == ("nightly", "ok")
    assert facts == {"healthy": True, "store": "ok", "jobs": {"nightly": "ok", "proof": "never ran"}}
    assert 'repoussoir_receipts_total{action="erase",receipt="done"} 1.0' in figures
    assert not at.exists("hubspot:contact:101")
    store = open_store(settings)
    assert [run.id for run in store.runs.latest()] == [ended["run"], "earlier"]
    store.close()


@pytest.fixture
def slow(at: Desk) -> Iterator[threading.Event]:
    """More overdue contacts than a batch takes, and a HubSpot that takes its time over the first erasure; set once it began."""
    at.load(*(hubspot(str(300 + n), f"p{n}@a.example", created=ago(months=50)) for n in range(150)))
    app = at.world.app("hubspot")
    answer, reached = app.answer, threading.Event()

    def waits(request: Any) -> Any:
        if "gdpr-delete" in request.path and not reached.is_set():
            reached.set()
            time.sleep(0.5)
        return answer(request)

    app.answer = waits  # type: ignore[method-assign]  # the sandbox is ours to slow down
    yield reached
    app.answer = answer  # type: ignore[method-assign]  # and to mend


def contacts(at: Desk) -> int:
    """How many contacts are left."""
    return len(at.call("hubspot", "GET", "/crm/v3/objects/contacts?limit=100")["results"])


def test_sigterm_finishes_the_batch_in_hand_and_leaves_the_rest_for_the_next_run(
    at: Desk, slow: threading.Event
) -> None:
    """The signal comes while a write is under way: it is confirmed, nothing is owed, and `run` does the rest."""
    began(load(at.config, {}), "nightly", datetime.now(UTC) - timedelta(hours=20))
    command = [*PROGRAM, "--config", str(at.config), "schedule"]

    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert slow.wait(30)
    process.send_signal(signal.SIGTERM)
    _, shown = process.communicate(timeout=60)

    assert process.returncode == exits.OK, shown
    assert 0 < contacts(at) < 61
    assert at.json("ledger", "verify")["intents_without_outcome"] == 0
    store = open_store(load(at.config, {}))
    assert store.runs.latest()[0].outcome == "incomplete"
    store.close()
    assert at.run("run")[0] == exits.OK
    assert contacts(at) == 0

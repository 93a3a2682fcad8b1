"""What machines see: the figures and the health of the jobs, as the store has them, also after a restart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cli import exits
from cli.health import figures, health, memory
from cli.jobs import Jobs
from cli.metrics import Metrics
from cli.runtime import open_store
from cli.web import Answer, pages, serving
from connectors.transport import Tools
from core.errors import ConfigError, StoreProblem, Unreachable
from tests.jobdesk import JobDesk, job_desk, raising, record

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """Two overdue people."""
    return job_desk(tmp_path, monkeypatch, record("1"), record("2"))


@pytest.fixture
def braked(at: JobDesk) -> JobDesk:
    """The same, and the first run of the policies needs approval."""
    at.change("first_run = false", "first_run = true")
    return at


def figure(jobs: Jobs, name: str) -> float | None:
    """One figure as it is served; None when it is not there."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", figures(jobs).decode(), re.M)
    return float(found[1]) if found else None


@dataclass
class Run:
    """A line of the store."""

    job: str
    outcome: str | None
    ended_at: datetime | None = NOW
    summary: dict[str, Any] = field(default_factory=dict)


def test_every_job_has_its_counters_from_the_start() -> None:
    """An alarm on a rate needs the nought before the one."""
    text = Metrics(["nightly"]).text().decode()

    for outcome in ("ok", "waiting", "incomplete", "busy", "failed"):
        assert f'repoussoir_runs_total{{job="nightly",outcome="{outcome}"}} 0.0' in text
    assert 'repoussoir_run_seconds_count{job="nightly"} 0.0' in text


def test_a_run_is_counted_by_outcome_and_its_writes_by_receipt(at: JobDesk) -> None:
    """Two people erased; the ledger has grown, nothing is owed, nothing waits."""
    ours = at.jobs()
    ours.perform("nightly")

    assert figure(ours, 'repoussoir_runs_total{job="nightly",outcome="ok"}') == 1
    assert figure(ours, 'repoussoir_run_seconds_count{job="nightly"}') == 1
    assert figure(ours, 'repoussoir_receipts_total{action="erase",receipt="done"}') == 2
    assert (figure(ours, "repoussoir_ledger_entries") or 0) >= 4
    assert figure(ours, "repoussoir_open_intents") == 0
    assert figure(ours, "repoussoir_waiting_items") == 0
    assert figure(ours, "repoussoir_gaps") == 0


def test_what_waits_is_seen_until_somebody_approves_it(braked: JobDesk) -> None:
    """Also when another process does, and without a job in between."""
    ours = braked.jobs()
    assert ours.perform("nightly") == exits.APPROVAL
    assert figure(ours, "repoussoir_waiting_items") == 2

    assert braked.type("apply", braked.runs()[0].summary["waiting"]["plan"], "--approve-as", "Claire") == exits.OK

    assert figure(ours, "repoussoir_waiting_items") == 0


def test_what_waits_is_seen_by_a_new_process_until_it_expires(braked: JobDesk) -> None:
    """A plan is good for three days; a what-if, or a look at some policies, that was made meanwhile hides nothing."""
    braked.jobs().perform("nightly")
    braked.type("plan", "--only", "suppression")
    braked.type("plan", "--now", "2040-01-01T00:00+00:00")
    moment = [datetime.now(UTC)]
    again = braked.jobs(tools=Tools(now=lambda: moment[0]))

    assert figure(again, "repoussoir_waiting_items") == 2
    moment[0] += timedelta(days=4)
    assert figure(again, "repoussoir_waiting_items") == 0


def test_a_plan_of_other_policies_does_not_wait(braked: JobDesk) -> None:
    """It is refused, whoever approves it: after a change of the policies there is nothing to approve yet."""
    braked.jobs().perform("nightly")
    braked.change('extends = "fr_prospection_b2b"', 'extends = "fr_prospection_b2b"\nphone_region = "BE"')

    assert figure(braked.jobs(), "repoussoir_waiting_items") == 0


def test_a_later_plan_takes_the_place_of_one_that_waits(braked: JobDesk) -> None:
    """One of the two is gone meanwhile: what waits is the newest plan's, not the sum."""
    ours = braked.jobs()
    ours.perform("nightly")
    del braked.crm.records["2"]
    ours.perform("nightly")

    assert figure(ours, "repoussoir_waiting_items") == 1


def test_a_plan_that_a_job_makes_is_seen_at_once(braked: JobDesk) -> None:
    """Making one writes nothing to the ledger, so its length alone would not tell."""
    ours = braked.jobs()
    assert figure(ours, "repoussoir_waiting_items") == 0

    ours.perform("look")

    assert figure(ours, "repoussoir_waiting_items") == 2


def test_gaps_and_the_last_success_outlive_a_restart(at: JobDesk) -> None:
    """A new process tells what the last reading missed and when a job last ended well."""
    at.jobs().perform("nightly")
    success = at.runs()[0].ended_at.timestamp()
    at.crm.scan = raising(Unreachable("no connection"))  # type: ignore[method-assign]  # the CRM misbehaves
    at.jobs().perform("nightly")

    again = at.jobs()

    assert figure(again, "repoussoir_gaps") == 1
    assert figure(again, 'repoussoir_last_success_timestamp_seconds{job="nightly"}') == pytest.approx(success, abs=1e-3)
    assert figure(again, 'repoussoir_last_success_timestamp_seconds{job="proof"}') is None


def test_a_write_whose_outcome_is_not_known_is_seen(at: JobDesk) -> None:
    """What a crash leaves behind, until the next run resolves it."""
    ours = at.jobs()
    store = open_store(ours.config)
    with store.transaction():
        store.ledger.owe(store.ledger.append(NOW, "intent", {"ref": "mem:person:1"}), "outcome", "mem", {})
    store.close()

    assert figure(ours, "repoussoir_open_intents") == 1


def test_memory_takes_the_newest_of_each_job() -> None:
    """Busy and unfinished runs say nothing of a job; a failure hides no earlier success; gaps are the newest reading's."""
    found = memory(
        [
            Run("nightly", None, None),
            Run("nightly", "busy"),
            Run("nightly", "failed"),
            Run("proof", "ok", NOW, {"ledger_entries": 3}),
            Run("nightly", "incomplete", NOW, {"gaps": ["a", "b"]}),
            Run("nightly", "ok", NOW - timedelta(days=1), {"gaps": []}),
            Run("proof", "failed"),
        ]
    )

    assert found.outcomes == {"nightly": "failed", "proof": "ok"}
    assert found.successes == {"nightly": NOW - timedelta(days=1), "proof": NOW}
    assert found.gaps == 2


def test_health_is_that_of_the_last_run_of_each_job(at: JobDesk) -> None:
    """A fatal failure makes it unhealthy until the job ends otherwise, in whatever process; what waits does not."""
    ours = at.jobs()
    assert health(ours)[0]
    at.key.write_text("nonsense")
    ours.config = at.config()
    ours.perform("proof")

    again = at.jobs()
    assert health(again) == (
        False,
        {
            "healthy": False,
            "store": "ok",
            "jobs": {"nightly": "never ran", "look": "never ran", "rights": "never ran", "proof": "failed"},
        },
    )
    at.key.write_text("5" * 64)
    assert at.type("schedule", "--once", "proof") == exits.OK
    assert health(again)[0]


def test_a_job_that_seldom_runs_is_not_lost_behind_a_busy_one(at: JobDesk) -> None:
    """Its failure of a month ago, its success of the month before, and the gaps of the last reading."""
    ours = at.jobs()
    month = timedelta(days=30)
    with ours.store() as store, store.transaction():
        for number, (job, outcome, summary, ago) in enumerate(
            [
                ("proof", "ok", {}, 2 * month),
                ("nightly", "incomplete", {"gaps": ["a", "b"]}, month + timedelta(hours=1)),
                ("nightly", "incomplete", {"why": ["stopped"]}, month),
                ("proof", "failed", {"why": ["broken"]}, month),
                *(("rights", "ok", {}, timedelta(minutes=minute)) for minute in range(1500)),
            ]
        ):
            store.runs.begin(str(number), job, NOW - ago)
            store.runs.end(str(number), outcome, summary, NOW - ago)

    healthy, facts = health(ours)

    assert not healthy
    assert facts["jobs"] == {"nightly": "incomplete", "look": "never ran", "rights": "ok", "proof": "failed"}
    last = figure(ours, 'repoussoir_last_success_timestamp_seconds{job="proof"}')
    assert last == (NOW - 2 * month).timestamp()
    assert figure(ours, "repoussoir_gaps") == 2


def test_a_job_that_was_taken_out_of_the_configuration_is_no_concern(at: JobDesk) -> None:
    """Its last failure would keep the page unhealthy for ever."""
    at.key.write_text("nonsense")
    at.jobs().perform("proof")
    at.change('[schedule.jobs.proof]\ncron = "0 6 * * *"\ndo = "verify"\n', "")

    assert health(at.jobs())[0]


def answer(url: str) -> tuple[int, str, str]:
    """Status, type and body of a page."""
    try:
        with urlopen(url, timeout=10) as found:
            return found.status, found.headers["Content-Type"], found.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_the_pages_are_served(at: JobDesk) -> None:
    """Prometheus text, JSON with 200 or 503, and nothing else."""
    ours = at.jobs()
    ours.perform("nightly")
    with serving("127.0.0.1:0", pages(ours)) as place:
        status, kind, text = answer(f"http://{place}/metrics?name=x")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        assert 'repoussoir_runs_total{job="nightly",outcome="ok"} 1.0' in text
        status, kind, text = answer(f"http://{place}/healthz")
        assert (status, kind) == (200, "application/json")
        assert json.loads(text)["jobs"]["nightly"] == "ok"
        ours.unrecorded["nightly"] = "failed"
        assert answer(f"http://{place}/healthz")[0] == 503
        assert answer(f"http://{place}/else")[0] == 404


def test_pages_are_unavailable_when_the_store_is_away(at: JobDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """No figure of yesterday is served as one of today; where the store is stays in the log."""
    at.change("[schedule]", '[store]\nurl = "sqlite:///gone/repoussoir.sqlite"\n\n[schedule]')
    with serving("127.0.0.1:0", pages(at.jobs())) as place:
        status, _, text = answer(f"http://{place}/metrics")
        assert (status, text) == (503, "unavailable, see the log\n")
        status, _, text = answer(f"http://{place}/healthz")
        assert (status, json.loads(text)["store"]) == (503, "failed")
    assert "gone" not in text


@contextmanager
def broken(error: Exception) -> Iterator[str]:
    """A server whose page fails."""

    def fails() -> Answer:
        raise error

    with serving("127.0.0.1:0", {"/metrics": fails}) as place:
        yield f"http://{place}/metrics"


def test_a_page_that_fails_tells_nothing_of_why(capsys: pytest.CaptureFixture[str]) -> None:
    """The log says it: an error of ours in words, any other by its kind alone."""
    with broken(StoreProblem("The store is away.")) as url:
        assert answer(url)[0] == 503
    with broken(RuntimeError("jean.dupond@a.example")) as url:
        assert answer(url)[2] == "unavailable, see the log\n"

    shown = "".join(capsys.readouterr())
    assert "The store is away." in shown
    assert "RuntimeError" in shown
    assert "jean.dupond" not in shown


def test_a_taken_place_is_said_with_its_mend() -> None:
    """Two schedulers on one place, or a host that is not ours."""
    with serving("127.0.0.1:0", {}) as place, pytest.raises(ConfigError, match="listen"), serving(place, {}):
        raise AssertionError("it was served twice")


def test_scrapes_may_come_while_a_job_runs(at: JobDesk) -> None:
    """Several at once, each on a connection of its own: every page is whole, and the job ends as it should."""
    ours, found = at.jobs(), list[int]()
    with serving("127.0.0.1:0", pages(ours)) as place:

        def scrape() -> None:
            found.extend(answer(f"http://{place}/{page}")[0] for page in ("metrics", "healthz") * 5)

        scrapers = [Thread(target=scrape) for _ in range(3)]
        for scraper in scrapers:
            scraper.start()
        assert ours.perform("nightly") == exits.OK
        for scraper in scrapers:
            scraper.join()

    assert found == [200] * 30

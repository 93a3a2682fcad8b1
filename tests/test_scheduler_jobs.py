"""One job from its run id to its notice: every ending is an outcome in the store, a log line and an exit code."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli import exits, logs, work
from cli.health import health
from cli.runtime import runtime
from connectors.transport import Tools
from core.connector import Account
from core.errors import ConfigError, NotAllowed, Unreachable
from tests.jobdesk import JobDesk, job_desk, raising, record


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """Five overdue people, in two batches."""
    return job_desk(tmp_path, monkeypatch, *map(record, "12345"))


def test_a_run_is_recorded_under_the_id_of_its_log_lines(at: JobDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """What the log says of a run can be found in the store, and the other way round; both hold counts, no person."""
    logs.configure(verbose=True)

    assert at.jobs().perform("nightly") == exits.OK

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    begin, end = (line for line in lines if line["event"].startswith("job."))
    (run,) = at.runs()
    assert (begin["event"], begin["job"], begin["do"]) == ("job.begin", "nightly", "run")
    assert begin["run"] == end["run"] == run.id
    assert (end["outcome"], end["why"]) == ("ok", "5 erase done")
    assert (run.job, run.outcome) == ("nightly", "ok")
    with at.jobs().store() as store:
        assert end["head"] == run.summary["ledger_head"] == store.ledger.head()
    assert run.summary["receipts"] == [{"action": "erase", "receipt": "done", "count": 5}]
    assert "a.example" not in json.dumps([lines, run.summary])


def test_the_clock_is_the_one_it_is_given(at: JobDesk) -> None:
    """Begin, end and seconds come from the same injected clock."""
    ticks = (datetime(2031, 11, 24, 3, tzinfo=UTC) + timedelta(seconds=n) for n in range(10_000))
    ours = at.jobs(tools=Tools(now=lambda: next(ticks)))

    ours.perform("proof")

    (run,) = at.runs()
    assert run.started_at.date() == run.ended_at.date() == date(2031, 11, 24)
    assert 'repoussoir_run_seconds_bucket{job="proof",le="1.0"} 0.0' in ours.metrics.text().decode()
    assert 'repoussoir_run_seconds_bucket{job="proof",le="15.0"} 1.0' in ours.metrics.text().decode()


@pytest.mark.parametrize("job", ["look", "rights", "proof"])
def test_every_other_kind_of_job_changes_nothing_in_a_crm(at: JobDesk, job: str) -> None:
    """Looking, testing the credentials and checking the ledger end well and write nothing."""
    assert at.jobs().perform(job) == exits.OK

    assert at.crm.writes == []
    assert [(run.job, run.outcome) for run in at.runs()] == [(job, "ok")]


def test_a_plan_is_kept_so_that_it_can_be_applied(at: JobDesk) -> None:
    """The digest in the summary is that of a stored plan."""
    at.jobs().perform("look")

    (run,) = at.runs()
    assert run.summary["planned"] == 5
    assert at.type("apply", run.summary["plan"]) == exits.OK
    assert at.crm.records == {}


@pytest.mark.parametrize("job", ["nightly", "look"])
def test_what_a_brake_stops_waits(at: JobDesk, job: str) -> None:
    """The first run of a version of the policies: nothing is destroyed, and the command that approves it is kept."""
    at.change("first_run = false", "first_run = true")

    assert at.jobs().perform(job) == exits.APPROVAL

    (run,) = at.runs()
    assert run.outcome == "waiting"
    assert at.crm.writes == []
    words = run.summary["waiting"]["next"].removeprefix("repoussoir ").replace("NAME", "Claire").split()
    assert at.type(*words) == exits.OK
    assert at.crm.records == {}


def test_a_crm_that_cannot_be_read_leaves_a_gap(at: JobDesk) -> None:
    """The run is incomplete and destroys nothing; the next one does all of it."""
    at.crm.scan = raising(Unreachable("no connection"))  # type: ignore[method-assign]  # the CRM misbehaves

    assert at.jobs().perform("nightly") == exits.INCOMPLETE
    assert at.crm.writes == []
    assert at.runs()[0].outcome == "incomplete"
    assert at.runs()[0].summary["gaps"] == ["mem: no connection"]
    del at.crm.scan
    assert at.jobs().perform("nightly") == exits.OK


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (Account(id="1", name="x", missing=("contacts.write",)), "mem: contacts.write"),
        (Account(id="1", name="x", blind=("sees its own only",)), "mem: sees its own only"),
        (Account(id="1", name="x", undeclared=("optout_sms",)), "mem: optout_sms"),
        (Account(id="2", name="x"), "mem: the credentials belong to account 2, the configuration expects 1"),
    ],
)
def test_a_check_has_the_verdict_of_its_verb(at: JobDesk, account: Account, why: str) -> None:
    """A missing scope, a partial view, an undeclared property, another account: each fails, by name."""
    at.change('connector = "memory"', 'connector = "memory"\naccount = "1"')
    at.crm.check = lambda: account  # type: ignore[method-assign]  # what the vendor answers

    assert at.jobs().perform("rights") == exits.CREDENTIALS == at.type("check")
    assert at.runs()[0].summary["why"] == [why]


def test_a_check_of_refused_credentials_fails(at: JobDesk) -> None:
    """With the code that `repoussoir check` has."""
    at.crm.check = raising(NotAllowed("the token is refused"))  # type: ignore[method-assign]  # the vendor refuses

    assert at.jobs().perform("rights") == exits.CREDENTIALS == at.type("check")
    assert (at.runs()[0].outcome, at.runs()[0].summary["why"]) == ("failed", ["mem: the token is refused"])


def test_a_wrong_key_is_an_outcome_not_the_end(at: JobDesk) -> None:
    """The job fails before it reads anything, and is recorded and counted; the next one still runs."""
    ours = at.jobs()
    ours.perform("proof")
    at.key.write_text("f" * 64)
    ours.config = at.config()

    assert ours.perform("nightly") == exits.STORE
    assert 'repoussoir_runs_total{job="nightly",outcome="failed"} 1.0' in ours.metrics.text().decode()
    assert not health(ours)[0]
    at.key.write_text("5" * 64)
    ours.config = at.config()
    assert ours.perform("nightly") == exits.OK
    assert health(ours)[0]
    assert [run.outcome for run in at.runs()] == ["ok", "failed", "ok"]


def test_a_second_process_at_work_is_no_failure(at: JobDesk) -> None:
    """Busy is an outcome of its own, in the store and the figures too: nobody is woken for it."""
    ours = at.jobs()
    with runtime(ours.config) as parts, parts.writing():
        assert ours.perform("nightly") == exits.BUSY

    figures = ours.metrics.text().decode()
    assert at.runs()[0].outcome == "busy"
    assert 'repoussoir_runs_total{job="nightly",outcome="busy"} 1.0' in figures
    assert 'repoussoir_runs_total{job="nightly",outcome="failed"} 0.0' in figures
    assert at.crm.writes == []
    assert health(ours)[0]


def test_a_broken_ledger_fails_the_proof(at: JobDesk) -> None:
    """R-S5.2: somebody changed an entry behind our back."""
    at.jobs().perform("nightly")
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE ledger SET kind = 'note' WHERE seq = 1")
    database.close()

    assert at.jobs().perform("proof") == exits.STORE
    assert "broken at entry 1" in at.runs()[0].summary["why"][0]


def test_r_s5_2_a_ledger_that_lost_its_end_since_the_last_job_fails_the_proof(at: JobDesk) -> None:
    """What is left is whole; but the jobs remember how it ended."""
    at.jobs().perform("nightly")
    assert at.jobs().perform("proof") == exits.OK
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_DELETE")
        database.execute("DELETE FROM ledger WHERE seq > 5")
    database.close()

    assert at.jobs().perform("proof") == exits.STORE
    assert "its end is missing" in at.runs()[0].summary["why"][0]


def test_a_store_that_cannot_be_opened_is_remembered_by_the_process(at: JobDesk) -> None:
    """There is nowhere to record it; the next run of that job, and no other, makes up for it."""
    at.change("[schedule]", '[store]\nurl = "sqlite:///gone/repoussoir.sqlite"\n\n[schedule]')
    ours = at.jobs()

    assert ours.perform("nightly") == exits.STORE
    assert health(ours) == (False, {"healthy": False, "store": "failed", "jobs": {"nightly": "failed"}})
    (at.folder / "gone").mkdir()
    assert ours.perform("proof") == exits.OK
    assert health(ours)[1]["jobs"]["nightly"] == "failed"
    assert ours.perform("nightly") == exits.OK
    assert health(ours)[0]


def test_a_store_that_fails_during_a_run_is_a_failure(at: JobDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the run cannot be written: the code is that of the store, and the process remembers it."""
    ours = at.jobs()

    def full(parts: Any, *_: Any) -> Any:
        with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
            database.execute("DROP TABLE run")
        database.close()
        raise Unreachable("no connection")

    monkeypatch.setattr(work, "run", full)

    assert ours.perform("nightly") == exits.STORE
    assert ours.unrecorded == {"nightly": "failed"}
    assert health(ours)[0] is False


def test_a_fault_of_ours_tells_its_place_and_not_its_text(
    at: JobDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text of an unexpected error may hold a value of a record."""
    monkeypatch.setattr(work, "run", raising(RuntimeError("jean.dupond@a.example")))
    logs.configure(verbose=True)

    assert at.jobs().perform("nightly") == exits.BUG

    (run,) = at.runs()
    assert run.summary["why"][0].startswith("unexpected RuntimeError at jobdesk.py:")
    assert "jean.dupond" not in "".join(capsys.readouterr()) + json.dumps(run.summary)


def test_a_stop_finishes_the_batch_in_hand(at: JobDesk) -> None:
    """Three of five are erased and confirmed when the stop is heard; nothing is owed, the next run does the rest."""
    stopping = [False]
    apply = at.crm.apply

    def heard(batch: Any) -> Any:
        stopping[0] = True
        return apply(batch)

    at.crm.apply = heard  # type: ignore[method-assign]  # the signal comes during a write

    assert at.jobs(stopping=lambda: stopping[0]).perform("nightly") == exits.INCOMPLETE

    (run,) = at.runs()
    assert len(at.crm.records) == 2
    assert (run.outcome, run.summary["left"]) == ("incomplete", 2)
    with runtime(at.config()) as parts:
        assert parts.store.ledger.owed("outcome") == []
    del at.crm.apply
    assert at.jobs().perform("nightly") == exits.OK
    assert at.crm.records == {}
    assert len(at.crm.writes) == 5


def test_a_stop_is_heard_between_two_pages(at: JobDesk) -> None:
    """Reading may take hours: nothing was begun, so it ends there and leaves everything as it was."""
    asked = iter([False, False])

    assert at.jobs(stopping=lambda: next(asked, True)).perform("nightly") == exits.INCOMPLETE

    (run,) = at.runs()
    assert run.outcome == "incomplete"
    assert "stopped as asked" in run.summary["why"][0]
    assert at.crm.writes == []
    assert at.jobs().perform("nightly") == exits.OK


def test_a_job_that_waited_for_its_turn_does_not_begin_after_a_stop(at: JobDesk) -> None:
    """It leaves no run behind, so the next start finds it missed and catches it up."""
    assert at.jobs(stopping=lambda: True).perform("nightly") == exits.INTERRUPTED
    assert at.runs() == []


def test_an_unknown_job_is_said_with_those_there_are(at: JobDesk) -> None:
    """Nothing is recorded for it."""
    with pytest.raises(ConfigError, match="nightly, look, rights, proof"):
        at.jobs().perform("nigthly")
    assert at.runs() == []

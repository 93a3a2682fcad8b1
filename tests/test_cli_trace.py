"""What is started by hand leaves the same trace as a job of the schedule: who reads the report sees both."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import exits
from cli.report import gathered
from cli.runtime import runtime
from core.errors import Unreachable
from tests.jobdesk import JobDesk, job_desk, raising, record
from tests.office import NOW, Office
from tests.test_cli_forget import removed
from tests.test_cli_work import away


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """Two people who are long overdue."""
    return job_desk(tmp_path, monkeypatch, record("1"), record("2"))


@pytest.mark.parametrize(("verb", "job"), [("run", "nightly"), ("plan", "look")])
@pytest.mark.parametrize("broken", [False, True])
def test_a_verb_and_its_job_leave_the_same_trace(at: JobDesk, verb: str, job: str, broken: bool) -> None:
    """Outcome and summary, gaps and receipts included."""
    if broken:
        at.crm.scan = raising(Unreachable("no connection"))  # type: ignore[method-assign]  # the CRM misbehaves
    code = at.type(verb)
    at.crm.records = {item: record(item) for item in "12"}
    again = at.jobs().perform(job)
    scheduled, byhand = at.runs()

    assert code == again
    own = dict.fromkeys(("plan", "ledger_head"), "")
    assert (byhand.job, byhand.outcome) == (f"{verb} by hand", scheduled.outcome)
    assert {**byhand.summary, **own} == {**scheduled.summary, **own}
    assert byhand.summary["gaps"] == (["mem: no connection"] if broken else [])


def test_an_apply_leaves_its_trace(at: JobDesk) -> None:
    """The receipts of what was approved by hand."""
    at.type("plan")
    at.type("apply", at.runs()[0].summary["plan"])

    assert (at.runs()[0].job, at.runs()[0].outcome) == ("apply by hand", "ok")
    assert at.runs()[0].summary["receipts"] == [{"action": "erase", "receipt": "done", "count": 2}]


@pytest.mark.parametrize("words", [["--crm", "mem"], ["--only", "suppression"], ["--now", "2027-01-01T00:00+00:00"]])
def test_a_look_at_a_part_is_no_run(at: JobDesk, words: list[str]) -> None:
    """What it leaves out by itself is no gap of the reading."""
    at.type("plan", *words)

    assert at.runs() == []


def test_what_fails_by_hand_says_why(at: JobDesk) -> None:
    """Another process at work is busy; a fault of ours names its place and no value."""
    with runtime(at.config()) as parts, parts.writing():
        code = at.type("run")
    at.crm.scan = raising(RuntimeError("p1@a.example"))  # type: ignore[method-assign]  # a fault
    bug = at.type("run")
    newest, first = at.runs()

    assert (code, bug) == (exits.BUSY, exits.BUG)
    assert (newest.outcome, first.outcome) == ("failed", "busy")
    assert newest.summary["why"][0].startswith("unexpected RuntimeError at jobdesk.py")


def test_a_run_by_hand_is_no_run_of_a_job(at: JobDesk) -> None:
    """A job that was missed is caught up, whatever was typed meanwhile."""
    at.type("run")
    with runtime(at.config()) as parts:
        assert parts.store.runs.last_start("nightly") is None
        assert parts.store.runs.last_start("run") is None


def test_ret_27_a_gap_shows_in_the_report_though_nobody_was_due_in_it(tmp_path: Path) -> None:
    """A scan that broke off and a finding that only reports: the reading was not whole, whoever started it."""
    office = Office(tmp_path)
    office.add("a1", "x@a.example", age=5)
    office.plan()
    away(office, "b", Unreachable("b: no answer"))
    office.crms["b"].check = type(office.crms["b"]).check.__get__(office.crms["b"])  # type: ignore[method-assign]  # it says who it is
    office.plan(days=40)
    facts = gathered(office.parts, None)

    assert facts["gaps"] == ["b: no answer"]
    assert {rule["verdict"] for rule in facts["rules"]} == {"fail"}


def test_ret_27_one_person_of_a_removed_crm_is_no_gap_of_the_reading(tmp_path: Path) -> None:
    """They are blocked, by name; that the others were judged by a whole reading is still so."""
    office = Office(tmp_path)
    office.add("a1", "x@a.example")
    office.add("b1", "x@a.example")
    office.plan()
    removed(office, "b")
    office.run(hours=1)
    facts = gathered(office.parts, None)

    assert facts["gaps"] == []
    assert not any("no reading was whole" in rule["why"] for rule in facts["rules"])
    assert sum(rule["counts"]["blocked"] for rule in facts["rules"]) == 1


def test_ret_27_a_plan_of_some_policies_does_not_pass_for_changed_policies(tmp_path: Path) -> None:
    """It is no reading: the figures are those of the last one under all of them."""
    office = Office(tmp_path)
    office.add("a1", "x@a.example", age=5)
    office.run()
    before = gathered(office.parts, None)
    office.plan_only("suppression", hours=1)
    after = gathered(office.parts, None)

    assert after["rules"] == before["rules"]
    assert after["reading"]["at"] == NOW.isoformat()

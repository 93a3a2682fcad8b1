"""A CRM that left the configuration holds back its own people only, until it is forgotten by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli import exits
from cli.forget import forgotten
from cli.report import gathered
from core.connector import Account
from core.errors import ConfigError
from core.model import Objection
from tests.jobdesk import job_desk, record
from tests.office import NOW, Office
from tests.test_cli_accounts import configured, foreign
from tests.test_cli_work import killed, there

NO_MAIL = (Objection("email", "opt_out"),)


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """One person in a and b, two more in a alone, all long overdue."""
    office = Office(tmp_path)
    for name, email in (("a1", "x@a.example"), ("b1", "x@a.example"), ("a2", "y@a.example"), ("a3", "z@a.example")):
        office.add(name, email)
    return office


def removed(at: Office, crm: str) -> None:
    """The table of a CRM is taken out of the configuration."""
    at.config = at.config.model_copy(update={"crm": {n: o for n, o in at.config.crm.items() if n != crm}})
    del at.crms[crm]


def test_one_person_of_a_removed_crm_holds_back_nobody_else_of_the_batch(at: Office) -> None:
    """They wait and say why; the two others of the same batch go."""
    at.plan()
    removed(at, "b")
    result = at.run()

    assert [there(at, name) for name in ("a1", "a2", "a3")] == [True, False, False]
    assert [report.blocked for report in result.plan.reports] == ["incomplete reading: b: not connected"]
    assert result.gaps == ()


def test_what_was_interrupted_before_a_crm_was_removed_stops_no_run(at: Office) -> None:
    """The plan under way names b: a goes on."""
    killed(at, "a")
    removed(at, "b")
    at.run(hours=1)

    assert [there(at, name) for name in ("a1", "a2", "a3")] == [True, False, False]


def test_once_forgotten_its_people_are_judged_without_it(at: Office) -> None:
    """Rows, marks, scans, account and what was owed go; the ledger says by whom and how much, nothing else."""
    at.add("b2", "w@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.plan()
    removed(at, "b")
    told = forgotten(at.parts, "b", "Claire")
    entries = at.store.suppression.count()
    at.run()

    assert told == {"records": 2, "linked": 1, "entries": 1, "unresolved": 0}
    assert line_of(at, "forget") == {"crm": "b", "by": "Claire", **told}
    assert entries == 1
    assert not there(at, "a1")
    assert at.store.accounts.known() == {"a": "account-of-a"}
    assert {row.ref.crm for row in at.store.index.rows()} <= {"a"}
    assert {crm for crm, _ in at.store.index.expected([])} == {"a"}


def line_of(at: Office, kind: str) -> dict[str, Any]:
    """The newest body of a kind of ledger entry."""
    return [dict(entry.body) for entry in at.store.ledger.entries() if entry.kind == kind][-1]


def test_an_objection_that_only_a_forgotten_crm_showed_is_kept(at: Office) -> None:
    """SUP-07: read and never listed; the person's other record is told at the next run."""
    at.edit("b1", objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.edit("a1", collected=NOW)
    at.plan()
    removed(at, "b")
    forgotten(at.parts, "b", "Claire")
    at.run()

    assert at.crms["a"].records["1"].suppressed == {"email"}


def test_objections_that_another_crm_shows_are_left_to_the_next_run(at: Office) -> None:
    """Forgetting one CRM is no way round the brake on those of another."""
    at.edit("a2", objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.plan()
    removed(at, "b")

    assert forgotten(at.parts, "b", "Claire")["entries"] == 0
    assert at.store.suppression.count() == 0


def test_a_forgotten_crm_owes_nothing_any_more(at: Office) -> None:
    """Its interrupted writes can never be looked into; how many is said."""
    killed(at, "b")
    removed(at, "b")
    told = forgotten(at.parts, "b", "Claire")

    assert told["unresolved"] == 1
    assert at.store.ledger.owed("outcome") == []
    assert at.store.plans.unfinished() == []
    assert at.store.ledger.verify() > 0


def test_tombstones_and_the_list_survive(at: Office) -> None:
    """They are about people, not about a CRM."""
    at.edit("b1", objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.run()
    before = at.store.tombstones.count(), at.store.suppression.count()
    removed(at, "b")
    forgotten(at.parts, "b", "Claire")

    assert before == (at.store.tombstones.count(), at.store.suppression.count())
    assert before[0] > 0 < before[1]


def test_a_crm_of_the_configuration_is_not_forgotten(at: Office) -> None:
    """A token of another account is no reason: only a new account by name is."""
    at.plan()
    foreign(at, "b")

    with pytest.raises(ConfigError, match=r"is in the configuration.*\[crm.b\] account"):
        forgotten(at.parts, "b", "Claire")
    assert at.store.index.count("b", "person") == 1


def test_naming_an_account_that_nobody_was_before_replaces_none(at: Office) -> None:
    """Its first scan broke off, so none is remembered: the rows are those of the CRM that is configured."""
    at.plan()
    at.store.accounts.forget("b")
    configured(at, "b", "account-of-b")

    with pytest.raises(ConfigError, match="is in the configuration"):
        forgotten(at.parts, "b", "Claire")


def test_a_replaced_account_is_forgotten_and_read_anew(at: Office) -> None:
    """Named in the configuration, then forgotten: marks and rows of the old one are no knowledge of the new one."""
    at.edit("b1", collected=None)
    at.run()
    configured(at, "b", "production")
    at.crms["b"].check = lambda: Account(id="production", name="new")  # type: ignore[method-assign]  # the new one
    at.crms["b"].records.clear()
    at.add("b1", "other@a.example", age=5, restricted=True)
    forgotten(at.parts, "b", "Claire")
    at.run(hours=1)

    (row,) = [row for row in at.store.index.rows() if row.ref.crm == "b"]
    assert row.ours == frozenset()
    assert at.store.accounts.known()["b"] == "production"


def test_a_hold_on_a_record_of_it_stands_in_the_way(at: Office) -> None:
    """RET-24: forgotten with the record, it would let go of the person's other records."""
    at.plan()
    at.store.holds.add(["b:person:1"], "litigation", "Legal", NOW, NOW)
    removed(at, "b")

    with pytest.raises(ConfigError, match="H-1"):
        forgotten(at.parts, "b", "Claire")
    at.run()
    assert there(at, "a1")


@pytest.mark.parametrize(("crm", "by"), [("c", "Claire"), ("b", " ")])
def test_forgetting_needs_a_known_crm_and_a_name(at: Office, crm: str, by: str) -> None:
    """One clear error; nothing is changed."""
    at.plan()
    removed(at, "b")

    with pytest.raises(ConfigError):
        forgotten(at.parts, crm, by)
    assert at.store.index.count("b", "person") == 1


def test_who_forgot_what_is_in_the_report(at: Office) -> None:
    """A decision, by name."""
    at.plan()
    removed(at, "b")
    forgotten(at.parts, "b", "Claire")

    assert [(it["by"], it["what"]) for it in gathered(at.parts, None)["decisions"]] == [
        ("Claire", "forgot the CRM b and 1 records")
    ]


def test_check_names_what_is_left_and_the_command_that_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typed as it is told, under the run's lock; afterwards nothing is left."""
    desk = job_desk(tmp_path, monkeypatch, record("1"))
    assert desk.type("plan") == exits.OK
    desk.change("[crm.mem]", "[crm.new]")
    capsys.readouterr()
    codes = [desk.type("check")]
    told = capsys.readouterr().err
    codes += [desk.type("forget", "mem", "--by", "Claire"), desk.type("check")]
    after = capsys.readouterr()

    assert codes == [exits.OK] * 3
    assert "repoussoir forget mem --by NAME" in told
    assert "1 records" in after.out
    assert "forget" not in after.err

"""An account is remembered once it was read whole: a token of another one reads nothing and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli import exits, work
from core.connector import Account
from core.errors import Unreachable, WrongAccount
from core.model import Objection
from tests.jobdesk import job_desk, raising, record
from tests.office import NOW, Office
from tests.test_cli_work import away, killed, there

NO_MAIL = (Objection("email", "opt_out"),)


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """Two CRMs without an account in the configuration, read once."""
    office = Office(tmp_path)
    office.add("a1", "x@a.example", age=5)
    office.add("b1", "x@a.example", age=5)
    return office


def foreign(at: Office, crm: str, id: str = "production") -> None:
    """The token of another account of the same vendor."""
    at.crms[crm].check = lambda: Account(id=id, name="other")  # type: ignore[method-assign]  # a wrong token


def configured(at: Office, crm: str, account: str) -> None:
    """The configuration names an account."""
    options = at.config.crm[crm].model_copy(update={"account": account})
    at.config = at.config.model_copy(update={"crm": {**at.config.crm, crm: options}})


def unread(at: Office, crm: str) -> None:
    """Nothing may be asked of the records of a CRM."""

    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("a record was read")

    at.crms[crm].scan = at.crms[crm].get = read  # type: ignore[method-assign, assignment]  # a trap


@pytest.mark.parametrize("verb", ["run", "plan", "apply"])
def test_another_account_than_the_one_remembered_is_neither_read_nor_written(at: Office, verb: str) -> None:
    """No account is in the configuration: the first whole scan is the reference, and the index stays what it was."""
    digest = at.plan()
    foreign(at, "b")
    unread(at, "b")
    writes = list(at.crms["b"].writes)

    with pytest.raises(WrongAccount, match=r"production.*account-of-b.*forget b --by NAME"):
        at.apply(digest) if verb == "apply" else at.run() if verb == "run" else at.plan()

    assert at.store.index.count("b", "person") == 1
    assert at.crms["b"].writes == writes


def test_nothing_is_recovered_in_another_account_than_the_one_remembered(at: Office) -> None:
    """Killed at an erasure; the token is then that of somebody else."""
    at.add("b2", "old@a.example")
    killed(at, "b")
    foreign(at, "b")
    unread(at, "b")

    with pytest.raises(WrongAccount):
        at.run(hours=1)
    assert at.crms["b"].writes == []


def test_a_crm_that_was_away_when_it_was_asked_who_it_is_is_not_recovered(at: Office) -> None:
    """It answers again a moment later, as somebody else: what an interrupted run left there waits, and the run ends."""
    at.add("b2", "old@a.example")
    killed(at, "b")
    answers = [Unreachable("b: no answer"), Unreachable("b: no answer")]

    def check() -> Account:
        if answers:
            raise answers.pop()
        return Account(id="production", name="other")

    at.crms["b"].check = check  # type: ignore[method-assign]  # down, then wrong
    unread(at, "b")
    with pytest.raises(WrongAccount, match="production"):
        at.run(hours=1)

    assert at.crms["b"].writes == []
    assert len(at.store.ledger.owed("outcome")) == 1


def test_what_a_stored_plan_says_is_not_written_where_nobody_said_who_they_are(at: Office) -> None:
    """Away during the reading, there again for the writes: an objection must not go to strangers."""
    at.edit("a1", objections=NO_MAIL, suppressed=frozenset({"email"}))
    digest = at.plan()

    def check() -> Account:
        raise Unreachable("b: no answer")

    at.crms["b"].check = check  # type: ignore[method-assign]  # it does not say
    unread(at, "b")
    result = at.apply(digest)

    assert at.crms["b"].records["1"].suppressed == frozenset()
    assert result.tally.left == 1
    assert "no answer" in result.tally.stopped["b"]


def test_only_a_whole_scan_makes_an_account_the_remembered_one(at: Office) -> None:
    """A first scan that broke off remembers nobody."""
    scan = at.crms["b"].scan
    away(at, "b", Unreachable("b: no answer"))
    at.crms["b"].check = lambda: Account(id="production", name="other")  # type: ignore[method-assign]  # who it is
    at.plan()
    del at.crms["b"].check, at.crms["b"].get, at.crms["b"].schema
    at.crms["b"].scan = scan  # type: ignore[method-assign]
    at.run()

    assert at.store.accounts.known() == {"a": "account-of-a", "b": "account-of-b"}


def test_the_account_in_the_configuration_is_the_stronger_statement(at: Office) -> None:
    """Named and not answering: that is said, and what the store remembers beside it."""
    at.plan()
    configured(at, "b", "production")

    with pytest.raises(
        WrongAccount, match=r"account-of-b, the configuration expects production.*remembers account-of-b"
    ):
        at.plan()


def test_an_account_in_the_configuration_that_is_not_the_remembered_one_is_no_replacement_yet(at: Office) -> None:
    """The rows of the old account would pass for those of the new one; the way out is told."""
    at.plan()
    configured(at, "b", "production")
    foreign(at, "b")
    unread(at, "b")

    with pytest.raises(WrongAccount, match=r"names account production.*account-of-b.*repoussoir forget b --by NAME"):
        at.plan()
    assert there(at, "b1")


def test_the_day_an_account_was_remembered_is_the_real_one(at: Office) -> None:
    """A what-if is judged as of another moment; it was read today."""
    work.make_plan(at.parts, lambda *_: None, NOW.replace(year=2030))
    foreign(at, "b")

    with pytest.raises(WrongAccount, match="2026-11-24"):
        at.plan()


def test_check_explain_and_declare_ask_who_it_is_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verbs that speak to a CRM outside of a run."""
    desk = job_desk(tmp_path, monkeypatch, record("1"))
    assert desk.type("plan") == exits.OK
    desk.crm.check = lambda: Account(id="production", name="other")  # type: ignore[method-assign]  # a wrong token
    desk.crm.declare = desk.crm.get = raising(AssertionError())  # type: ignore[method-assign]  # a trap
    capsys.readouterr()

    assert desk.type("check") == exits.CREDENTIALS
    assert "account-of-mem" in capsys.readouterr().out
    assert desk.type("explain", "mem:person:1") == exits.CREDENTIALS
    assert desk.type("init", "--declare") == exits.CREDENTIALS
    assert desk.jobs().perform("rights") == exits.CREDENTIALS
    assert "the store remembers account-of-mem since" in desk.runs()[0].summary["why"][0]

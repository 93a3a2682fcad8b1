"""`repoussoir plan` after a run was killed: it looks, says what is not resolved, and leaves every proof to the next run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cli.runtime import open_store
from core.actions import Command
from core.connector import AlreadyDone, Receipt
from core.store.store import Store
from tests.jobdesk import JobDesk, job_desk, record
from tests.test_cli_work import Kill


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """Two people who are long overdue."""
    return job_desk(tmp_path, monkeypatch, record("1"), record("2"))


def killed(at: JobDesk, *, after: bool) -> None:
    """A run that dies at its first write."""
    real = at.crm.apply

    def die(batch: Sequence[Command]) -> Iterator[Receipt]:
        if after:
            list(real(batch))
        raise Kill

    at.crm.apply = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Kill):
        at.type("run")
    at.crm.apply = real  # type: ignore[method-assign]


def store(at: JobDesk) -> Store:
    """The store as another process sees it."""
    return open_store(at.config())


@pytest.mark.parametrize("after", [False, True])
def test_a_plan_after_a_kill_writes_nothing_shows_what_is_open_and_loses_no_tombstone(
    at: JobDesk, after: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """RET-26: the rows of what may be erased stay through any number of looks, and become tombstones at the next run."""
    killed(at, after=after)
    writes = list(at.crm.writes)
    capsys.readouterr()
    at.type("plan", "--json")
    shown = json.loads(capsys.readouterr().out)
    at.type("plan", "--crm", "mem")
    text = capsys.readouterr().out

    assert shown["unresolved"] == 2
    assert "2 writes of an interrupted run" in text
    assert [item["ref"] for item in shown["items"]] == ([] if after else ["mem:person:1", "mem:person:2"])
    assert at.crm.writes == writes
    assert store(at).tombstones.count() == 0
    if after:
        at.crm.apply = lambda batch: iter([AlreadyDone()] * len(batch))  # type: ignore[method-assign]  # it was erased, it says
    at.type("run")
    assert store(at).tombstones.count() == 2
    assert at.crm.records == {}
    assert store(at).ledger.owed("outcome") == []


def test_a_plan_with_nothing_open_says_nothing_of_it(at: JobDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """The usual day."""
    at.type("plan")

    assert "interrupted" not in capsys.readouterr().out

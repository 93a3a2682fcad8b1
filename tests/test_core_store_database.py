"""When the store fails: one sentence, no statement, no password; what was written stays, what was not can be done again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.errors import StoreProblem
from core.store.store import Store
from tests.engine import Engine, record

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BANNED = {"religion": "x"}


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """An older program must not guess."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    Store(url).close()
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(StoreProblem, match="newer version"):
        Store(url)


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """And the password of the URL is not."""
    with pytest.raises(StoreProblem, match="oracledb") as problem:
        Store("oracle+oracledb://u:hunter2@h/x")
    assert "hunter2" not in str(problem.value)


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    """The disk fills while a plan is applied: StoreProblem; with room again the same run ends as if nothing had been."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(12)))
    plan = engine.plan()
    connection = engine.store._database._connection
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    connection.rollback()
    with pytest.raises(StoreProblem, match="disk space") as problem:
        for number in range(2000):
            engine.store.ledger.append(NOW, "run", {"n": "x" * 200, "number": number})
    with pytest.raises(StoreProblem):
        engine.apply(plan)
    connection.execute(text("PRAGMA max_page_count = 100000"))
    connection.rollback()

    engine.run()

    assert "INSERT" not in str(problem.value)
    assert engine.crms["a"].records == {}
    erased = [id for kind, id in engine.crms["a"].writes if kind == "erase"]
    assert sorted(erased) == sorted(set(erased))
    assert engine.store.ledger.verify() == engine.store.ledger.count()
    assert engine.store.ledger.owed("outcome") == []


@pytest.mark.parametrize("trouble", ["database or disk is full", "database is locked"])
def test_a_store_that_fails_at_any_moment_of_a_plan_loses_nothing_and_repeats_nothing(
    tmp_path: Path, trouble: str
) -> None:
    """Between an intent, its write and its outcome: at every commit in turn, until a plan went through without."""
    for moment in range(1, 100):
        folder = tmp_path / str(moment)
        folder.mkdir()
        engine = Engine(folder, record("a1", "x@x.example"), record("a2", "y@x.example", collected=NOW, values=BANNED))
        plan = engine.plan()
        commits = iter(range(1, 1000))
        connection = engine.store._database._connection
        real = connection.commit

        def commit(real: Callable[[], None] = real, commits: Iterator[int] = commits, moment: int = moment) -> None:
            if next(commits) == moment:
                raise OperationalError("", {}, sqlite3.OperationalError(trouble))
            real()

        connection.commit = commit  # type: ignore[method-assign]  # the disk fills, or a backup holds the file
        try:
            engine.apply(plan)
        except StoreProblem:
            engine.run()
        else:
            break
        finally:
            engine.store.close()
        assert sorted(engine.crms["a"].writes) == [("annotate", "2"), ("clear", "2"), ("erase", "1")], moment
    assert 4 < moment < 99


def test_r_s5_2_an_entry_verifies_whatever_zone_its_moment_was_given_in(tmp_path: Path) -> None:
    """At rest all moments are UTC; the hash is of the moment, not of its spelling."""
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    for zone in ("Europe/Paris", "UTC", "America/New_York"):
        store.ledger.append(NOW.astimezone(ZoneInfo(zone)), "run", {})

    assert store.ledger.verify() == 3
    store.close()

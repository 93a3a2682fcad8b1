"""The first pass: whole or a gap, every record as it was read last, and our own marks told from those of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.connector import Account
from core.errors import NotAllowed, Unreachable, WrongAccount
from core.identity import Identity
from core.model import Moment, Objection, Page, Query
from core.read import Reader
from tests.engine import NOW, Engine, record, ref

FLAG = {"objections": (Objection("email", "flag"),), "suppressed": frozenset({"email"})}


def test_a_repeated_record_counts_as_it_was_read_last(tmp_path: Path) -> None:
    """Read once with a banned value and again without: nothing is found, and it is one record."""
    engine = Engine(tmp_path, record("a1", "x@x.example", collected=NOW, values={"religion": "x"}))
    crm = engine.crms["a"]

    def twice(_: Query) -> Iterator[Page]:
        yield Page((crm.records["1"],), last=False)
        crm.edit(replace(crm.records["1"], values={}))
        yield Page((crm.records["1"],), last=True)

    crm.scan = twice  # type: ignore[method-assign]  # pages may repeat a record
    reading = engine.read()

    assert reading.local == {}
    assert reading.records["a", "person"] == 1
    assert [row.version for row in engine.store.index.get([ref("a1")])] == ["2"]


def test_a_scan_without_its_last_page_is_a_gap_and_forgets_nobody(tmp_path: Path) -> None:
    """Absent from an incomplete read never means deleted; the other CRM is still read."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("a2", "y@x.example"), record("b1", "z@x.example"))
    engine.read()
    engine.crms["a"].scan = lambda _: iter([Page((engine.get("a1"),), last=False)])  # type: ignore[method-assign]  # cut

    reading = engine.read()

    assert reading.gaps == ["a: the scan of person ended before its last page"]
    assert reading.seen == {ref("a1"), ref("b1")}
    assert engine.store.index.count("a", "person") == 2


@pytest.mark.parametrize("error", [Unreachable("a: no answer"), NotAllowed("a: no answer")])
def test_a_crm_that_stops_says_so_once_and_the_other_is_read(tmp_path: Path, error: Exception) -> None:
    """One sentence, the account named once."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "z@x.example"))

    def stop(_: Any) -> Iterator[Page]:
        raise error

    engine.crms["a"].scan = stop  # type: ignore[method-assign]  # it does not answer
    reading = engine.read()

    assert reading.gaps == ["a: no answer"]
    assert reading.seen == {ref("b1")}


def test_credentials_that_see_only_a_part_are_a_gap(tmp_path: Path) -> None:
    """No View All: what is absent may be hidden."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    engine.crms["a"].check = lambda: Account(id="1", name="a", blind=("not an administrator",))  # type: ignore[method-assign]  # half blind

    assert engine.read().gaps == ["a: not an administrator"]
    assert engine.plan().destructive == ()


def test_another_account_than_expected_stops_everything(tmp_path: Path) -> None:
    """Nothing is read, so nothing can be suppressed or destroyed there."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    reader = Reader(engine.store, Identity(engine.keyring), engine.judge, {"a": "another"}, lambda: NOW)

    with pytest.raises(WrongAccount, match="account-of-a"):
        reader.read(engine.crms, NOW)
    assert engine.store.index.count("a", "person") == 0


def test_a_flag_that_we_set_is_no_source_until_somebody_else_sets_it(tmp_path: Path) -> None:
    """Pushed by us, cleared by a user, then set by the person: only the last is an objection."""
    engine = Engine(
        tmp_path, record("a1", "x@x.example", collected=NOW), record("b1", "x@x.example", collected=NOW, **FLAG)
    )
    engine.run()
    states = []
    for change in ({}, {"objections": (), "suppressed": frozenset()}, FLAG):
        if change:
            engine.edit("a1", **change)
        engine.read()
        (row,) = engine.store.index.get([ref("a1")])
        states.append((bool(row.objections), set(row.ours)))

    assert states == [(False, {"email"}), (False, set()), (True, set())]


@pytest.mark.parametrize("zero", [datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)])
def test_ret_22_the_zero_that_stands_for_no_date_is_no_date(tmp_path: Path, zero: datetime) -> None:
    """Neither a collection nor a contact: undatable, never overdue by two thousand years."""
    engine = Engine(tmp_path, record("a1", "x@x.example", collected=zero, inbound=(Moment(zero, "click"),)))

    assert engine.plan().destructive == ()
    assert [item.rule for item in engine.plan().items] == ["RET-22"]


def test_an_undone_push_is_not_remembered(tmp_path: Path) -> None:
    """The intent was written, the flag never was: when it shows later, it is the person's."""
    engine = Engine(tmp_path, record("a1", "x@x.example", collected=NOW))
    engine.store.index.record_push(ref("a1"), ("email", "restriction", "anonymised"), NOW)
    engine.read()

    assert engine.store.index.pushed([ref("a1")]) == {}

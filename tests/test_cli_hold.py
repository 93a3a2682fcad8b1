"""A legal hold finds its record, says when it cannot, can be placed at any time, and follows its person (RET-24)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from cli import exits
from cli.runtime import LOCK, clock, open_store
from core.errors import Unreachable
from core.store.store import Store
from tests.jobdesk import JobDesk, job_desk, raising, record
from tests.workbench import Desk, ago, desk, hubspot, salesforce

WHY = ("--reason", "litigation", "--author", "Legal")
MOBILE, SWITCHBOARD = "0639981011", "0199001234"
SF = "003Sd0000000001IAA"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """One CRM with two people, whom a run would erase."""
    return job_desk(tmp_path, monkeypatch, record("1"), record("2"))


@contextmanager
def store_of(at: JobDesk) -> Iterator[Store]:
    """The store, as another process opens it."""
    store = open_store(at.config())
    yield store
    store.close()


def told(at: JobDesk, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command says in JSON."""
    capsys.readouterr()
    assert at.type(*words, "--json") == exits.OK
    return json.loads(capsys.readouterr().out)


def again(at: JobDesk, old: str, new: str, **facts: Any) -> None:
    """The same person under another id: merged, or deleted and made anew."""
    found = at.crm.records.pop(old)
    at.crm.records[new] = replace(found, ref=replace(found.ref, id=new), **facts)


def refused(at: JobDesk, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said when a command is refused; no hold is there afterwards."""
    capsys.readouterr()
    assert at.type("hold", "add", *words, *WHY) == exits.USAGE
    with store_of(at) as store:
        assert store.holds.all() == []
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("ref", "says"),
    [("other:person:1", "mem:person"), ("mem:people:1", "mem:person"), ("mem:person:7", "--identifiers")],
)
def test_ret_24_a_hold_that_would_protect_nobody_is_refused(
    at: JobDesk, capsys: pytest.CaptureFixture[str], ref: str, says: str
) -> None:
    """An unknown CRM, an unknown kind, an id that neither the index nor the CRM knows."""
    assert says in refused(at, capsys, "mem:person:1", ref)


def test_ret_24_a_record_that_the_index_knows_is_held_while_the_crm_is_away(
    at: JobDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that it does not know is not, and the way out is named."""
    at.type("plan")
    at.crm.get = raising(Unreachable("mem: no answer"))  # type: ignore[method-assign]  # it is away

    assert at.type("hold", "add", "mem:person:1", *WHY) == exits.OK
    capsys.readouterr()
    assert at.type("hold", "add", "mem:person:9", *WHY) == exits.INCOMPLETE
    said = capsys.readouterr().err
    assert "no answer" in said
    assert "--identifiers" in said
    with store_of(at) as store:
        assert [hold.scope for hold in store.holds.all()] == [("mem:person:1",)]


@pytest.mark.parametrize("read", [False, True])
def test_ret_24_a_hold_outlives_the_id_of_its_record(at: JobDesk, read: bool) -> None:
    """Merged or made anew under another id, the person is held, whether a scan had seen the record or not."""
    if read:
        at.type("plan")
    at.type("hold", "add", "mem:person:1", *WHY)
    again(at, "1", "8")

    assert at.type("run") == exits.OK
    assert set(at.crm.records) == {"8"}


def test_ret_24_a_hold_follows_an_address_that_changes_before_the_record_is_merged(at: JobDesk) -> None:
    """The new address shows in a scan on the held record; then another record carries it alone."""
    at.type("hold", "add", "mem:person:1", *WHY)
    at.crm.edit(replace(at.crm.records["1"], emails=("new@a.example",)))
    at.type("run")
    again(at, "1", "8", emails=("new@a.example", "newer@a.example"))
    at.type("run")
    again(at, "8", "9", emails=("newer@a.example",))
    at.type("run")

    assert set(at.crm.records) == {"9"}


def test_ret_24_those_linked_to_the_record_are_followed_too(at: JobDesk) -> None:
    """Another record of the person is held by the number it shares, and by its own address once the first is gone."""
    at.crm.edit(replace(at.crm.records["1"], phones=(MOBILE,)))
    at.crm.edit(replace(at.crm.records["2"], phones=(MOBILE,)))
    at.type("plan")
    at.type("hold", "add", "mem:person:1", *WHY)
    del at.crm.records["1"]
    at.crm.edit(replace(at.crm.records["2"], phones=()))
    at.type("run")

    assert set(at.crm.records) == {"2"}


@pytest.mark.parametrize("read", [False, True])
def test_ret_24_a_hold_on_one_person_does_not_freeze_a_company(at: JobDesk, read: bool) -> None:
    """The switchboard and info@ are taken for nobody's own, also while no scan has counted who else has them."""
    shared: dict[str, Any] = {"phones": (SWITCHBOARD,)}
    for number in range(10, 20):
        at.crm.records[str(number)] = record(str(number), emails=(f"c{number}@a.example", "info@a.example"), **shared)
    if read:
        at.type("plan")
    at.type("hold", "add", "mem:person:10", *WHY)
    again(at, "10", "99")

    assert at.type("run") == exits.OK
    assert set(at.crm.records) == {"99"}


def test_ret_24_a_named_mailbox_holds_who_carries_it_and_leads_to_nobody_else(
    at: JobDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold on info@ is on the records with info@; their own addresses are not followed from there."""
    at.crm.records["1"] = record("1", emails=("info@a.example", "one@a.example"))
    at.type("plan")
    monkeypatch.setattr("sys.stdin", StringIO("info@a.example\n"))
    at.type("hold", "add", "--identifiers", *WHY)
    at.type("run")
    held = set(at.crm.records)
    at.crm.edit(replace(at.crm.records["1"], emails=("one@a.example",)))
    at.type("run")

    assert held == {"1"}
    assert at.crm.records == {}


def test_ret_24_a_released_hold_follows_nobody(at: JobDesk) -> None:
    """Its people are judged as everybody."""
    at.type("hold", "add", "mem:person:1", *WHY)
    at.type("hold", "release", "H-1", "--by", "Legal")
    again(at, "1", "8")
    at.type("run")

    assert at.crm.records == {}


def test_ret_24_what_was_named_is_told_from_what_was_added(at: JobDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """In the answer, in the list, and in the ledger, keys only."""
    at.type("plan")
    placed = told(at, capsys, "hold", "add", "mem:person:1", *WHY)
    (listed,) = told(at, capsys, "hold", "list")
    lines = [line["body"] for line in told(at, capsys, "ledger", "show") if line["kind"] == "hold"]

    assert placed["scope"] == listed["scope"] == ["mem:person:1"]
    assert placed["added"] == listed["added"]
    assert [key.split(":")[0] for key in listed["added"]] == ["email"]
    assert lines[0]["scope"] == ["mem:person:1"]
    assert lines[1] == {"do": "follow", "added": {"H-1": listed["added"]}}
    assert placed["bare"] == []


def test_ret_24_a_record_that_nothing_tells_but_its_id_is_said(at: JobDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """No address and no number of its own: merged, it would be lost, and the operator knows."""
    at.crm.records["3"] = record("3", emails=("info@a.example",))
    at.type("plan")
    placed = told(at, capsys, "hold", "add", "mem:person:1", "mem:person:3", *WHY)
    at.type("hold", "add", "mem:person:3", *WHY)
    said = capsys.readouterr().out

    assert placed["bare"] == ["mem:person:3"]
    assert "mem:person:3" in said
    assert "mem:person:1" not in said


def test_ret_24_holds_are_followed_once_a_reading_and_nothing_is_written_again(at: JobDesk) -> None:
    """A second reading of the same records adds nothing, to the hold or to the ledger."""
    at.type("hold", "add", "mem:person:1", *WHY)
    counts = []
    for _ in range(2):
        at.type("plan")
        with store_of(at) as store:
            counts.append((len(store.holds.all()[0].added), store.ledger.count()))

    assert counts[0] == counts[1]


@contextmanager
def at_work(at: JobDesk) -> Iterator[None]:
    """Another process holds the lock of a run."""
    with store_of(at) as store, store.lock(LOCK, "another", clock).held():
        yield


def test_ret_24_a_hold_is_placed_at_any_time_and_released_when_nothing_runs(
    at: JobDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """What protects does not wait for a long run; what ends a protection does."""
    with at_work(at):
        assert at.type("hold", "add", "mem:person:1", *WHY) == exits.OK
        assert at.type("hold", "release", "H-1", "--by", "Legal") == exits.BUSY
    assert at.type("hold", "release", "H-1", "--by", "Legal") == exits.OK


def test_ret_24_a_hold_waits_for_a_write_of_the_run(at: JobDesk) -> None:
    """Another process is writing to the database at this very moment."""
    at.type("plan")
    with closing(sqlite3.connect(at.folder / "repoussoir.sqlite", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = Timer(0.5, other.rollback)
        timer.start()
        assert at.type("hold", "add", "mem:person:1", *WHY) == exits.OK
        timer.join()


class Typing(StringIO):
    """Somebody types slowly, while a run is at work on the same database."""

    def __init__(self, text: str, database: Path) -> None:
        super().__init__(text)
        self._database = database

    def read(self, size: int | None = -1) -> str:
        """A run writes meanwhile, which must not have to wait."""
        with closing(sqlite3.connect(self._database, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        return super().read(size)


@pytest.mark.parametrize("words", [("hold", "add", "--identifiers", *WHY), ("suppress", "add")])
def test_nobody_waits_for_what_is_still_being_typed(
    at: JobDesk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Standard input is read before the database is taken."""
    at.type("plan")
    monkeypatch.setattr("sys.stdin", Typing("p1@a.example\n", at.folder / "repoussoir.sqlite"))

    assert at.type(*words) == exits.OK


def test_ret_24_a_short_salesforce_id_is_held_under_the_ref_that_the_program_uses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fifteen characters, as the address bar shows them: the same record, before and after the first scan."""
    with desk(tmp_path, capsys) as made:
        made.load(salesforce(SF, "jean@a.example"))
        held = [_held(made)]
        made.run("plan")
        held.append(_held(made))

    assert held == [f"salesforce:Contact:{SF}"] * 2


def _held(made: Desk) -> str:
    placed = made.json("hold", "add", f"salesforce:Contact:{SF[:15]}", *WHY)
    (scope,) = placed["scope"]
    return str(scope)


def test_ret_24_a_hold_survives_a_merge_by_the_vendor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HubSpot merges the held contact into another one, whose id stays; the person is held under it."""
    with desk(tmp_path, capsys) as made:
        made.load(
            hubspot("101", "jean@a.example", created=ago(months=50)),
            hubspot("102", "j@b.example", created=ago(months=50)),
        )
        made.run("hold", "add", "hubspot:contact:101", *WHY)
        merge = {"primaryObjectId": "102", "objectIdToMerge": "101"}
        survivor = made.call("hubspot", "POST", "/crm/v3/objects/contacts/merge", merge)["id"]
        made.run("run")

        assert made.exists(f"hubspot:contact:{survivor}")


def test_ret_24_a_record_that_is_no_more_is_held_by_its_keys_and_the_answer_says_so(
    at: JobDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Merged since the last scan: the id reaches nobody, the address still does, and ops are told to hold the survivor."""
    at.type("plan")
    again(at, "1", "99")
    capsys.readouterr()

    assert at.type("hold", "add", "mem:person:1", *WHY) == exits.OK
    assert "mem:person:1 is not in its CRM any more" in " ".join(capsys.readouterr().out.split())
    assert told(at, capsys, "hold", "add", "mem:person:2", *WHY)["gone"] == []
    assert at.type("run") == exits.OK
    assert set(at.crm.records) == {"99", "2"}

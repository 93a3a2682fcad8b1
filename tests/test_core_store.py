"""The store: keys, list, holds, lock, plans and ledger at rest, and what its failures look like."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Busy, ConfigError, KeyProblem, PlanRefused, StoreProblem
from core.identity import Identity, Keyring
from core.index import Row, row
from core.model import Moment, Objection, Record, Ref
from core.people import Entry
from core.store.runs import LEASE
from core.store.store import Store
from tests.engine import Engine, record

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OLD, NEW = Keyring({"k1": b"a" * 32}, "k1"), Keyring({"k2": b"b" * 32, "k1": b"a" * 32}, "k2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


def entry(address: str, ring: Keyring = OLD) -> Entry:
    """An objection by e-mail."""
    item = Identity(ring).email(address)
    assert item
    return Entry("email", item.key, NOW, "letter")


def test_sec_06_another_secret_under_a_known_id_is_refused(store: Store) -> None:
    """It would match nobody, silently."""
    store.keys.confirm(OLD, NOW)
    with pytest.raises(KeyProblem, match="not the one"):
        store.keys.confirm(Keyring({"k1": b"x" * 32}, "k1"), NOW)


def test_sec_06_a_key_that_entries_carry_must_be_given_until_they_are_moved(store: Store) -> None:
    """Rotation: matched under the old key, moved when the person is seen, and only then may the old key go."""
    store.keys.confirm(OLD, NOW)
    store.suppression.add([entry("x@x.example")])
    only_new = Keyring({"k2": b"b" * 32}, "k2")
    with pytest.raises(KeyProblem, match="k1"):
        store.keys.confirm(only_new, NOW)
    store.keys.confirm(NEW, NOW)
    person = Identity(NEW).email("X@x.example")
    assert person
    assert [found.key.key_id for found in store.suppression.matching(person)] == ["k1"]

    assert store.suppression.rekey([person]) == 1
    assert [found.key.key_id for found in store.suppression.matching(person)] == ["k2"]
    assert store.suppression.count() == 1
    store.keys.confirm(only_new, NOW)


def test_sup_04_an_entry_keeps_its_first_date_and_channel(store: Store) -> None:
    """Adding again is no new entry; lifting one channel leaves the other."""
    item = Identity(OLD).email("x@x.example")
    assert item
    both = [Entry(channel, item.key, NOW, "form") for channel in ("email", "telephone")]  # type: ignore[arg-type]  # channels

    assert store.suppression.add(both) == 2
    assert store.suppression.add([replace(both[0], objected_at=NOW + timedelta(days=9))]) == 0
    assert store.suppression.lift("email", item) == 1
    assert [(found.channel, found.objected_at) for found in store.suppression.matching(item)] == [("telephone", NOW)]


def test_r_s5_2_the_database_itself_refuses_to_change_the_ledger(store: Store, tmp_path: Path) -> None:
    """Neither an update nor a deletion."""
    store.ledger.append(NOW, "run", {"n": 1})
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        for statement in ("UPDATE ledger SET kind = 'note'", "DELETE FROM ledger"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                database.execute(statement)
    database.close()
    assert store.ledger.verify() == 1


def test_what_belongs_together_is_written_together_or_not_at_all(store: Store) -> None:
    """An exception inside a transaction leaves nothing behind."""
    with pytest.raises(RuntimeError), store.transaction():
        store.ledger.append(NOW, "run", {"n": 1})
        store.suppression.add([entry("x@x.example")])
        raise RuntimeError

    assert (store.ledger.count(), store.suppression.count()) == (0, 0)


def test_ret_24_a_hold_needs_a_reason_and_an_author_and_ends_once(store: Store) -> None:
    """By ref and by key; released holds hold nobody; the ids go on."""
    item = Identity(OLD).email("x@x.example")
    assert item
    with pytest.raises(ConfigError):
        store.holds.add(["a:person:1"], " ", "legal", NOW, NOW)
    first = store.holds.add(["a:person:1"], "litigation", "legal", NOW, NOW)
    second = store.holds.add([str(item.key)], "audit", "legal", NOW, NOW)
    matcher = store.holds.matcher()
    held = Row(ref=Ref("a", "person", "1"), version="1", identifiers=(item,))

    assert matcher(held) == (first.id, second.id)
    store.holds.release(first.id, "legal", NOW)
    assert store.holds.matcher()(held) == (second.id,)
    with pytest.raises(ConfigError, match=first.id):
        store.holds.release(first.id, "legal", NOW)


def test_one_process_at_a_time_and_a_dead_one_is_no_obstacle(store: Store) -> None:
    """Busy names who; a lock whose process is gone, or whose lease on another machine has ended, passes on."""
    clock = [NOW]
    mine, other = (store.lock("write", name, lambda: clock[0]) for name in ("me", "you"))
    with mine.held():
        with pytest.raises(Busy, match=str(os.getpid())), other.held():
            pass
        mine.renew()
    with other.held():
        pass
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    _held_by(store, here(store), gone.pid, NOW)
    with mine.held():
        pass
    _held_by(store, "elsewhere", 1, NOW)
    with pytest.raises(Busy, match="elsewhere"), mine.held():
        pass
    clock[0] = NOW + LEASE + timedelta(seconds=1)
    with mine.held(), pytest.raises(Busy, match="lost"):
        other.renew()


@pytest.mark.parametrize("process", [os.getpid, os.getppid])
def test_a_lock_whose_number_another_process_has_by_now_passes_on_when_its_lease_ends(
    store: Store, process: Callable[[], int]
) -> None:
    """Numbers are given again, in a container that is started again even the same one: only a holder renews."""
    clock = [NOW]
    mine = store.lock("write", "me", lambda: clock[0])
    _held_by(store, here(store), process(), NOW)
    with pytest.raises(Busy, match="09:10"), mine.held():
        pass
    clock[0] = NOW + LEASE + timedelta(seconds=1)
    with mine.held():
        pass


def test_a_number_of_another_container_or_of_before_a_restart_says_nothing(store: Store) -> None:
    """The same name of the machine, but the numbers there are not ours: absent here is not dead."""
    mine = store.lock("write", "me", lambda: NOW)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    _held_by(store, f"{here(store).split()[0]} another start", gone.pid, NOW)
    with pytest.raises(Busy), mine.held():
        pass


def test_a_lease_is_renewed_at_most_once_a_minute_and_a_lost_one_is_told(store: Store) -> None:
    """However often it is asked to; while it is not held there is nothing to renew."""
    clock = [NOW]
    mine, other = (store.lock("write", name, lambda: clock[0]) for name in ("me", "you"))
    mine.beat()
    with mine.held():
        for seconds in range(0, 3600, 20):
            clock[0] = NOW + timedelta(seconds=seconds)
            mine.beat()
        with pytest.raises(Busy), other.held():
            pass
        clock[0] += LEASE + timedelta(seconds=1)
        with other.held(), pytest.raises(Busy, match="lost"):
            mine.beat()
    mine.beat()


def here(store: Store) -> str:
    """This machine, as a lock writes it."""
    from core.store.tables import lock

    with store.lock("look", "me", lambda: NOW).held():
        (row,) = store._database.rows(lock.select().where(lock.c.name == "look"))
    return str(row.host)


def _held_by(store: Store, host: str, pid: int, since: datetime) -> None:
    """A lock that somebody else has left behind."""
    from core.store.tables import lock

    values = {"name": "write", "owner": "x", "host": host, "pid": pid, "since": since, "expires_at": since + LEASE}
    store._database.execute(lock.insert(), [values])


def test_the_index_gives_back_what_it_was_given(store: Store) -> None:
    """Every field, identifiers under every key with the current one first, and no other row touched."""
    person = Record(
        ref=Ref("a", "person", "1"), version="7", emails=("x@x.example", "info@x.example"), phones=("0639981011",),
        collected=NOW, origin="form", inbound=(Moment(NOW, "click"), Moment(NOW - timedelta(days=1), "reply")),
        unreadable=("calls",), signals=frozenset({"order"}), open=("deal",), objections=(Objection("email", "flag", NOW),),
        suppressed=frozenset({"email"}), restricted=True, requests=("erasure",),
    )  # fmt: skip
    made = row(person, Identity(NEW))
    store.index.put([made, row(replace(person, ref=Ref("a", "person", "2")), Identity(NEW))])

    assert store.index.get([made.ref]) == [made]
    assert made.identifiers[0].keys[0].key_id == "k2"
    assert len(store.index.closure([made.ref], 5)) == 2


def test_rows_are_forgotten_only_by_a_whole_scan(tmp_path: Path) -> None:
    """Absent from an incomplete read never means deleted."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("a2", "y@x.example"), record("b1", "z@x.example"))
    engine.read()
    del engine.crms["a"].records["2"]
    before = engine.store.index.count("a", "person")
    engine.read()

    assert (before, engine.store.index.count("a", "person"), engine.store.index.count("b", "person")) == (2, 1, 1)


def test_a_plan_is_found_by_its_beginning_and_refused_when_touched(tmp_path: Path) -> None:
    """Eight characters at least; an item taken out of the database is no longer that plan."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("a2", "y@x.example"))
    made = engine.plan()

    assert engine.store.plans.find(made.digest[:12]).plan == made
    for wrong in (made.digest[:4], "0" * 12):
        with pytest.raises(PlanRefused):
            engine.store.plans.find(wrong)
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        database.execute("DELETE FROM plan_item WHERE seq = 1")
    database.close()
    with pytest.raises(PlanRefused, match="changed"):
        engine.store.plans.find(made.digest)


def test_a_store_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    """A folder that is not there, a file that is no database, a URL that is none: no statement, no parameter, no password."""
    (tmp_path / "text.sqlite").write_text("this is no database at all, just a text\n" * 100)
    for url in (
        f"sqlite:///{tmp_path}/no/such/folder/x.sqlite",
        f"sqlite:///{tmp_path}/text.sqlite",
        f"sqlite:///{tmp_path}",
        "nonsense://u:hunter2@h/x",
        "postgresql://u:hunter2@h:port/x",
    ):
        with pytest.raises(StoreProblem) as problem:
            Store(url)
        assert "hunter2" not in str(problem.value)

"""The index at rest: found by its keys and never by reading everything, people joined under every live HMAC key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.identity import Identity, Keyring
from core.index import Push, Row, row
from core.model import Record, Ref
from core.people import People
from core.store.store import Store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OLD = Identity(Keyring({"k1": b"a" * 32}, "k1"))
NEW = Identity(Keyring({"k2": b"b" * 32, "k1": b"a" * 32}, "k2"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


def person(name: str, *emails: str, phones: tuple[str, ...] = (), identity: Identity = OLD) -> Row:
    """A row of the CRM whose letter the name begins with."""
    return row(Record(ref=Ref(name[0], "person", name[1:]), version="1", emails=emails, phones=phones), identity)


def names(rows: list[Row]) -> set[str]:
    """The refs as written in these tests."""
    return {f"{item.ref.crm}{item.ref.id}" for item in rows}


def test_no_statement_about_some_records_reads_a_whole_table(store: Store) -> None:
    """SQLite's own plan of every statement names an index: work grows with what is asked for, not with what there is."""
    rows = [person(f"a{n}", f"p{n}@x.example", phones=("0639981011",)) for n in range(4)]
    store.index.put(rows, 1)
    asked: list[tuple[str, Any]] = []
    connection = store._database._connection

    def listen(*args: Any) -> None:
        asked.append((args[2], args[3][0] if args[5] else args[3]))

    event.listen(connection, "before_cursor_execute", listen)
    refs = [item.ref for item in rows[:2]]
    store.index.put(rows[:2], 2)
    store.index.get(refs)
    store.index.closure(refs, 2)
    store.index.pushed(refs)
    store.index.record_push(refs[0], ("email",), NOW)
    store.index.drop_push(refs[0], "email")
    store.index.pushes(refs)
    store.index.learn_push(refs[0], "email", Push(NOW, frozenset({"flag"})))
    store.index.lift_pushes(refs[0], ("email",), NOW)
    store.index.forget(refs)
    event.remove(connection, "before_cursor_execute", listen)
    plans = [
        line[3]
        for statement, values in asked
        for line in connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    ]

    assert len(asked) > 15
    assert [line for line in plans if line.startswith("SCAN")] == []


def test_everybody_linked_is_in_the_closure_and_whoever_carries_a_weak_key_of_theirs(store: Store) -> None:
    """a1–b1 by e-mail, b1–c1 by phone; the switchboard and the mailbox bring their carriers, and none of their friends."""
    store.index.put([
        person("a1", "x@x.example", "info@x.example"),
        person("b1", "X@x.example", phones=("0639981011", "0199001234")),
        person("c1", "y@x.example", phones=("0639981011",)),
        *(person(f"d{n}", f"d{n}@x.example", "info@d.example", phones=("0199001234",)) for n in range(9)),
        *(person(f"e{n}", f"d{n}@x.example") for n in range(9)),
        person("f1", "info@x.example"),
        person("g1", "info@d.example"),
    ])  # fmt: skip
    rows = store.index.closure([Ref("a", "person", "1")], 2)
    people = People(rows, 2)

    assert names(rows) == {"a1", "b1", "c1", "f1", *(f"d{n}" for n in range(9))}
    assert len(rows) == len(names(rows))
    assert names(store.index.linked([Ref("a", "person", "1")], 2)) == {"a1", "b1", "c1"}
    assert people.linked(Ref("a", "person", "1")) == (Ref("b", "person", "1"), Ref("c", "person", "1"))
    assert not people.strong(person("z1", phones=("0199001234",)).identifiers[0])


def test_sup_06_a_row_of_before_a_rotation_is_the_same_person(store: Store) -> None:
    """One CRM was read since the key changed, the other was not: their records are still joined."""
    store.index.put([person("a1", "x@x.example"), person("b1", "X@x.example", identity=NEW)])
    rows = store.index.closure([Ref("b", "person", "1")], 5)

    assert names(rows) == {"a1", "b1"}
    assert People(rows, 5).linked(Ref("a", "person", "1")) == (Ref("b", "person", "1"),)
    assert store.index.carriers(person("z1", "x@x.example", identity=NEW).identifiers[0].keys) == [
        Ref("a", "person", "1"),
        Ref("b", "person", "1"),
    ]


def test_sup_06_a_shared_key_is_shared_under_old_and_new_keys_together(store: Store) -> None:
    """Two rows of before and two of after the rotation carry one number: that is four records."""
    rows = [person(f"a{n}", phones=("0639981011",), identity=(OLD, NEW)[n % 2]) for n in range(4)]

    assert People(rows, 3).linked(rows[1].ref) == ()
    assert len(People(rows, 4).linked(rows[1].ref)) == 3


def test_a_row_is_spared_as_long_as_it_is_evidence(store: Store) -> None:
    """A whole scan forgets what it did not see, but for those; they do not count as records."""
    rows = [person("a1", "x@x.example"), person("a2", "y@x.example"), person("a3", "z@x.example")]
    store.index.put(rows, store.index.begin_scan("a", "person", NOW))
    again = store.index.begin_scan("a", "person", NOW)
    store.index.put(rows[:1], again)

    assert store.index.end_scan(again, "a", "person", NOW, lambda _: {rows[1].ref}) == 1
    assert names(list(store.index.rows())) == {"a1", "a2"}
    last = store.index.begin_scan("a", "person", NOW)
    store.index.put(rows[:1], last)
    assert store.index.end_scan(last, "a", "person", NOW) == 1
    assert names(list(store.index.rows())) == {"a1"}


def test_more_records_than_one_statement_takes(store: Store) -> None:
    """A thousand rows of two accounts come back, each once."""
    rows = [person(f"{'ab'[n % 2]}{n}", f"p{n}@x.example") for n in range(1000)]
    store.index.put(rows)

    assert names(store.index.get([item.ref for item in rows])) == names(rows)
    assert len(store.index.get([item.ref for item in rows])) == 1000
    store.index.forget([item.ref for item in rows[:999]])
    assert names(list(store.index.rows())) == names(rows[999:])


def test_a_page_may_name_a_record_twice(store: Store) -> None:
    """DESIGN §5: repeats are allowed; the last one stands."""
    store.index.put([person("a1", "x@x.example"), person("a2"), person("a1", "y@x.example")], 1)

    assert {item.ref.id: item.identifiers for item in store.index.rows()} == {
        "1": person("a1", "y@x.example").identifiers,
        "2": (),
    }

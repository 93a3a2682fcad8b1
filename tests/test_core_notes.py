"""Audit notes: one a decision, never a value, found again by their ids; one on the anchor for those who are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.connector import Done, Refused
from core.errors import Unreachable
from core.notes import anchor_notes, write_notes
from tests.engine import NOW, Engine, record, ref


def stripped(tmp_path: Path) -> Engine:
    """Two records that were stripped, whose notes are owed."""
    people = [record(f"a{n}", f"x{n}@x.example", collected=NOW, values={"religion": "Catholique"}) for n in (1, 2)]
    engine = Engine(tmp_path, *people)
    engine.apply(engine.plan())
    return engine


def test_a_note_that_was_written_and_not_answered_is_written_once(tmp_path: Path) -> None:
    """The line goes after the notes took effect: they stay owed, and the second time they are found by their ids."""
    engine = stripped(tmp_path)
    real = engine.crms["a"].apply

    def breaks(batch: object) -> object:
        list(real(batch))  # type: ignore[arg-type]  # a batch
        raise Unreachable("a: the connection broke")

    engine.crms["a"].apply = breaks  # type: ignore[method-assign, assignment]  # the line goes
    stopped = write_notes(engine.store, engine.crms, NOW)
    engine.crms["a"].apply = real  # type: ignore[method-assign]
    again = write_notes(engine.store, engine.crms, NOW)

    assert (stopped, again) == ({"a": "a: the connection broke"}, {})
    assert {id: len(notes) for id, notes in engine.crms["a"].notes.items()} == {"1": 1, "2": 1}
    assert engine.store.ledger.owed("note") == []


def test_too_few_answers_to_notes_stop_that_crm_and_leave_them_owed(tmp_path: Path) -> None:
    """Nothing is guessed: one receipt for two notes."""
    engine = stripped(tmp_path)
    engine.crms["a"].apply = lambda batch: iter([Done()])  # type: ignore[method-assign]  # it forgets one

    assert "1 receipts for 2 notes" in write_notes(engine.store, engine.crms, NOW)["a"]
    assert len(engine.store.ledger.owed("note")) == 2


def test_a_record_that_is_gone_needs_no_note(tmp_path: Path) -> None:
    """Deleted since: settled, and said so in the ledger."""
    engine = stripped(tmp_path)
    del engine.crms["a"].records["1"]
    write_notes(engine.store, engine.crms, NOW)

    written = {
        entry.body["ref"]: entry.body["receipt"] for entry in engine.store.ledger.entries() if entry.kind == "note"
    }
    assert written == {"a:person:1": "gone", "a:person:2": "done"}
    assert engine.store.ledger.owed("note") == []


@pytest.mark.parametrize("refused", [False, True])
def test_the_anchor_tells_counts_by_rule_and_the_range_and_nobody(tmp_path: Path, refused: bool) -> None:
    """For erased people: no ref, no key, no identifier; only what was really erased counts."""
    engine = Engine(tmp_path, record("a1", "x1@x.example"), record("a2", "x2@x.example"), record("a9", collected=NOW))
    if refused:
        engine.crms["a"].apply = lambda batch: iter([Refused("no")] * len(batch))  # type: ignore[method-assign]  # it will not
    engine.apply(engine.plan())
    anchor_notes(engine.store, engine.crms["a"], ref("a9"), NOW)
    notes = list(engine.crms["a"].notes.get("9", {}).values())

    assert len(notes) == (0 if refused else 1)
    assert all("2 erased (2 by RET-01)" in note for note in notes)
    assert not any(word in note for note in notes for word in ("person:", "email:", "x.example"))

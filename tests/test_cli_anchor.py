"""The notes about erased people on the audit anchor leave nobody out and count nobody twice, whatever happened between runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.actions import Annotate, Command
from core.connector import Receipt
from core.errors import Unreachable
from tests.office import Office
from tests.test_cli_work import Kill


def anchored(at: Office, place: str) -> None:
    """The configuration names the record of a that carries the notes."""
    options = at.config.crm["a"].model_copy(update={"audit_anchor": place})
    at.config = at.config.model_copy(update={"crm": {**at.config.crm, "a": options}})


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """An anchor, and four people who are long overdue."""
    office = Office(tmp_path)
    office.add("a9", age=5)
    for number in range(1, 5):
        office.add(f"a{number}", f"p{number}@a.example")
    anchored(office, "person:9")
    return office


def told(at: Office) -> list[str]:
    """How many each note on the anchor tells of."""
    return [text.split(": ")[1].split(" (")[0] for text in at.crms["a"].notes.get("9", {}).values()]


def breaking(at: Office, error: BaseException, *, notes: bool, after: bool, instant: int = 1) -> None:
    """A run in which a write to a, or a note, breaks before or after it took effect; the line is whole afterwards."""
    real, left = at.crms["a"].apply, [instant]

    def broken(batch: Sequence[Command]) -> Iterator[Receipt]:
        if isinstance(batch[0].action, Annotate) is not notes:
            return real(batch)
        left[0] -= 1
        if left[0]:
            return real(batch)
        if after:
            list(real(batch))
        raise error

    at.crms["a"].apply = broken  # type: ignore[method-assign]  # the line or the power goes
    try:
        at.run(hours=1)
    except Kill:
        pass
    finally:
        at.crms["a"].apply = real  # type: ignore[method-assign]


@pytest.mark.parametrize(("after", "note"), [(False, "4 erased"), (True, "3 erased")])
def test_whom_a_run_erased_before_it_died_is_in_the_next_note(at: Office, after: bool, note: str) -> None:
    """Three were erased, then the power went at the fourth; absent afterwards and unanswered, it counts for nobody erased."""
    breaking(at, Kill(), notes=False, after=after, instant=2)
    at.run(hours=1)
    at.run(hours=1)

    assert told(at) == [note]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("error", [Unreachable("a: no answer"), Kill()])
def test_a_note_that_broke_off_is_written_once(at: Office, error: BaseException, after: bool) -> None:
    """Found again by its id, though somebody else was erased meanwhile: they have a note of their own."""
    breaking(at, error, notes=True, after=after)
    at.add("a5", "p5@a.example")
    at.run(hours=1)
    at.run(hours=1)

    assert told(at) == ["4 erased", "1 erased"]


def test_the_ranges_follow_one_another(at: Office) -> None:
    """Every erasure stands in exactly one range of the ledger."""
    at.run()
    at.add("a5", "p5@a.example")
    at.run(hours=1)
    entries = list(at.store.ledger.entries())
    ranges = [entry.body["range"] for entry in entries if entry.kind == "note" and "anchor" in entry.body]
    erased = [entry.seq for entry in entries if entry.kind == "outcome" and entry.body["action"]["do"] == "erase"]

    assert [sum(first <= seq <= last for first, last in ranges) for seq in erased] == [1] * 5


def test_an_anchor_begins_with_its_first_run(at: Office) -> None:
    """Whom earlier runs erased is in the ledger, not in its notes."""
    anchored(at, "")
    at.run()
    anchored(at, "person:9")
    at.add("a5", "p5@a.example")
    at.run(hours=1)

    assert told(at) == ["1 erased"]


def test_an_anchor_that_takes_no_note_is_told_and_the_note_waits(at: Office) -> None:
    """The anchor was deleted; the note goes onto the new one."""
    del at.crms["a"].records["9"]
    result = at.run()
    at.add("a8", age=5)
    anchored(at, "person:8")
    at.run(hours=1)

    assert "anchor a:person:9" in result.tally.stopped["a"]
    assert len(at.crms["a"].notes["8"]) == 1

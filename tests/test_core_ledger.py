"""The ledger: any change, gap, insertion or reordering is told, and where (R-S5.2)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import ConfigError, LedgerBroken
from core.ledger import KINDS, ROOT, Entry, chain, verify

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BODIES = st.dictionaries(
    st.text(max_size=5), st.text(max_size=5) | st.integers() | st.lists(st.text(max_size=3), max_size=2), max_size=3
)


def _extended(entries: list[Entry], body: dict[str, Any]) -> list[Entry]:
    kind = KINDS[len(entries) % len(KINDS)]
    return [*entries, chain(entries[-1] if entries else None, NOW + timedelta(seconds=len(entries)), kind, body)]


def ledger(bodies: list[dict[str, Any]]) -> list[Entry]:
    """A ledger with these bodies."""
    return reduce(_extended, bodies, [])


LEDGERS = st.lists(BODIES, min_size=2, max_size=8).map(ledger)


@given(st.lists(BODIES, max_size=8))
def test_r_s5_2_a_ledger_as_written_verifies(bodies: list[dict[str, Any]]) -> None:
    """It answers how many entries there are; an empty ledger has none."""
    assert verify(ledger(bodies)) == len(bodies)


def test_r_s5_2_entries_are_numbered_from_one_and_chained_from_a_known_root() -> None:
    """The first entry follows the root, every other the hash of the one before."""
    first, second, third = ledger([{}, {}, {}])

    assert [entry.seq for entry in (first, second, third)] == [1, 2, 3]
    assert (first.prev, second.prev, third.prev) == (ROOT, first.hash, second.hash)


CHANGES = [
    {"seq": 99},
    {"at": NOW + timedelta(days=99)},
    {"kind": "list!"},
    {"body": {"erased": "other"}},
    {"prev": "1" * 64},
    {"hash": "1" * 64},
]


@given(LEDGERS, st.data(), st.sampled_from(CHANGES))
def test_r_s5_2_a_change_of_any_field_of_any_entry_is_told(
    entries: list[Entry], data: st.DataObject, change: dict[str, Any]
) -> None:
    """The first wrong line is named."""
    place = data.draw(st.integers(0, len(entries) - 1))
    entries[place] = replace(entries[place], **change)

    with pytest.raises(LedgerBroken) as caught:
        verify(entries)
    assert re.search(r"entry (\d+)", str(caught.value))[1] == str(place + 1)  # type: ignore[index]  # it matches


@given(LEDGERS, st.data())
def test_r_s5_2_a_dropped_entry_is_told(entries: list[Entry], data: st.DataObject) -> None:
    """All but the last can not be dropped unseen; the store knows how many there must be."""
    del entries[data.draw(st.integers(0, len(entries) - 2))]

    with pytest.raises(LedgerBroken):
        verify(entries)


@given(LEDGERS, st.data())
def test_r_s5_2_an_end_that_was_cut_off_is_told_by_a_head_kept_elsewhere(
    entries: list[Entry], data: st.DataObject
) -> None:
    """What is left verifies by itself; any head of the part that is missing gives it away, one before it does not."""
    left = data.draw(st.integers(0, len(entries) - 1))
    kept, cut = entries[:left], entries[left:]

    assert verify(kept, [entry.head for entry in kept]) == left
    with pytest.raises(LedgerBroken, match=f"ends at entry {left}, and once had {len(entries)}"):
        verify(kept, [data.draw(st.sampled_from(cut)).head, entries[-1].head])


@given(LEDGERS, st.data())
def test_r_s5_2_an_end_that_was_written_anew_is_told_by_a_head_kept_elsewhere(
    entries: list[Entry], data: st.DataObject
) -> None:
    """A forger who chains everything again from a place on makes a ledger that is whole, but not that one."""
    place = data.draw(st.integers(0, len(entries) - 1))
    forged = entries[:place]
    for entry in entries[place:]:
        forged.append(chain(forged[-1] if forged else None, entry.at, entry.kind, {**entry.body, "forged": True}))

    assert verify(forged) == len(entries)
    with pytest.raises(LedgerBroken, match=f"from entry {len(entries)} on"):
        verify(forged, [entries[-1].head])


@pytest.mark.parametrize("head", ["", "L3-12345678", "3:12345678", f"0:{ROOT}", f"3:{'G' * 64}", f"\u0663:{ROOT}"])
def test_what_is_no_head_is_refused(head: str) -> None:
    """A part of one would prove less than it seems to."""
    with pytest.raises(ConfigError, match="no head"):
        verify(ledger([{}]), [head])


@given(LEDGERS, st.data(), BODIES)
def test_r_s5_2_an_inserted_entry_is_told(entries: list[Entry], data: st.DataObject, body: dict[str, Any]) -> None:
    """Even one that is well made and follows its predecessor breaks the chain after it."""
    place = data.draw(st.integers(0, len(entries) - 1))
    slipped = chain(entries[place - 1] if place else None, NOW, "note", body)
    assume(slipped.hash != entries[place].hash)

    with pytest.raises(LedgerBroken):
        verify([*entries[:place], slipped, *entries[place:]])


@given(LEDGERS, st.data())
def test_r_s5_2_reordered_entries_are_told(entries: list[Entry], data: st.DataObject) -> None:
    """No two entries can change places."""
    one, other = data.draw(st.lists(st.integers(0, len(entries) - 1), min_size=2, max_size=2, unique=True))
    entries[one], entries[other] = entries[other], entries[one]

    with pytest.raises(LedgerBroken):
        verify(entries)


@given(LEDGERS, st.data())
def test_r_s5_2_an_entry_rehashed_by_a_forger_breaks_the_next(entries: list[Entry], data: st.DataObject) -> None:
    """Changing an entry together with its own hash still shows, for the next one holds the old hash."""
    place = data.draw(st.integers(0, len(entries) - 2))
    forged = chain(entries[place - 1] if place else None, entries[place].at, entries[place].kind, {"forged": True})
    assume(forged.hash != entries[place].hash)
    entries[place] = forged

    with pytest.raises(LedgerBroken, match=f"entry {place + 2}:"):
        verify(entries)


def test_r_s5_2_a_ledger_that_begins_in_the_middle_is_told() -> None:
    """A tail does not pass for a whole."""
    with pytest.raises(LedgerBroken, match="entry 1:"):
        verify(ledger([{}, {}, {}])[1:])


def test_r_s5_2_a_number_left_out_is_told_even_when_the_hashes_fit() -> None:
    """A forger who drops an entry and chains the next one anew still leaves a hole in the numbers."""
    first = chain(None, NOW, "run", {})
    third = chain(replace(first, seq=2), NOW, "run", {})

    with pytest.raises(LedgerBroken, match="entry 2:"):
        verify([first, third])


def test_an_unknown_kind_of_entry_is_refused() -> None:
    """A closed vocabulary."""
    with pytest.raises(ValueError, match="no kind of ledger entry"):
        chain(None, NOW, "deleted", {})


def test_an_entry_keeps_what_it_was_made_of() -> None:
    """A body that is changed afterwards changes no entry, and the order of its keys does not count."""
    body = {"b": 1, "a": 2}
    entry = chain(None, NOW, "run", body)
    body["b"] = 3

    assert entry.body == {"b": 1, "a": 2}
    assert entry.hash == chain(None, NOW, "run", {"a": 2, "b": 1}).hash


@given(LEDGERS)
def test_notes_quote_entries_by_names_that_differ(entries: list[Entry]) -> None:
    """The id is the place and the head of the hash, one for each entry."""
    assert len({entry.id for entry in entries}) == len(entries)
    assert all(entry.id == f"L{entry.seq}-{entry.hash[:8]}" for entry in entries)

"""The chain: whatever is changed, dropped, slipped in or moved is told by its place. R-S5.2."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LedgerBroken
from core.ledger import ROOT, Entry, chain, verify

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def chained(count: int) -> list[Entry]:
    """A ledger of some entries."""
    entries: list[Entry] = []
    for number in range(count):
        entries.append(chain(entries[-1] if entries else None, NOW, "run", {"number": number}))
    return entries


def test_a_whole_ledger_verifies_and_begins_at_the_root() -> None:
    """Also an empty one."""
    assert verify([]) == 0
    assert verify(chained(9)) == 9
    assert chained(1)[0].prev == ROOT


@given(st.integers(0, 8), st.sampled_from(["change", "drop", "double", "swap", "forge"]))
def test_r_s5_2_any_tampering_is_found_at_or_before_its_place(place: int, how: str) -> None:
    """Changing a body, dropping, doubling, swapping, or re-hashing one entry; only cutting the end stays unseen."""
    entries = chained(10)
    if how == "change":
        entries[place] = replace(entries[place], body={"number": 99})
    elif how == "drop":
        del entries[place]
    elif how == "double":
        entries.insert(place, entries[place])
    elif how == "swap":
        entries[place], entries[place + 1] = entries[place + 1], entries[place]
    else:
        entries[place] = chain(entries[place - 1] if place else None, NOW, "run", {"number": 99})

    with pytest.raises(LedgerBroken) as found:
        verify(entries)
    assert int("".join(c for c in str(found.value).split("entry")[1].split(":")[0] if c.isdigit())) <= place + 2


def test_only_known_kinds_of_entry_are_written() -> None:
    """A misspelt kind is a fault of ours."""
    with pytest.raises(ValueError, match="nonsense"):
        chain(None, NOW, "nonsense", {})

"""What the report counts in the ledger: while it is verified, in a period or as things stand, and never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.report_ledger import CHANGED, Book, Undone, plain, timeline
from core.errors import LedgerBroken
from core.ledger import Entry, chain, verify

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
ERASE = {"do": "erase", "cascade": []}


def outcome(ref: str, receipt: str, action: Mapping[str, Any] = ERASE, **more: Any) -> tuple[str, dict[str, Any]]:
    """The body of an outcome as `core.outcomes` writes it."""
    body = {
        "intent": 1,
        "plan": "p1",
        "ref": ref,
        "action": dict(action),
        "policy": "retention/prospects",
        "rule": "RET-01",
        "receipt": receipt,
        "why": "",
        "remains": "",
        "read_back": "absent",
    }
    return "outcome", body | more


def ledger(*lines: tuple[str, dict[str, Any]], apart: timedelta = timedelta(hours=1)) -> list[Entry]:
    """A chain of entries, one an hour."""
    entries: list[Entry] = []
    for place, (kind, body) in enumerate(lines):
        entries.append(chain(entries[-1] if entries else None, START + place * apart, kind, body))
    return entries


def counted(*lines: tuple[str, dict[str, Any]], **limits: Any) -> Book:
    """The book of a verified chain."""
    book = Book(PARIS, **limits)
    assert verify(book.through(ledger(*lines))) == len(lines)
    return book


def standing(book: Book) -> set[tuple[str, str, str]]:
    """What is not done, as (ref, action, receipt)."""
    return {(item.ref, item.action, item.receipt) for targets in book.undone.values() for item in targets.values()}


def test_what_is_counted_is_what_was_verified() -> None:
    """R-S5.2: a changed entry stops the count, it is never part of a figure that is shown."""
    entries = ledger(outcome("a:person:1", "done"), outcome("a:person:2", "done"))
    entries[1] = replace(entries[1], body={**entries[1].body, "receipt": "refused"})

    with pytest.raises(LedgerBroken):
        verify(Book(PARIS).through(entries))


def test_receipts_changes_reasons_and_read_backs_are_counted() -> None:
    """Receipts of every word by CRM and action; changes, reasons and days only of what was done."""
    book = counted(
        outcome("a:person:1", "done"),
        outcome("a:person:2", "already"),
        outcome("b:person:3", "done", {"do": "clear", "properties": ["religion"]}, policy="sensitive/x", rule="SEN-01"),
        outcome("b:person:4", "refused", why="no"),
        ("note", {"outcome": 3, "ref": "b:person:3", "receipt": "done"}),
        ("note", {"anchor": "a:person:9", "range": [1, 1], "receipt": "done"}),
    )

    assert book.receipts == {
        ("a", "erase", "done"): 1,
        ("a", "erase", "already"): 1,
        ("b", "clear", "done"): 1,
        ("b", "erase", "refused"): 1,
        ("b", "annotate", "done"): 1,
        ("a", "annotate", "done"): 1,
    }
    assert book.records == {("a", "person", "erased"): 1, ("b", "person", "stripped"): 1}
    assert book.reasons == {("retention/prospects", "RET-01", "erase"): 1, ("sensitive/x", "SEN-01", "clear"): 1}
    assert book.read_back == {"absent": 1}
    assert (book.entries, book.kinds) == (6, {"outcome": 4, "note": 2})


def test_a_day_is_that_of_the_controller() -> None:
    """Half past eleven at night in UTC is the next day in Paris."""
    book = Book(PARIS)
    late = chain(None, datetime(2026, 11, 1, 23, 30, tzinfo=UTC), *outcome("a:person:1", "done"))
    verify(book.through([late]))

    assert book.days == {date(2026, 11, 2): Counter(erased=1)}


def test_since_limits_what_was_done_and_not_how_things_stand() -> None:
    """An old refusal still stands, and what a vendor keeps is still kept, however late the counts begin."""
    lines = (
        outcome("a:person:1", "refused", why="no"),
        outcome("a:person:2", "done", remains="kept for 30 days"),
        ("approval", {"plan": "p1", "by": "Claire"}),
        outcome("a:person:3", "done"),
    )
    book = counted(*lines, since=START + timedelta(hours=3))

    assert book.receipts == {("a", "erase", "done"): 1}
    assert book.decisions == []
    assert book.first and book.first.seq == 4
    assert standing(book) == {("a:person:1", "erase", "refused")}
    assert [left.writes for left in book.left.values()] == [1]


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (outcome("a:person:1", "done"), set()),
        (outcome("a:person:1", "gone", {"do": "suppress", "channels": ["email"]}), set()),
        (outcome("a:person:2", "done"), {"suppress email", "suppress telephone"}),
        (outcome("a:person:1", "already", {"do": "suppress", "channels": ["email"]}), {"suppress telephone"}),
        (outcome("a:person:1", "refused", {"do": "suppress", "channels": ["email"]}, why="again"), None),
    ],
    ids=["erased", "gone", "another record", "one channel", "refused again"],
)
def test_a_refusal_stands_until_the_ledger_shows_a_success(
    later: tuple[str, dict[str, Any]], left: set[str] | None
) -> None:
    """Channel by channel; a record that is erased or gone has nothing left to be done."""
    both = {"do": "suppress", "channels": ["email", "telephone"]}
    book = counted(outcome("a:person:1", "refused", both, why="no"), later)

    expected = {"suppress email", "suppress telephone"} if left is None else left
    assert {action for _, action, _ in standing(book)} == expected


def test_a_text_cleaned_at_another_place_settles_the_refusal_of_its_property() -> None:
    """Spans move when somebody edits; the property is what was refused, not the place. Another property is another."""

    def redact(name: str, start: int) -> dict[str, Any]:
        return {"do": "redact", "property": name, "spans": [[start, start + 3, "health"]]}

    book = counted(
        outcome("a:person:1", "refused", redact("comment", 0), why="locked"),
        outcome("a:person:1", "refused", redact("memo", 0), why="locked"),
        outcome("a:person:1", "done", redact("comment", 8)),
    )

    assert standing(book) == {("a:person:1", "redact memo", "refused")}


def test_a_changed_record_says_why_nothing_was_written() -> None:
    """The receipt has no reason of its own."""
    (item,) = counted(outcome("a:person:1", "changed")).undone["a:person:1"].values()

    assert item == Undone("a:person:1", "erase", "changed", CHANGED, START)


def test_what_vendors_keep_is_grouped_by_what_they_say_with_the_last_date() -> None:
    """Two sentences of one receipt are two things kept; our own remark on an interruption is none."""
    book = counted(
        outcome("a:person:1", "done", remains="in the bin (until 2026-12-01); backups stay"),
        outcome("a:person:2", "already", remains="in the bin (until 2026-12-24)"),
        outcome("a:person:3", "done", remains="resolved after an interruption"),
        outcome("a:person:4", "refused", why="no"),
    )
    kept = {text: (left.writes, left.until) for (_, _, text), left in book.left.items()}

    assert kept == {"in the bin (until the date beside)": (2, "2026-12-24"), "backups stay": (1, "")}


def test_decisions_are_told_with_the_name_of_who_took_them() -> None:
    """Approvals, holds and lifted objections; entries of the list that nobody signed are none."""
    book = counted(
        ("approval", {"plan": "0123456789abcdef", "by": "Claire"}),
        ("hold", {"do": "add", "id": "H-1", "scope": ["a:person:1", "a:person:2"], "by": "Legal"}),
        ("hold", {"do": "release", "id": "H-1", "by": "Legal"}),
        ("list", {"do": "lift", "key": "email:k1:00", "channel": "email", "evidence": "form 7", "by": "Ana"}),
        ("list", {"do": "add", "entries": []}),
    )

    assert [(item.by, item.what, item.evidence) for item in book.decisions] == [
        ("Claire", "approved the plan 0123456789ab", ""),
        ("Legal", "placed the hold H-1 on 2 records or identifiers", ""),
        ("Legal", "released the hold H-1", ""),
        ("Ana", "lifted an objection (email) on a later opt-in", "form 7"),
    ]


def test_reasons_lose_what_makes_each_one_different() -> None:
    """Refs, dates and ids go, so that a hundred refusals are one line; the words stay."""
    told = plain("b:person:12: cannot delete 0035g00000ABC12AAQ since 2026-11-02, 2 contracts and invoice 884512")

    assert told == "a record: cannot delete … since a date, 2 contracts and invoice …"


def test_the_timeline_has_no_hole_and_turns_to_months_when_it_is_long() -> None:
    """A day without a change is a day; over two months are told by month, and nothing is lost."""
    two = {date(2026, 11, 1): Counter(erased=2), date(2026, 11, 4): Counter(erased=1)}
    long = {date(2026, 1, 31): Counter(erased=2), date(2026, 4, 5): Counter(stripped=1)}

    assert [(day, sum(counts.values())) for day, counts in timeline(two).items()] == [
        ("2026-11-01", 2),
        ("2026-11-02", 0),
        ("2026-11-03", 0),
        ("2026-11-04", 1),
    ]
    assert {day: dict(counts) for day, counts in timeline(long).items()} == {
        "2026-01": {"erased": 2},
        "2026-02": {},
        "2026-03": {},
        "2026-04": {"stripped": 1},
    }
    assert timeline({}) == {}

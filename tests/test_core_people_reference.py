"""What is known of anybody, worked out anew by brute force from any rows; and the same from the few rows that apply reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.identity import Identifier, Identity, Keyring
from core.index import Row, row
from core.model import Moment, Record, Ref
from core.people import People
from core.store.store import Store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
IDENTITY = Identity(Keyring({"k1": b"k" * 32}, "k1"))
ABOVE = 2
MAILS = ("w@x.example", "y@x.example", "z@x.example", "info@x.example")
PHONES = ("0639981011", "0639981012", "0199001234")
moments = st.none() | st.integers(1, 9).map(lambda days: NOW - timedelta(days=days))
facts = st.fixed_dictionaries({
    "emails": st.lists(st.sampled_from(MAILS), max_size=2).map(tuple),
    "phones": st.lists(st.sampled_from(PHONES), max_size=2).map(tuple),
    "collected": moments,
    "inbound": moments.map(lambda at: (Moment(at, "click"),) if at else ()),
    "signals": st.frozensets(st.sampled_from(("order", "stage"))),
    "open": st.sampled_from(((), ("deal",))),
    "restricted": st.booleans(),
})  # fmt: skip


@st.composite
def everybody(draw: st.DrawFn) -> list[Row]:
    """Some rows, a few of which we restricted ourselves."""
    made = []
    for number, values in enumerate(draw(st.lists(facts, min_size=1, max_size=9))):
        record = Record(ref=Ref("ab"[number % 2], "person", str(number)), version="1", **values)
        made.append(row(record, IDENTITY, draw(st.sampled_from((frozenset(), frozenset({"restriction"}))))))
    return made


class Reference:
    """DESIGN §6 "The person, not the record" and ADR 0004 by hand, over all pairs of rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.count = Counter(item.key for one in rows for item in one.identifiers)

    def weak(self, item: Identifier) -> bool:
        """On too many records, or a generic mailbox."""
        return item.generic or self.count[item.key] > ABOVE

    def keys(self, one: Row, *kinds: str, weak: bool = False) -> set[str]:
        """The weak keys of a row, or the strong ones."""
        return {str(i.key) for i in one.identifiers if i.kind in kinds and self.weak(i) is weak}

    def reached(self, own: Row, *kinds: str) -> list[Row]:
        """The rows that strong keys of some kinds lead to from one, itself included."""
        found, keys = {own.ref: own}, self.keys(own, *kinds)
        for _ in self.rows:
            found |= {one.ref: one for one in self.rows if keys & self.keys(one, *kinds)}
            keys |= {key for one in found.values() for key in self.keys(one, *kinds)}
        return list(found.values())

    def neighbours(self, person: Sequence[Row]) -> list[Row]:
        """Whoever carries a weak key of somebody, unless each has an address of their own and they share none."""
        found = []
        for one in self.rows:
            shared = {
                item
                for own in person
                for item in own.identifiers
                if item.key in {i.key for i in one.identifiers} and self.weak(item)
            }
            apart = self.named([one]) and self.named(person) and not any(map(self.personal, shared))
            found += [one] if shared and not apart else []
        return found

    @staticmethod
    def personal(item: Identifier) -> bool:
        """An address of somebody's own."""
        return item.kind == "email" and not item.generic

    def named(self, rows: Sequence[Row]) -> bool:
        """Whether somebody has one."""
        return any(self.personal(item) for one in rows for item in one.identifiers)

    def dating(self, own: Row) -> list[Row]:
        """Matched by e-mail, with no strong phone against it."""
        mine = self.keys(own, "phone")
        mail = self.reached(own, "email")
        return [one for one in mail if not mine or not self.keys(one, "phone") or mine & self.keys(one, "phone")]


def contacts(rows: Sequence[Row]) -> list[datetime]:
    """When somebody was in contact."""
    return [one.inbound.at for one in rows if one.inbound]


def given_(rows: Sequence[Row]) -> list[datetime]:
    """When somebody gave us their data."""
    return [one.collected for one in rows if one.collected]


@given(everybody(), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_known_of_a_record_is_what_the_rules_say(rows: list[Row], data: st.DataObject) -> None:
    """Every fact of one of the rows, on which a hold may be, too."""
    own, held = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(rows)).ref
    reference = Reference(rows)
    person = reference.reached(own, "email", "phone")
    around, dating = [*person, *reference.neighbours(person)], reference.dating(own)
    found = People(rows, ABOVE).facts(own.ref, {}, lambda one: ("H-1",) if one.ref == held else (), ())

    assert set(found.linked) == {one.ref for one in person} - {own.ref}
    last = found.inbound.moment.at if found.inbound else None
    assert last == max([*contacts(around), *given_(person)], default=None)
    anchor = found.anchored.moment.at if found.anchored else None
    assert anchor == max([*contacts(dating), *given_([own])], default=None)
    assert found.signals == frozenset().union(*(one.signals for one in around))
    assert found.loose == found.signals - frozenset().union(*(one.signals for one in dating))
    assert bool(found.open) is any(one.open for one in around)
    assert {ref for ref, _ in found.open} <= {one.ref for one in around}
    assert found.restricted is (own.restricted or any(o.restricted and "restriction" not in o.ours for o in around))
    assert found.holds == (("H-1",) if held in {one.ref for one in around} else ())
    assert found.shared is any(map(reference.weak, own.identifiers))


@given(everybody(), st.data())
@settings(max_examples=60, deadline=None)
def test_judged_again_from_the_few_rows_of_its_closure_the_same_is_known(rows: list[Row], data: st.DataObject) -> None:
    """What apply reads from the index is enough, and what it does not read changes nothing."""
    own = data.draw(st.sampled_from(rows))
    store = Store("sqlite://")
    store.index.put(rows)
    for one in rows:
        store.index.record_push(one.ref, one.ours, NOW)
    few = store.index.closure([own.ref], ABOVE)
    linked = {one.ref for one in store.index.linked([own.ref], ABOVE)}
    store.close()
    all_, again = (People(some, ABOVE).facts(own.ref, {}, lambda one: (str(one.ref),), ()) for some in (rows, few))

    assert again == all_
    assert linked == {own.ref, *all_.linked}

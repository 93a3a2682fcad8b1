"""From index rows to people: which records are one person, and what is known of that person (DESIGN §6).

Pure. A key links records only when it is strong: on few records, and no generic mailbox. A weak key links nobody, and
protects everybody who carries it (ADR 0004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.facts import Facts, Objected
from core.identity import Identifier, Kind, SubjectKey
from core.index import Row
from core.model import Channel, Ref
from core.protection import Protection, later, latest, of_neighbours, of_person, signals, together

Entries = Mapping[tuple[Channel, SubjectKey], "Entry"]
Holds = Callable[[Row], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the suppression list: on this channel, nobody with this key (SUP-04). Dates and sources, no name, no ref.

    A telephone entry may stand under an e-mail key: the person of that address does not want to be called.
    """

    channel: Channel
    key: SubjectKey
    objected_at: datetime
    source: str


class Groups:
    """Disjoint sets (union by size, path halving). What was never joined is a set of its own."""

    def __init__(self) -> None:
        self._parent: dict[Ref, Ref] = {}
        self._size: dict[Ref, int] = {}

    def find(self, item: Ref) -> Ref:
        """The representative of the set of an item."""
        parent = self._parent
        while (above := parent.get(item, item)) != item:
            parent[item] = parent.get(above, above)
            item = parent[item]
        return item

    def join(self, one: Ref, other: Ref) -> None:
        """Makes one set of two."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return
        size = self._size.get(a, 1), self._size.get(b, 1)
        if size[0] < size[1]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] = sum(size)

    def joined(self, items: Iterable[Ref]) -> dict[Ref, tuple[Ref, ...]]:
        """The sets of several among some items, by each of their members, in the order of `items`."""
        members: dict[Ref, list[Ref]] = defaultdict(list)
        for item in items:
            if item in self._parent or item in self._size:
                members[self.find(item)].append(item)
        return {item: group for group in map(tuple, members.values()) for item in group}


class People:
    """Everybody in some index rows. `rows` must hold every row of each key that the records asked about carry."""

    def __init__(self, rows: Iterable[Row], shared_above: int) -> None:
        self.rows = {row.ref: row for row in sorted(rows, key=_place)}
        self._count = self._counted()
        self._above = shared_above
        self._together = self._joined({"email", "phone"})
        self._by_email = self._joined({"email"})
        self._carriers = self._weak()
        self._known: dict[object, Protection] = {}
        self._asked: Holds | None = None
        self._held: dict[Ref, tuple[str, ...]] = {}

    def strong(self, item: Identifier) -> bool:
        """True when an identifier is one person's: few records carry it and it is no generic mailbox."""
        return not item.generic and all(self._count.get(key, 0) <= self._above for key in item.keys)

    def linked(self, ref: Ref) -> tuple[Ref, ...]:
        """The other records of the same person, sorted."""
        return tuple(item for item in self._together.get(ref, ()) if item != ref)

    def groups(self, kind: Kind) -> Iterator[list[Row]]:
        """The rows joined by strong keys of one kind only, group by group."""
        members = self._by_email if kind == "email" else self._joined({kind})
        for ref, row in self.rows.items():
            group = members.get(ref)
            if group is None:
                yield [row]
            elif group[0] == ref:
                yield [self.rows[item] for item in group]

    def facts(self, ref: Ref, entries: Entries, holds: Holds, gaps: tuple[str, ...]) -> Facts:
        """What is known of the person behind a record. `entries` is the suppression list with all that it will gain.

        Must be given the same `holds` for all records; it is asked about each row once.
        """
        own = self.rows[ref]
        known = self._protection(own, holds)
        dating = self._dating(own)
        return Facts(
            linked=self.linked(ref),
            inbound=known.inbound,
            anchored=later(latest([own], collected=True), latest(dating, collected=False)),
            signals=known.signals,
            loose=known.signals - signals(dating),
            open=known.open,
            unreadable=known.unreadable,
            objected=_objected(own, entries),
            holds=known.holds,
            restricted=own.restricted or known.restricted,
            anonymised="anonymised" in own.ours,
            requests=known.requests,
            gaps=gaps,
            shared=any(not self.strong(item) for item in own.identifiers),
            crowded=any(i.kind == "email" and not i.generic and not self.strong(i) for i in own.identifiers),
        )

    def _protection(self, own: Row, holds: Holds) -> Protection:
        """What protects the person of a row: their own records, and whoever carries a weak key of theirs."""
        if holds is not self._asked:
            self._asked, self._known = holds, {}
            self._held = {row.ref: ids for row in self.rows.values() if (ids := holds(row))}
        group = self._together.get(own.ref, (own.ref,))
        if group[0] not in self._known:
            self._known[group[0]] = self._added([self.rows[ref] for ref in group])
        return self._known[group[0]]

    def _added(self, person: list[Row]) -> Protection:
        weak = sorted({key for row in person for item in row.identifiers for key in item.keys if key in self._carriers})
        return together([of_person(person, self._held), *map(self._neighbours, weak)])

    def _neighbours(self, key: SubjectKey) -> Protection:
        if key not in self._known:
            self._known[key] = of_neighbours(self._carriers[key], self._held)
        return self._known[key]

    def _dating(self, own: Row) -> list[Row]:
        """The rows that tell when the person of a row was in contact: matched by e-mail, with no strong phone against it."""
        rows = [self.rows[item] for item in self._by_email.get(own.ref, (own.ref,))]
        mine = self._phones(own)
        if not mine or len(rows) == 1:
            return rows
        return [row for row in rows if not (theirs := self._phones(row)) or mine & theirs]

    def _phones(self, row: Row) -> set[SubjectKey]:
        return {item.key for item in row.identifiers if item.kind == "phone" and self.strong(item)}

    def _counted(self) -> dict[SubjectKey, int]:
        count: dict[SubjectKey, int] = defaultdict(int)
        for row in self.rows.values():
            for item in row.identifiers:
                for key in item.keys:
                    count[key] += 1
        return count

    def _joined(self, kinds: set[Kind]) -> dict[Ref, tuple[Ref, ...]]:
        groups, first = Groups(), dict[SubjectKey, Ref]()
        for ref, row in self.rows.items():
            for item in row.identifiers:
                if item.kind in kinds and self.strong(item):
                    for key in item.keys:
                        groups.join(first.setdefault(key, ref), ref)
        return groups.joined(self.rows)

    def _weak(self) -> dict[SubjectKey, list[Row]]:
        """Who carries each weak key."""
        rows = self.rows.values()
        carriers: dict[SubjectKey, list[Row]] = {
            key: [] for row in rows for item in row.identifiers if not self.strong(item) for key in item.keys
        }
        for row in rows if carriers else ():
            for item in row.identifiers:
                for key in item.keys:
                    if key in carriers:
                        carriers[key].append(row)
        return carriers


def _place(row: Row) -> tuple[str, str, str]:
    return row.ref.crm, row.ref.kind, row.ref.id


def _objected(row: Row, entries: Entries) -> dict[Channel, Objected]:
    """The channels on which a row's identifiers are on the list.

    A phone carries the telephone objection only; an e-mail carries every objection of its person.
    """
    found: dict[Channel, Objected] = {}
    for item in row.identifiers:
        channels: tuple[Channel, ...] = ("email", "telephone") if item.kind == "email" else ("telephone",)
        for channel in channels:
            for key in item.keys:
                entry = entries.get((channel, key))
                if entry and channel not in found:
                    found[channel] = Objected(entry.source, entry.objected_at, item.kind)
    return found

"""From index rows to people: which records are one person, and what is known of that person (DESIGN §6).

Pure. A key links records only when it is strong: on few records, and no generic mailbox. A weak key links nobody, and
protects everybody who carries it (ADR 0004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core import protection
from core.facts import Facts, Objected, Seen
from core.identity import Identifier, Kind, SubjectKey
from core.index import Row
from core.model import Channel, Ref
from core.protection import Protection

Entries = Mapping[tuple[Channel, SubjectKey], "Entry"]
Holds = Callable[[Row], tuple[str, ...]]
Dating = tuple[Seen | None, frozenset[str]]
"""The latest contact that dates a record, and what the rows that date it say of the audience."""


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
        self._frail = {ref for ref, row in self.rows.items() if not all(map(self.strong, row.identifiers))}
        self._carriers = self._weak()
        self._together = self._joined({"email", "phone"})
        self._by_email = self._joined({"email"})
        self._dates: dict[Ref, Dating | None] = {}
        self._known: dict[object, Protection] = {}
        self._asked: Holds | None = None
        self._held: dict[Ref, tuple[str, ...]] = {}

    def strong(self, item: Identifier) -> bool:
        """True when an identifier is one person's: few records carry it and it is no generic mailbox."""
        return not item.generic and max([self._count.get(key, 0) for key in item.keys]) <= self._above

    def linked(self, ref: Ref) -> tuple[Ref, ...]:
        """The other records of the same person, sorted."""
        group = self._together.get(ref)
        return tuple([item for item in group if item != ref]) if group else ()

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
        anchored, signals = self._dating(own)
        weak = [item for item in own.identifiers if not self.strong(item)] if ref in self._frail else []
        return Facts(
            linked=self.linked(ref),
            inbound=known.inbound,
            anchored=anchored,
            signals=known.signals,
            loose=known.signals - signals,
            open=known.open,
            unreadable=known.unreadable,
            objected=_objected(own, entries) if entries else {},
            holds=known.holds,
            restricted=own.restricted or known.restricted,
            anonymised="anonymised" in own.ours,
            requests=known.requests,
            gaps=gaps,
            shared=bool(weak),
            crowded=any(item.kind == "email" and not item.generic for item in weak),
        )

    def _protection(self, own: Row, holds: Holds) -> Protection:
        """What protects the person of a row: their own records, and whoever carries a weak key of theirs (ADR 0004)."""
        if holds is not self._asked:
            self._asked, self._known = holds, {}
            self._held = {row.ref: ids for row in self.rows.values() if (ids := holds(row))}
        group = self._together.get(own.ref)
        if group is None:
            return self._added([own])
        if group[0] not in self._known:
            self._known[group[0]] = self._added([self.rows[ref] for ref in group])
        return self._known[group[0]]

    def _added(self, person: list[Row]) -> Protection:
        own, named = protection.of_person(person, self._held), any(map(_named, person))
        frail = [item for row in person if row.ref in self._frail for item in row.identifiers]
        weak = {(key, named and not _personal(item)) for item in frail for key in item.keys if key in self._carriers}
        return protection.together([own, *(self._neighbours(*one) for one in sorted(weak))]) if weak else own

    def _neighbours(self, key: SubjectKey, told_apart: bool) -> Protection:
        """What whoever carries a weak key protects; without those whose own address tells them apart from the person."""
        if (key, told_apart) not in self._known:
            rows = [row for row in self._carriers[key] if not (told_apart and _named(row))]
            self._known[key, told_apart] = protection.of_neighbours(rows, self._held)
        return self._known[key, told_apart]

    def _dating(self, own: Row) -> Dating:
        """What dates a row: itself, and rows matched by e-mail with no strong phone against it."""
        start, group = protection.start(own), self._by_email.get(own.ref)
        if group is None:
            return start, own.signals
        contact, signals = self._agreed(group) or self._disputed(own, group)
        return protection.latest((start, contact)), signals

    def _agreed(self, group: tuple[Ref, ...]) -> Dating | None:
        """The contacts on all rows that one e-mail joins, when no strong phones of theirs disagree; added up once."""
        if group[0] not in self._dates:
            rows = [self.rows[ref] for ref in group]
            phones = [some for some in map(self._phones, rows) if some]
            self._dates[group[0]] = _contacts(rows) if not phones or set.intersection(*phones) else None
        return self._dates[group[0]]

    def _disputed(self, own: Row, group: tuple[Ref, ...]) -> Dating:
        rows, mine = [self.rows[ref] for ref in group], self._phones(own)
        return _contacts([row for row in rows if not mine or not (theirs := self._phones(row)) or mine & theirs])

    def _phones(self, row: Row) -> set[SubjectKey]:
        return {item.key for item in row.identifiers if item.kind == "phone" and self._joins(row, item)}

    def _joins(self, row: Row, item: Identifier) -> bool:
        return row.ref not in self._frail or self.strong(item)

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
                if item.kind in kinds and self._joins(row, item):
                    for key in item.keys:
                        if self._count[key] > 1:
                            groups.join(first.setdefault(key, ref), ref)
        return groups.joined(self.rows)

    def _weak(self) -> dict[SubjectKey, list[Row]]:
        """Who carries each weak key."""
        frail = [item for ref in self._frail for item in self.rows[ref].identifiers]
        carriers: dict[SubjectKey, list[Row]] = {
            key: [] for item in frail if not self.strong(item) for key in item.keys
        }
        for row in self.rows.values() if carriers else ():
            for item in row.identifiers:
                for key in item.keys:
                    if key in carriers:
                        carriers[key].append(row)
        return carriers


def _contacts(rows: list[Row]) -> Dating:
    return protection.latest(map(protection.contact, rows)), protection.signals(rows)


def _personal(item: Identifier) -> bool:
    return item.kind == "email" and not item.generic


def _named(row: Row) -> bool:
    """True when an address on a row is somebody's own: two of these behind one switchboard are two people."""
    return any(map(_personal, row.identifiers))


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

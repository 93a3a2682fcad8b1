"""From index rows to people: which records are one person, and what is known of that person (DESIGN §6).

Pure. A key links records only when it is strong: on few records, and no generic mailbox.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.facts import Facts, Objected, Seen
from core.identity import Identifier, Kind, SubjectKey
from core.index import Row
from core.model import Channel, Moment, Ref

Entries = Mapping[tuple[Channel, SubjectKey], "Entry"]


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
    """Disjoint sets (union by size, path halving)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}
        self._size: dict[Hashable, int] = {}

    def find(self, item: Hashable) -> Hashable:
        """The representative of the set of an item, which is its own set when it is new."""
        parent = self._parent
        if item not in parent:
            parent[item] = item
            self._size[item] = 1
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        """Makes one set of two."""
        a, b = self.find(one), self.find(other)
        if a == b:
            return
        if self._size[a] < self._size[b]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] += self._size[b]


class People:
    """Everybody in some index rows. `rows` must hold every row of each strong key that any of them carries."""

    def __init__(self, rows: Iterable[Row], shared_above: int) -> None:
        self.rows = {row.ref: row for row in rows}
        self._shared = {key for key, count in self._counts().items() if count > shared_above}
        self._all = self._grouped(lambda _: True)
        self._by_email = self._grouped(lambda item: item.kind == "email")
        self._members = self._listed(self._all)
        self._mail_members = self._listed(self._by_email)

    def strong(self, item: Identifier) -> bool:
        """True when an identifier is one person's: few records carry it and it is no generic mailbox."""
        return not item.generic and self._shared.isdisjoint(item.keys)

    def linked(self, ref: Ref) -> tuple[Ref, ...]:
        """The other records of the same person, sorted."""
        return tuple(item for item in self._members[self._all.find(ref)] if item != ref)

    def groups(self, kind: Kind) -> Iterator[list[Row]]:
        """The rows joined by strong keys of one kind only, group by group."""
        members = self._mail_members if kind == "email" else self._listed(self._grouped(lambda i: i.kind == "phone"))
        for refs in members.values():
            yield [self.rows[ref] for ref in refs]

    def facts(
        self,
        ref: Ref,
        entries: Entries,
        holds: Callable[[Row], tuple[str, ...]],
        gaps: tuple[str, ...],
    ) -> Facts:
        """What is known of the person behind a record. `entries` is the suppression list with all that it will gain."""
        own = self.rows[ref]
        person = [self.rows[item] for item in self._members[self._all.find(ref)]]
        dating = self._dating(own)
        return Facts(
            linked=self.linked(ref),
            inbound=_latest(person, collected=True),
            anchored=_latest([own], collected=True, also=_latest(dating, collected=False)),
            signals=_signals(person),
            loose=_signals(person) - _signals(dating),
            open=tuple((row.ref, kind) for row in person for kind in row.open),
            unreadable=tuple((row.ref, source) for row in person for source in row.unreadable),
            objected=_objected(own, entries),
            holds=tuple(sorted({hold for row in person for hold in holds(row)})),
            restricted=any(row.restricted and (row is own or "restriction" not in row.ours) for row in person),
            anonymised="anonymised" in own.ours,
            requests=tuple(sorted({request for row in person for request in row.requests})),
            gaps=gaps,
            shared=any(not self.strong(item) for item in own.identifiers),
            crowded=any(i.kind == "email" and not i.generic and not self.strong(i) for i in own.identifiers),
        )

    def _dating(self, own: Row) -> list[Row]:
        """The rows that tell when the person of a row was in contact: matched by e-mail, with no strong phone against it."""
        rows = [self.rows[item] for item in self._mail_members[self._by_email.find(own.ref)]]
        mine = self._phones(own)
        if not mine or len(rows) == 1:
            return rows
        return [row for row in rows if not (theirs := self._phones(row)) or mine & theirs]

    def _phones(self, row: Row) -> set[SubjectKey]:
        return {item.key for item in row.identifiers if item.kind == "phone" and self.strong(item)}

    def _counts(self) -> dict[SubjectKey, int]:
        count: dict[SubjectKey, int] = defaultdict(int)
        for row in self.rows.values():
            for item in row.identifiers:
                for key in item.keys:
                    count[key] += 1
        return count

    def _grouped(self, wanted: Callable[[Identifier], bool]) -> Groups:
        groups = Groups()
        for row in self.rows.values():
            groups.find(row.ref)
            for item in row.identifiers:
                if wanted(item) and self.strong(item):
                    for key in item.keys:
                        groups.join(row.ref, key)
        return groups

    def _listed(self, groups: Groups) -> dict[Hashable, list[Ref]]:
        members: dict[Hashable, list[Ref]] = defaultdict(list)
        for ref in sorted(self.rows):
            members[groups.find(ref)].append(ref)
        return members


def _signals(rows: list[Row]) -> frozenset[str]:
    return frozenset(signal for row in rows for signal in row.signals)


def _latest(rows: list[Row], *, collected: bool, also: Seen | None = None) -> Seen | None:
    """The latest contact from the person on some rows; giving us their data is one, when `collected` counts."""
    seen = [Seen(row.inbound, row.ref) for row in rows if row.inbound]
    if collected:
        seen += [Seen(Moment(row.collected, "collected"), row.ref) for row in rows if row.collected]
    return max([*seen, *([also] if also else [])], key=lambda item: (item.moment, item.ref), default=None)


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

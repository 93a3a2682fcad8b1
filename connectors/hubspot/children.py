"""What hangs on a contact and goes with it (§2.4, §12.8): its own notes, activities and e-mails.

A child that is also linked to another person, company, deal or ticket stays: only its link goes. Every call that removes is
sent once; after a wait or a broken connection children and contacts are looked at before it is sent again (ADR 0007).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from connectors.hubspot.answers import Json
from connectors.hubspot.client import Client
from connectors.hubspot.evidence import CONTACTS, Evidence, Look, differs
from connectors.hubspot.records import values, version
from connectors.hubspot.writing import surely

CHILDREN: Mapping[str, tuple[str, ...]] = {
    "notes": ("notes",),
    "activities": ("calls", "tasks", "meetings"),
    "emails": ("emails",),
}
OWNERS = ("companies", "deals", "tickets")
ATTACHED = "hs_attachment_ids"
_BINNED = "in the recycle bin for 90 days"
_PURGED = "deleted for good"
_SHARED = "kept with other records, link removed"
_FILES = "kept: HubSpot does not tell what else uses them"


def kinds(cascade: Iterable[str]) -> tuple[str, ...]:
    """The kinds of children that a cascade names."""
    chosen = set(cascade)
    return tuple(kind for name, found in CHILDREN.items() if name in chosen for kind in found)


@dataclass(slots=True)
class Children:
    """Takes the children of some contacts along, as the first look showed them; no two of the contacts may share one.

    `left` are contacts that changed meanwhile, or whose children did: nothing more of theirs goes, and they stay.
    """

    client: Client
    evidence: Evidence
    before: Look
    left: set[str] = field(default_factory=set)
    _deeds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, ids: Collection[str], cascade: Collection[str]) -> None:
        """Every kind is read before the first child goes: what may not be read refuses the whole."""
        rows = {kind: self.client.read(kind, self._linked(kind, ids), (ATTACHED,)) for kind in kinds(cascade)}
        for kind, found in rows.items():
            self._take(kind, ids, found, files="files" in cascade)

    def taken(self, id: str) -> str:
        """What became of the children of a contact; empty when none was touched."""
        told = [f"{count} {what}" for what, count in sorted(self._deeds[id].items())]
        files = sorted(self._files[id], key=int)
        return "; ".join([*told, *([f"files {', '.join(files)} {_FILES}"] if files else [])])

    def moved(self, id: str, now: Look) -> bool:
        """True when a contact is not what it was at the first look. Taking its children moves its stamp."""
        if id not in now.rows or id in self.left:
            return True
        stamped = not self._deeds[id] and version(now.rows[id]) != version(self.before.rows[id])
        return stamped or differs(self.before, now, id)

    def look_again(self, ids: Collection[str]) -> None:
        """Leaves the contacts that are no more what they were."""
        now = self.evidence.look(ids, whole=True)
        self.left |= {id for id in ids if self.moved(id, now)}

    def _linked(self, kind: str, ids: Iterable[str]) -> dict[str, str]:
        """The contact of each child."""
        return {child: id for id in ids if id not in self.left for child in self.before.children[kind][id]}

    def _take(self, kind: str, ids: Collection[str], rows: Mapping[str, Json], *, files: bool) -> None:
        """One kind: its own ones, then the links of shared ones."""
        parents = {child: id for child, id in self._linked(kind, ids).items() if child in rows}
        own = self._own(kind, parents)
        gone = self._archive(kind, {child: parents[child] for child in sorted(own)}, rows)
        what = f"{kind} {_PURGED if kind == 'emails' else _BINNED}"
        for child in gone:
            self._deeds[parents[child]][what] += 1
            if files:
                self._files[parents[child]] |= _attached(rows[child])
        self._unlink(kind, {child: id for child, id in parents.items() if child not in own and id not in self.left})

    def _own(self, kind: str, parents: Mapping[str, str]) -> set[str]:
        """The children that belong to nobody but their contact."""
        if not parents:
            return set()
        people = self.client.links(kind, CONTACTS, parents)
        owned = [self.client.links(kind, owner, parents) for owner in OWNERS]
        return {
            child
            for child, id in parents.items()
            if set(people[child]) == {id} and not any(links[child] for links in owned)
        }

    def _archive(self, kind: str, parents: Mapping[str, str], rows: Mapping[str, Json]) -> set[str]:
        """Answers the children that are gone."""
        kept: set[str] = set()

        def again(children: list[str]) -> list[str]:
            there = self.client.read(kind, children, ())
            own = self._own(kind, {child: parents[child] for child in there})
            same = {child for child in own if version(there[child]) == version(rows[child])}
            self.left |= {parents[child] for child in there if child not in same}
            self.look_again({parents[child] for child in there})
            kept.update(child for child in there if parents[child] in self.left)
            return [child for child in there if child not in kept]

        surely(lambda children: self.client.archive(kind, children), list(parents), again)
        return set(parents) - kept

    def _unlink(self, kind: str, parents: Mapping[str, str]) -> None:
        kept: set[str] = set()

        def again(children: list[str]) -> list[str]:
            ids = {parents[child] for child in children}
            linked = self.client.links(CONTACTS, kind, ids)
            there = [child for child in children if child in linked[parents[child]]]
            self.look_again({parents[child] for child in there})
            kept.update(child for child in there if parents[child] in self.left)
            return [child for child in there if child not in kept]

        def send(children: list[str]) -> None:
            self.client.unlink(CONTACTS, kind, [(parents[child], child) for child in children])

        surely(send, list(parents), again)
        for child in set(parents) - kept:
            self._deeds[parents[child]][f"{kind} {_SHARED}"] += 1


def _attached(row: Json) -> set[str]:
    """The files of a child that goes. They stay: another note, a file property or a page may use them, and a file is deleted
    for good; but nothing else leads to them any more."""
    return {file.strip() for file in values(row).get(ATTACHED, "").split(";") if file.strip().isdecimal()}

"""Lifting an objection on proof of a later opt-in (SUP-11): what was typed, and the person's own addresses with it.

Fails closed: a phone is often a household's, a crowded or generic address an office's; neither is lifted unless it was
typed, as somebody else's objection may stand behind the same entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.identity import Identifier
from core.index import Row
from core.judge import Judge
from core.model import Channel, Ref
from core.people import Entries, Entry, People
from core.store.store import Store


@dataclass(frozen=True, slots=True)
class Lifted:
    """What came of it. `remaining` entries on the same records still block; `standing` is where a flag of ours is left."""

    entries: tuple[Entry, ...]
    remaining: int
    standing: Mapping[Ref, tuple[Channel, ...]]


def lift(
    store: Store,
    judge: Judge,
    typed: Sequence[Identifier],
    channels: Sequence[Channel],
    proof: Mapping[str, str],
    now: datetime,
) -> Lifted:
    """Takes identifiers off the list for some channels; `proof` goes into the ledger with every key that was lifted.

    Our flags that stand without an objection from now on are no source, unless something newer shows beside them.
    """
    with store.transaction():
        refs = store.index.carriers({key for item in typed for key in item.keys})
        people = judge.people(store.index.closure(refs, judge.shared_above))
        gone: list[Entry] = []
        rows: dict[Ref, Row] = {}
        for item in typed:
            own = _own(people, item)
            entries = _taken_off(store, _meant(people, item, own), channels)
            lines = [[entry.channel, str(entry.key)] for entry in entries]
            store.ledger.append(now, "list", {"do": "lift", "key": str(item.key), "lifted": lines, **proof})
            gone += entries
            rows |= {row.ref: row for row in own}
        listed = store.suppression.listed_for(rows.values())
        standing = _standing(people, rows.values(), listed, channels)
        for ref, marks in standing.items():
            store.index.lift_pushes(ref, marks, now)
    return Lifted(tuple(gone), sum(channel in channels for channel, _ in listed), standing)


def _own(people: People, item: Identifier) -> list[Row]:
    """The records of an identifier: joined by strong e-mails when it is one, else just those that carry it."""
    carriers = [
        row for row in people.rows.values() if any(set(item.keys) & set(other.keys) for other in row.identifiers)
    ]
    if not _tells(people, item):
        return carriers
    refs = {row.ref for row in carriers}
    return [row for rows in people.groups("email") if any(row.ref in refs for row in rows) for row in rows]


def _tells(people: People, item: Identifier) -> bool:
    """True of an address that is one person's."""
    return item.kind == "email" and people.strong(item)


def _meant(people: People, item: Identifier, own: Iterable[Row]) -> list[Identifier]:
    """An identifier, and when it is one person's address, that person's other ones."""
    others = [other for row in own for other in row.identifiers] if _tells(people, item) else []
    return [*dict.fromkeys([item, *(other for other in others if _tells(people, other))])]


def _taken_off(store: Store, items: Iterable[Identifier], channels: Sequence[Channel]) -> list[Entry]:
    gone: list[Entry] = []
    for item in items:
        gone += [entry for entry in store.suppression.matching(item) if entry.channel in channels]
        for channel in channels:
            store.suppression.lift(channel, item)
    return gone


def _standing(
    people: People, rows: Iterable[Row], listed: Entries, channels: Sequence[Channel]
) -> dict[Ref, tuple[Channel, ...]]:
    """The channels that some records are closed on by us, and by no entry any more."""
    found: dict[Ref, tuple[Channel, ...]] = {}
    for row in rows:
        objected = people.facts(row.ref, listed, lambda _: (), ()).objected
        found[row.ref] = tuple(channel for channel in channels if channel in row.ours and channel not in objected)
    return {ref: marks for ref, marks in sorted(found.items()) if marks}

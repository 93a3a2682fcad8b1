"""Legal holds follow their people: beside what was named stand the strong keys of everybody a hold reaches (RET-24).

A record that is merged, or deleted and made anew, has another id; an address or a number is what is left of the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.identity import SubjectKey
from core.index import Row
from core.judge import Judge
from core.model import Ref
from core.people import People
from core.store.holds import Hold
from core.store.store import Store


def follow(store: Store, judge: Judge, now: datetime, unread: Sequence[Row] = ()) -> None:
    """Adds to the holds in force the strong keys that their people show by now; the ledger says which.

    `unread` are rows that the index may not have yet. Generic mailboxes and keys on too many records are not taken: a hold
    on one person would freeze a company. What was taken once stays, also when it gets shared later.
    """
    holds = store.holds.in_force()
    if not holds:
        return
    with store.transaction():
        people = judge.people(_reached(store, judge, holds, unread))
        gained = {hold.id: keys for hold in holds if (keys := _lacking(people, hold))}
        if gained:
            store.ledger.append(now, "hold", {"do": "follow", "added": gained})
            store.holds.extend(gained, now)


def bare(row: Row, hold: Hold) -> bool:
    """True when a hold is on a record by its id alone."""
    return hold.targets.isdisjoint(_names(row))


def _names(row: Row) -> list[str]:
    return [str(key) for item in row.identifiers for key in item.keys]


def _reached(store: Store, judge: Judge, holds: Iterable[Hold], unread: Sequence[Row]) -> list[Row]:
    """The rows of everybody whom some holds are on, and of whom `unread` are."""
    targets = {target for hold in holds for target in hold.targets}
    keys = {target: key for target in targets if (key := SubjectKey.find(target))}
    own = {key for row in unread for item in row.identifiers if not item.generic for key in item.keys}
    refs = {*map(Ref.parse, targets - set(keys)), *store.index.carriers({*keys.values(), *own})}
    rows = {row.ref: row for row in unread}
    return [*(rows | {row.ref: row for row in store.index.closure(refs, judge.shared_above)}).values()]


def _lacking(people: People, hold: Hold) -> list[str]:
    """The strong keys of a hold's people that it does not have; a shared key that it is on leads to nobody."""
    targets = hold.targets
    led = [row for row in people.rows.values() if str(row.ref) in targets or _strongly(people, row, targets)]
    person = {ref for row in led for ref in (row.ref, *people.linked(row.ref))}
    items = [item for ref in person for item in people.rows[ref].identifiers if people.strong(item)]
    return sorted({str(item.key) for item in items if targets.isdisjoint(map(str, item.keys))})


def _strongly(people: People, row: Row, targets: frozenset[str]) -> bool:
    strong = (item for item in row.identifiers if people.strong(item))
    return any(not targets.isdisjoint(map(str, item.keys)) for item in strong)

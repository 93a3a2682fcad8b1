"""Objections that are on no list yet: before what shows them is lost they go onto it, unless too many came at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core import brakes
from core.brakes import Brakes
from core.identity import SubjectKey
from core.judge import Judge
from core.model import Ref
from core.objections import Known, objectors, only, spread
from core.outcomes import Outcomes
from core.people import People
from core.store.store import Store


class Unlisted:
    """Looks after the objections of one reading or one plan. `live` are the ids of the HMAC keys in force.

    `listed` counts the entries that were new. An objection that is never listed before its record goes is lost for good:
    the person would come back unknown (SUP-01, SUP-07).
    """

    def __init__(self, store: Store, judge: Judge, limits: Brakes, live: Collection[str]) -> None:
        self._store = store
        self._judge = judge
        self._limits = limits
        self.live = live
        self._turned: set[Ref] | None = None
        self.listed = 0

    def before_erasing(self, refs: Sequence[Ref], now: datetime) -> frozenset[Ref]:
        """Lists what the people of some records object to, read again just now; answers those who must not be erased.

        These are the people with an objection that the brake on a jump of objections keeps off the list.
        """
        people = self._people(refs)
        listed = self._store.suppression.listed_for(people.rows.values())
        return self._secure(people, refs, spread(people, listed, now), now)

    def before_forgetting(self, refs: Sequence[Ref], now: datetime) -> frozenset[Ref]:
        """Lists what only the rows of records that are gone still give; answers the rows that the brake makes us keep."""
        people = self._people(refs)
        listed = self._store.suppression.listed_for(people.rows.values())
        rest = self._judge.people(row for ref, row in people.rows.items() if ref not in set(refs))
        return self._secure(people, refs, only(people, rest, listed, now), now)

    def _people(self, refs: Sequence[Ref]) -> People:
        return self._judge.people(self._store.index.closure(refs, self._judge.shared_above))

    def _secure(self, people: People, refs: Sequence[Ref], new: Known, now: datetime) -> frozenset[Ref]:
        carried = {ref: set(_keys(people, ref)) for ref in refs} if new else {}
        theirs = set[SubjectKey]().union(*carried.values())
        late = {place: entry for place, entry in new.items() if entry.key in theirs and entry.key.key_id in self.live}
        if not late:
            return frozenset()
        if self._jumped(people, late, now):
            held = {entry.key for entry in late.values()}
            return frozenset(ref for ref, keys in carried.items() if not keys.isdisjoint(held))
        entries = [replace(entry, objected_at=min(entry.objected_at, now)) for entry in late.values()]
        self.listed += Outcomes(self._store).list_entries(entries, now)
        return frozenset()

    def _jumped(self, people: People, late: Known, now: datetime) -> bool:
        """The brake on a jump of objections, over everybody: what a plan would have been stopped by is not done piecemeal."""
        if self._turned is None:
            everybody = self._judge.people(self._store.index.rows())
            new = spread(everybody, self._store.suppression.listed(), now)
            self._turned = set(objectors(everybody, new))
        self._turned.update(objectors(people, late))
        before = self._store.index.expected()
        known = brakes.Known(
            records={place: self._store.index.count(*place) for place in before},
            before=before,
            objecting=Counter(ref.crm for ref in self._turned),
            policy_seen=True,
        )
        return any(brakes.jump(known, self._limits))


def _keys(people: People, ref: Ref) -> Iterator[SubjectKey]:
    """The keys of everybody whom a record is one person with."""
    rows = (people.rows[one] for one in (ref, *people.linked(ref)) if one in people.rows)
    yield from (key for row in rows for item in row.identifiers for key in item.keys)

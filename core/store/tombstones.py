"""The tombstones at rest: keyed hashes of erased people with date and rule, so that who comes back can be told (RET-26)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, update

from core.identity import Identifier, SubjectKey
from core.model import Ref
from core.periods import Period
from core.returns import Erasure
from core.store.database import Database, batched
from core.store.tables import record_key, tombstone


class Tombstones:
    """Kept for a stated period. One that is not `standing` yet says that somebody of the identifier may still be there."""

    def __init__(self, database: Database, keep: Period) -> None:
        self._database = database
        self._keep = keep

    def add(self, identifiers: Iterable[Identifier], rule: str, now: datetime) -> None:
        """Remembers that the people of these identifiers were erased by a rule."""
        until = self._keep.after(now)
        self._put([{**_key(item.key), "rule": rule, "erased_at": now, "until": until} for item in identifiers])

    def standing(self, now: datetime) -> dict[SubjectKey, tuple[Erasure, ...]]:
        """Every erasure whose period has not passed, by identifier."""
        found: dict[SubjectKey, tuple[Erasure, ...]] = defaultdict(tuple)
        for line in self._database.rows(select(tombstone).where(tombstone.c.until >= now)):
            erasure = Erasure(line.rule, line.erased_at, frozenset(line.absent_from or ()))
            found[SubjectKey(line.kind, line.key_id, line.digest)] += (erasure,)
        return dict(found)

    def note_absence(self, erased: Collection[Ref], crms: Iterable[str]) -> None:
        """Notes whom none of these CRMs, all of them just read whole, has any more; `erased` are the records that went.

        Whoever is still on another record, held or refused or kept by a longer rule, was never gone and cannot come back.
        """
        columns = (tombstone.c.digest, record_key.c.crm, record_key.c.kind, record_key.c.id)
        carried = record_key.c.digest == tombstone.c.digest
        query = select(*columns).outerjoin_from(tombstone, record_key, carried)
        lines = self._database.rows(query.where(tombstone.c.absent_from.is_(None)))
        there = {line.digest for line in lines if line.id and Ref(line.crm, line.kind, line.id) not in erased}
        absent = update(tombstone).where(tombstone.c.absent_from.is_(None)).values(absent_from=sorted(crms))
        for part in batched(sorted({line.digest for line in lines} - there)):
            self._database.execute(absent.where(tombstone.c.digest.in_(part)))

    def rekey(self, identifiers: Iterable[Identifier]) -> int:
        """Moves tombstones under an old key to the current one, for identifiers that were just seen. Answers how many."""
        moves = {old: item.key for item in identifiers for old in item.keys[1:]}
        moved = 0
        with self._database.transaction():
            for part in batched([old.digest for old in moves]):
                where = tombstone.c.digest.in_(part)
                lines = self._database.rows(select(tombstone).where(where))
                self._database.execute(delete(tombstone).where(where))
                self._put(
                    [
                        {**line._mapping, **_key(moves[SubjectKey(line.kind, line.key_id, line.digest)])}
                        for line in lines
                    ]
                )
                moved += len(lines)
        return moved

    def purge(self, now: datetime) -> int:
        """Forgets those whose stated period has passed."""
        return self._database.execute(delete(tombstone).where(tombstone.c.until < now)).rowcount

    def count(self) -> int:
        """How many there are."""
        return int(self._database.rows(select(func.count()).select_from(tombstone))[0][0])

    def _put(self, lines: list[dict[str, object]]) -> None:
        """Writes tombstones; of two by one rule the later erasure stands."""
        if not lines:
            return
        statement = self._database.insert(tombstone)
        keys = [column.name for column in tombstone.primary_key]
        latest = {name: statement.excluded[name] for name in ("erased_at", "until", "absent_from")}
        later = statement.excluded.erased_at >= tombstone.c.erased_at
        upsert = statement.on_conflict_do_update(index_elements=keys, set_=latest, where=later)
        self._database.execute(upsert, [{"absent_from": None, **line} for line in lines])


def _key(key: SubjectKey) -> dict[str, object]:
    return {"kind": key.kind, "key_id": key.key_id, "digest": key.digest}

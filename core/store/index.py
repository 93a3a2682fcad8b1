"""The index at rest: one pseudonymised row a record, and which marks on it we made ourselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, true, update

from core.identity import Identifier, SubjectKey
from core.index import Row
from core.model import Channel, Mark, Moment, Objection, Ref
from core.store.database import Database, batched
from core.store.tables import push, record, record_key, scan

Part = tuple[str, str, Sequence[str]]


class Index:
    """The rows of every record that a scan or a read has seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_scan(self, crm: str, kind: str, now: datetime) -> int:
        """Notes that a scan of a kind begins; answers its id."""
        values = {"crm": crm, "kind": kind, "started_at": now, "records": 0}
        done = self._database.execute(scan.insert().values(**values))
        assert done.inserted_primary_key is not None
        return int(done.inserted_primary_key[0])

    def end_scan(self, scan_id: int, crm: str, kind: str, now: datetime, spared: Collection[Ref] = ()) -> int:
        """Closes a scan that was complete: rows it did not see are forgotten, but for those to be spared.

        Answers how many records there are.
        """
        with self._database.transaction():
            place = and_(record.c.crm == crm, record.c.kind == kind)
            stale = select(record.c.id).where(place, record.c.scan_id != scan_id)
            gone = [Ref(crm, kind, line.id) for line in self._database.rows(stale)]
            self.forget([ref for ref in gone if ref not in spared])
            count = self.count(crm, kind) - sum(ref in spared for ref in gone)
            self._database.execute(update(scan).where(scan.c.id == scan_id).values(ended_at=now, records=count))
        return count

    def last_counts(self, before: Collection[int]) -> dict[tuple[str, str], int]:
        """How many records each (CRM, kind) had at its last whole scan, leaving out the scans given."""
        query = select(scan).where(scan.c.ended_at.is_not(None), scan.c.id.not_in(list(before))).order_by(scan.c.id)
        return {(row.crm, row.kind): row.records for row in self._database.rows(query)}

    def count(self, crm: str, kind: str) -> int:
        """How many rows a (CRM, kind) has."""
        where = and_(record.c.crm == crm, record.c.kind == kind)
        return int(self._database.rows(select(func.count()).select_from(record).where(where))[0][0])

    def any_restricted(self, crm: str) -> bool:
        """True when a record of a CRM was restricted when it was last seen."""
        where = and_(record.c.crm == crm, record.c.restricted.is_(True))
        return bool(self._database.rows(select(record.c.id).where(where).limit(1)))

    def put(self, rows: Sequence[Row], scan_id: int = 0) -> None:
        """Writes rows, new or again. `scan_id` 0 keeps the scan they were seen in; when they were first seen stays."""
        if not rows:
            return
        with self._database.transaction():
            statement = self._database.insert(record)
            kept = {"crm", "kind", "id", "first_seen"} | (set() if scan_id else {"scan_id"})
            changed = {column.name: statement.excluded[column.name] for column in record.c if column.name not in kept}
            self._database.execute(
                statement.on_conflict_do_update(index_elements=["crm", "kind", "id"], set_=changed),
                [_flat(row, scan_id) for row in rows],
            )
            for part in _parts([row.ref for row in rows]):
                self._database.execute(delete(record_key).where(_at(record_key, part)))
            keys = [line for row in rows for line in _key_lines(row)]
            if keys:
                self._database.execute(record_key.insert(), keys)

    def forget(self, refs: Sequence[Ref]) -> None:
        """Drops rows, with their keys and marks."""
        for part in _parts(refs):
            for table in (record_key, push, record):
                self._database.execute(delete(table).where(_at(table, part)))

    def rows(self) -> Iterator[Row]:
        """Every row, by account, kind and id."""
        yield from self._loaded(None)

    def get(self, refs: Sequence[Ref]) -> list[Row]:
        """The rows of some refs, as far as there are any."""
        return [row for part in _parts(refs) for row in self._loaded(part)]

    def closure(self, refs: Iterable[Ref], shared_above: int) -> list[Row]:
        """The rows of some refs and of everybody they are linked to, key by key.

        A key on more records than `shared_above` links nothing and is not followed; one record more than that many is
        still read, so that its being shared shows.
        """
        found: dict[Ref, Row] = {}
        witnesses: set[Ref] = set()
        followed: set[SubjectKey] = set()
        wanted = set(refs)
        while wanted:
            rows = self.get(sorted(wanted))
            found |= {row.ref: row for row in rows}
            keys = {key for row in rows for i in row.identifiers if not i.generic for key in i.keys} - followed
            followed |= keys
            shared = self._shared(sorted(keys), shared_above)
            wanted = set(self.carriers(keys - shared)) - set(found)
            witnesses |= {ref for key in sorted(shared) for ref in self._some_carriers(key, shared_above + 1)}
        return [*found.values(), *self.get(sorted(witnesses - set(found)))]

    def pushed(self, refs: Sequence[Ref]) -> dict[Ref, frozenset[Mark]]:
        """The marks that we made ourselves, by ref."""
        found: dict[Ref, frozenset[Mark]] = {}
        for part in _parts(refs):
            found |= self._marks(part)
        return found

    def record_push(self, ref: Ref, marks: Iterable[Mark], now: datetime) -> None:
        """Notes that we make these marks: a flag is no source of an objection then, a restriction no request of Art. 18."""
        lines = [{"crm": ref.crm, "kind": ref.kind, "id": ref.id, "channel": item, "pushed_at": now} for item in marks]
        if lines:
            self._database.execute(self._database.insert(push).on_conflict_do_nothing(), lines)

    def drop_push(self, ref: Ref, mark: Mark) -> None:
        """Forgets a mark that no longer shows: the next time it does, somebody else made it."""
        where = and_(push.c.crm == ref.crm, push.c.kind == ref.kind, push.c.id == ref.id, push.c.channel == mark)
        self._database.execute(delete(push).where(where))

    def lift_pushes(self, identifier: Identifier, channels: Iterable[Channel], now: datetime) -> None:
        """Retires our pushes on every record of an identifier: its flag stays no source, and is pushed no more (SUP-11)."""
        for ref in self.carriers(identifier.keys):
            where = (
                push.c.crm == ref.crm,
                push.c.kind == ref.kind,
                push.c.id == ref.id,
                push.c.channel.in_(list(channels)),
            )
            self._database.execute(update(push).where(*where).values(lifted_at=now))

    def carriers(self, keys: Collection[SubjectKey]) -> list[Ref]:
        """The records that carry any of these keys, sorted."""
        query = select(record_key.c.crm, record_key.c.kind, record_key.c.id)
        found = (
            self._database.rows(query.where(record_key.c.digest.in_(part)))
            for part in batched(sorted(key.digest for key in keys))
        )
        return sorted({Ref(line.crm, line.kind, line.id) for lines in found for line in lines})

    def _shared(self, keys: Sequence[SubjectKey], above: int) -> set[SubjectKey]:
        """Those of some keys that more records carry than `above`; a record carries a key once."""
        by_digest = {key.digest: key for key in keys}
        count = select(record_key.c.digest).group_by(record_key.c.digest).having(func.count() > above)
        found = (self._database.rows(count.where(record_key.c.digest.in_(part))) for part in batched(list(by_digest)))
        return {by_digest[line.digest] for lines in found for line in lines}

    def _some_carriers(self, key: SubjectKey, many: int) -> Iterator[Ref]:
        query = select(record_key.c.crm, record_key.c.kind, record_key.c.id)
        for line in self._database.rows(query.where(record_key.c.digest == key.digest).limit(many)):
            yield Ref(line.crm, line.kind, line.id)

    def _marks(self, part: Part | None) -> dict[Ref, frozenset[Mark]]:
        """The marks of ours on some records, on all when none are named."""
        found: dict[Ref, set[Mark]] = defaultdict(set)
        for line in self._database.rows(select(push).where(_at(push, part))):
            found[Ref(line.crm, line.kind, line.id)].add(line.channel)
        return {ref: frozenset(marks) for ref, marks in found.items()}

    def _loaded(self, part: Part | None) -> Iterator[Row]:
        keys: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
        columns = (record_key.c.crm, record_key.c.kind, record_key.c.id)
        query = select(record_key).order_by(*columns, record_key.c.place, record_key.c.rank)
        for line in self._database.rows(query.where(_at(record_key, part))):
            keys[line.crm, line.kind, line.id].append(line)
        marks = self._marks(part)
        query = select(record).order_by(record.c.crm, record.c.kind, record.c.id)
        for line in self._database.rows(query.where(_at(record, part))):
            ref = Ref(line.crm, line.kind, line.id)
            yield _row(ref, line, keys.get((line.crm, line.kind, line.id), []), marks.get(ref, frozenset()))


def _parts(refs: Iterable[Ref]) -> Iterator[Part]:
    """Some refs as account, kind and ids, in pieces small enough for one statement."""
    for (crm, kind), group in groupby(sorted(refs), key=lambda ref: (ref.crm, ref.kind)):
        yield from ((crm, kind, ids) for ids in batched([ref.id for ref in group]))


def _at(table: Table, part: Part | None) -> ColumnElement[bool]:
    """The lines of a piece, found by the primary key: a comparison of row values would read the whole table in SQLite."""
    if part is None:
        return true()
    crm, kind, ids = part
    return and_(table.c.crm == crm, table.c.kind == kind, table.c.id.in_(ids))


def _flat(row: Row, scan_id: int) -> dict[str, Any]:
    return {
        "crm": row.ref.crm,
        "kind": row.ref.kind,
        "id": row.ref.id,
        "version": row.version,
        "collected": row.collected,
        "origin": row.origin,
        "imported": row.imported,
        "inbound_at": row.inbound.at if row.inbound else None,
        "inbound_source": row.inbound.source if row.inbound else None,
        "unreadable": list(row.unreadable),
        "signals": sorted(row.signals),
        "open": list(row.open),
        "objections": [[i.channel, i.source, i.at.isoformat() if i.at else None] for i in row.objections],
        "suppressed": sorted(row.suppressed),
        "restricted": row.restricted,
        "requests": list(row.requests),
        "scan_id": scan_id,
        "first_seen": row.first_seen,
    }


def _key_lines(row: Row) -> Iterator[dict[str, Any]]:
    for place, item in enumerate(row.identifiers):
        for rank, key in enumerate(item.keys):
            yield {
                "crm": row.ref.crm, "kind": row.ref.kind, "id": row.ref.id, "place": place, "rank": rank,
                "key_kind": key.kind, "key_id": key.key_id, "digest": key.digest, "generic": item.generic,
            }  # fmt: skip


def _row(ref: Ref, line: Any, keys: list[Any], ours: frozenset[Mark]) -> Row:
    places: dict[int, list[Any]] = defaultdict(list)
    for key in keys:
        places[key.place].append(key)
    return Row(
        ref=ref,
        version=line.version,
        identifiers=tuple(
            Identifier(tuple(SubjectKey(k.key_kind, k.key_id, k.digest) for k in group), group[0].generic)
            for group in places.values()
        ),
        collected=line.collected,
        origin=line.origin,
        imported=line.imported,
        inbound=Moment(line.inbound_at, line.inbound_source) if line.inbound_at else None,
        unreadable=tuple(line.unreadable),
        signals=frozenset(line.signals),
        open=tuple(line.open),
        objections=tuple(
            Objection(channel, source, datetime.fromisoformat(at) if at else None)
            for channel, source, at in line.objections
        ),
        suppressed=frozenset(line.suppressed),
        restricted=line.restricted,
        requests=tuple(line.requests),
        ours=ours,
        first_seen=line.first_seen,
    )

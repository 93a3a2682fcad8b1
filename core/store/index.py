"""The index at rest: one pseudonymised row a record, and which channels of it we suppressed ourselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, tuple_, update

from core.identity import Identifier, SubjectKey
from core.index import Row
from core.model import Channel, Moment, Objection, Ref
from core.store.database import Database
from core.store.tables import push, record, record_key, scan

_BATCH = 400


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

    def end_scan(self, scan_id: int, crm: str, kind: str, now: datetime, kept: Collection[Ref] = ()) -> int:
        """Closes a scan that was complete: rows it did not see are forgotten, save those that are still evidence.

        Answers how many records there are.
        """
        with self._database.transaction():
            stale = and_(record.c.crm == crm, record.c.kind == kind, record.c.scan_id != scan_id)
            gone = [Ref(line.crm, line.kind, line.id) for line in self._database.rows(select(record).where(stale))]
            self.forget([ref for ref in gone if ref not in kept])
            count = self.count(crm, kind) - sum(ref in kept for ref in gone)
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
        """Writes rows, new or again. `scan_id` 0 keeps the scan they were seen in."""
        if not rows:
            return
        with self._database.transaction():
            statement = self._database.insert(record)
            kept = {name for name in ("crm", "kind", "id") if scan_id} or {"crm", "kind", "id", "scan_id"}
            changed = {column.name: statement.excluded[column.name] for column in record.c if column.name not in kept}
            self._database.execute(
                statement.on_conflict_do_update(index_elements=["crm", "kind", "id"], set_=changed),
                [_flat(row, scan_id) for row in rows],
            )
            self._forget_keys([row.ref for row in rows])
            keys = [line for row in rows for line in _key_lines(row)]
            if keys:
                self._database.execute(record_key.insert(), keys)

    def forget(self, refs: Sequence[Ref]) -> None:
        """Drops rows, with their keys and pushes."""
        self._forget_keys(refs)
        for table in (record, push):
            for part in _parts(refs):
                self._database.execute(delete(table).where(tuple_(table.c.crm, table.c.kind, table.c.id).in_(part)))

    def rows(self) -> Iterator[Row]:
        """Every row, by account, kind and id."""
        yield from self._loaded(None)

    def get(self, refs: Sequence[Ref]) -> list[Row]:
        """The rows of some refs, as far as there are any."""
        return [row for part in _parts(refs) for row in self._loaded(part)]

    def closure(self, refs: Iterable[Ref], shared_above: int) -> list[Row]:
        """The rows of some refs and of everybody they can be linked to, key by key.

        A key on more records than `shared_above` links nothing and is not followed; one record more than that many is
        still read, so that its being shared shows.
        """
        found: dict[Ref, Row] = {}
        followed: set[SubjectKey] = set()
        wanted = set(refs)
        while wanted:
            rows = [row for row in self.get(sorted(wanted)) if row.ref not in found]
            found |= {row.ref: row for row in rows}
            keys = {item.key for row in rows for item in row.identifiers} - followed
            followed |= keys
            wanted = self._carriers(sorted(keys), shared_above) - set(found)
        return list(found.values())

    def pushed(self, refs: Sequence[Ref]) -> dict[Ref, frozenset[Channel]]:
        """The channels whose flag we set ourselves, by ref."""
        found: dict[Ref, set[Channel]] = defaultdict(set)
        for part in _parts(refs):
            query = select(push).where(tuple_(push.c.crm, push.c.kind, push.c.id).in_(part))
            for row in self._database.rows(query):
                found[Ref(row.crm, row.kind, row.id)].add(row.channel)
        return {ref: frozenset(channels) for ref, channels in found.items()}

    def record_push(self, ref: Ref, channels: Iterable[Channel], now: datetime) -> None:
        """Notes that we set these flags, so that they are no source of an objection."""
        lines = [
            {"crm": ref.crm, "kind": ref.kind, "id": ref.id, "channel": item, "pushed_at": now} for item in channels
        ]
        if lines:
            self._database.execute(self._database.insert(push).on_conflict_do_nothing(), lines)

    def drop_push(self, ref: Ref, channel: Channel) -> None:
        """Forgets a push whose flag is no longer set: the next time it is set, somebody else did."""
        where = and_(push.c.crm == ref.crm, push.c.kind == ref.kind, push.c.id == ref.id, push.c.channel == channel)
        self._database.execute(delete(push).where(where))

    def lift_pushes(self, identifier: Identifier, channels: Iterable[Channel], now: datetime) -> None:
        """Retires our pushes on every record of an identifier: its flag stays no source, and is pushed no more (SUP-11)."""
        for ref in self.carriers([identifier.key]):
            where = (
                push.c.crm == ref.crm,
                push.c.kind == ref.kind,
                push.c.id == ref.id,
                push.c.channel.in_(list(channels)),
            )
            self._database.execute(update(push).where(*where).values(lifted_at=now))

    def carriers(self, keys: Collection[SubjectKey]) -> list[Ref]:
        """The records that carry any of these keys, sorted."""
        return sorted(self._carriers(sorted(keys), None))

    def _carriers(self, keys: Sequence[SubjectKey], shared_above: int | None) -> set[Ref]:
        by_digest: dict[str, set[Ref]] = defaultdict(set)
        columns = (record_key.c.digest, record_key.c.crm, record_key.c.kind, record_key.c.id)
        for part in _parts([key.digest for key in keys]):
            for row in self._database.rows(select(*columns).where(record_key.c.digest.in_(part))):
                by_digest[row.digest].add(Ref(row.crm, row.kind, row.id))
        most = None if shared_above is None else shared_above + 1
        return {ref for refs in by_digest.values() for ref in sorted(refs)[:most]}

    def _forget_keys(self, refs: Sequence[Ref]) -> None:
        for part in _parts(refs):
            where = tuple_(record_key.c.crm, record_key.c.kind, record_key.c.id).in_(part)
            self._database.execute(delete(record_key).where(where))

    def _loaded(self, refs: list[Any] | None) -> Iterator[Row]:
        keys: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
        columns = (record_key.c.crm, record_key.c.kind, record_key.c.id)
        query = select(record_key).order_by(*columns, record_key.c.place, record_key.c.rank)
        for line in self._database.rows(query if refs is None else query.where(tuple_(*columns).in_(refs))):
            keys[line.crm, line.kind, line.id].append(line)
        place = (record.c.crm, record.c.kind, record.c.id)
        query = select(record).order_by(*place)
        for line in self._database.rows(query if refs is None else query.where(tuple_(*place).in_(refs))):
            yield _row(line, keys.get((line.crm, line.kind, line.id), []))


def _parts(items: Sequence[Any]) -> Iterator[list[Any]]:
    """Pieces small enough for one statement; a ref becomes a tuple."""
    flat = [(item.crm, item.kind, item.id) if isinstance(item, Ref) else item for item in items]
    yield from (flat[start : start + _BATCH] for start in range(0, len(flat), _BATCH))


def _flat(row: Row, scan_id: int) -> dict[str, Any]:
    return {
        "crm": row.ref.crm,
        "kind": row.ref.kind,
        "id": row.ref.id,
        "version": row.version,
        "collected": row.collected,
        "origin": row.origin,
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
    }


def _key_lines(row: Row) -> Iterator[dict[str, Any]]:
    for place, item in enumerate(row.identifiers):
        for rank, key in enumerate(item.keys):
            yield {
                "crm": row.ref.crm, "kind": row.ref.kind, "id": row.ref.id, "place": place, "rank": rank,
                "key_kind": key.kind, "key_id": key.key_id, "digest": key.digest, "generic": item.generic,
            }  # fmt: skip


def _row(line: Any, keys: list[Any]) -> Row:
    places: dict[int, list[Any]] = defaultdict(list)
    for key in keys:
        places[key.place].append(key)
    return Row(
        ref=Ref(line.crm, line.kind, line.id),
        version=line.version,
        identifiers=tuple(
            Identifier(tuple(SubjectKey(k.key_kind, k.key_id, k.digest) for k in group), group[0].generic)
            for group in places.values()
        ),
        collected=line.collected,
        origin=line.origin,
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
    )

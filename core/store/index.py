"""The index at rest: one pseudonymised row a record, and which marks on it we made ourselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, true, update

from core.identity import Identifier, SubjectKey
from core.index import Push, Row
from core.model import Channel, Mark, Moment, Objection, Ref
from core.store.database import Database, batched
from core.store.tables import push, record, record_key, scan

Part = tuple[str, str, Sequence[str]]
Lost = Callable[[int, int], bool]
Spared = Callable[[Sequence[Ref]], Collection[Ref]]


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

    def end_scan(
        self,
        scan_id: int,
        crm: str,
        kind: str,
        now: datetime,
        spared: Spared = lambda _: (),
        lost: Lost = lambda *_: False,
    ) -> int:
        """Closes a scan that was complete: rows it did not see are forgotten, but for those that `spared` answers of them.

        `lost` says of the records that were expected, and of those found, whether too many are missing. Then the scan is
        not accepted: nothing is forgotten, and the next one is measured against what this one was. Answers how many
        records were found.
        """
        with self._database.transaction():
            place = and_(record.c.crm == crm, record.c.kind == kind)
            stale = select(record.c.id).where(place, record.c.scan_id != scan_id)
            gone = [Ref(crm, kind, line.id) for line in self._database.rows(stale)]
            found = self.count(crm, kind) - len(gone)
            accepted = not lost(self.expected().get((crm, kind), 0), found)
            if accepted:
                kept = spared(gone) if gone else ()
                self.forget([ref for ref in gone if ref not in kept])
            values = {"ended_at": now, "records": found, "expected": found if accepted else None}
            self._database.execute(update(scan).where(scan.c.id == scan_id).values(**values))
        return found

    def accept(self, crm: str, kind: str, records: int) -> None:
        """Somebody has looked at a loss: scans that found no fewer records than it are accepted after all.

        What they did not see is forgotten by the next scan.
        """
        where = (scan.c.crm == crm, scan.c.kind == kind, scan.c.ended_at.is_not(None), scan.c.expected.is_(None))
        self._database.execute(update(scan).where(*where, scan.c.records >= records).values(expected=scan.c.records))

    def expect_one_less(self, ref: Ref) -> None:
        """A record is gone by our own hand: the next scan is not to miss it."""
        where = (scan.c.crm == ref.crm, scan.c.kind == ref.kind, scan.c.expected.is_not(None))
        last = select(func.max(scan.c.id)).where(*where).scalar_subquery()
        self._database.execute(update(scan).where(scan.c.id == last).values(expected=scan.c.expected - 1))

    def expected(self, before: Collection[int] = ()) -> dict[tuple[str, str], int]:
        """How many records each (CRM, kind) should have: those of its last accepted scan, leaving out the scans given."""
        query = select(scan).where(scan.c.expected.is_not(None), scan.c.id.not_in(list(before))).order_by(scan.c.id)
        return {(row.crm, row.kind): row.expected for row in self._database.rows(query)}

    def last_counts(self) -> dict[tuple[str, str], int]:
        """How many records the last whole scan of each (CRM, kind) found."""
        query = select(scan).where(scan.c.ended_at.is_not(None)).order_by(scan.c.id)
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
        """Writes rows, new or again; of several of one record the last.

        `scan_id` 0 keeps the scan they were seen in; when they were first seen stays.
        """
        rows = list({row.ref: row for row in rows}.values())
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

    def touch(self, refs: Sequence[Ref], scan_id: int) -> None:
        """Notes that a scan saw some records, whose rows stay as they are."""
        for part in _parts(refs):
            self._database.execute(update(record).where(_at(record, part)).values(scan_id=scan_id))

    def forget(self, refs: Sequence[Ref]) -> None:
        """Drops rows, with their keys and marks."""
        for part in _parts(refs):
            for table in (record_key, push, record):
                self._database.execute(delete(table).where(_at(table, part)))

    def crms(self) -> list[str]:
        """The CRMs that there are rows of."""
        return [row.crm for row in self._database.rows(select(record.c.crm).distinct().order_by(record.c.crm))]

    def forget_crm(self, crm: str) -> int:
        """Drops every row of a CRM with its keys and marks, and its scans. Answers how many rows there were."""
        gone = 0
        for table in (record_key, push, scan, record):
            gone = self._database.execute(delete(table).where(table.c.crm == crm)).rowcount
        return gone

    def rows(self) -> Iterator[Row]:
        """Every row, by account, kind and id."""
        yield from self._loaded(None)

    def get(self, refs: Sequence[Ref]) -> list[Row]:
        """The rows of some refs, as far as there are any."""
        return [row for part in _parts(refs) for row in self._loaded(part)]

    def linked(self, refs: Iterable[Ref], shared_above: int) -> list[Row]:
        """The rows of some refs and of everybody they are linked to, key by key; a weak key is not followed."""
        return self._walk(refs, shared_above)[0]

    def closure(self, refs: Iterable[Ref], shared_above: int) -> list[Row]:
        """All that judging the people of some refs needs: their rows, and the rows of whoever carries a weak key of theirs.

        A key on more records than `shared_above` is weak, and so is a generic mailbox. What carries one is as the last
        scan saw it, and need not be read again: it protects, and never dates or destroys.
        """
        rows, weak = self._walk(refs, shared_above)
        return [*rows, *self.get(sorted(set(self.carriers(weak)) - {row.ref for row in rows}))]

    def pushed(self, refs: Sequence[Ref]) -> dict[Ref, frozenset[Mark]]:
        """The marks that we made ourselves, by ref."""
        found: dict[Ref, frozenset[Mark]] = {}
        for part in _parts(refs):
            found |= self._marks(part)
        return found

    def pushes(self, refs: Sequence[Ref]) -> dict[Ref, dict[Mark, Push]]:
        """The same with what is known of each."""
        found: dict[Ref, dict[Mark, Push]] = defaultdict(dict)
        for part in _parts(refs):
            for line in self._database.rows(select(push).where(_at(push, part))):
                known = Push(line.pushed_at, frozenset(line.sources), line.lifted_at is not None)
                found[Ref(line.crm, line.kind, line.id)][line.channel] = known
        return found

    def record_push(self, ref: Ref, marks: Iterable[Mark], now: datetime) -> None:
        """Notes that we make these marks: a flag is no source of an objection then, a restriction no request of Art. 18."""
        statement = self._database.insert(push)
        anew = {name: statement.excluded[name] for name in ("pushed_at", "sources", "lifted_at")}
        for mark in marks:
            values = {"crm": ref.crm, "kind": ref.kind, "id": ref.id, "channel": mark, "pushed_at": now, "sources": []}
            again = statement.on_conflict_do_update(index_elements=list(push.primary_key), set_=anew)
            self._database.execute(again, [{**values, "lifted_at": None}])

    def learn_push(self, ref: Ref, mark: Mark, known: Push) -> None:
        """Keeps what became known of a mark of ours."""
        values = {"pushed_at": known.at, "sources": sorted(known.sources)}
        self._database.execute(update(push).where(_of(ref, mark)).values(**values))

    def drop_push(self, ref: Ref, mark: Mark) -> None:
        """Forgets a mark that no longer shows, or that somebody else made since."""
        self._database.execute(delete(push).where(_of(ref, mark)))

    def lift_pushes(self, ref: Ref, channels: Iterable[Channel], now: datetime) -> None:
        """Retires marks of ours on a record: what the flag shows now is no source, what joins it later is (SUP-11)."""
        for channel in channels:
            self._database.execute(update(push).where(_of(ref, channel)).values(lifted_at=now))

    def carriers(self, keys: Collection[SubjectKey]) -> list[Ref]:
        """The records that carry any of these keys, sorted."""
        query = select(record_key.c.crm, record_key.c.kind, record_key.c.id)
        found = (
            self._database.rows(query.where(record_key.c.digest.in_(part)))
            for part in batched(sorted(key.digest for key in keys))
        )
        return sorted({Ref(line.crm, line.kind, line.id) for lines in found for line in lines})

    def _walk(self, refs: Iterable[Ref], shared_above: int) -> tuple[list[Row], set[SubjectKey]]:
        """The rows of some refs and of everybody they are linked to, and the weak keys that these carry."""
        found: dict[Ref, Row] = {}
        followed: set[SubjectKey] = set()
        weak: set[SubjectKey] = set()
        wanted = set(refs)
        while wanted:
            rows = self.get(sorted(wanted))
            found |= {row.ref: row for row in rows}
            carried = [item for row in rows for item in row.identifiers]
            keys = {key for item in carried if not item.generic for key in item.keys} - followed
            followed |= keys
            weak |= self._shared(sorted(keys), shared_above)
            weak |= {key for i in carried if i.generic or not weak.isdisjoint(i.keys) for key in i.keys}
            wanted = set(self.carriers(keys - weak)) - set(found)
        return list(found.values()), weak

    def _shared(self, keys: Sequence[SubjectKey], above: int) -> set[SubjectKey]:
        """Those of some keys that more records carry than `above`; a record carries a key once."""
        by_digest = {key.digest: key for key in keys}
        count = select(record_key.c.digest).group_by(record_key.c.digest).having(func.count() > above)
        found = (self._database.rows(count.where(record_key.c.digest.in_(part))) for part in batched(list(by_digest)))
        return {by_digest[line.digest] for lines in found for line in lines}

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


def _of(ref: Ref, mark: Mark) -> ColumnElement[bool]:
    return and_(push.c.crm == ref.crm, push.c.kind == ref.kind, push.c.id == ref.id, push.c.channel == mark)


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

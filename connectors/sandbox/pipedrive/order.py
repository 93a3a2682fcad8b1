"""The records of one kind, sorted by id or by a time, for v2's cursors. Knows no HTTP."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from typing import Any

Pair = tuple[Any, int]
FIELDS = ("add_time", "update_time", "due_date")


class Order:
    """Ids with the values they are sorted by. Each sorted list is made when first asked for, then kept."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._rows: dict[int, tuple[str, ...]] = {}
        self._sorted: dict[str, list[Pair]] = {}
        for record in records:
            self.put(record)

    def put(self, record: Mapping[str, Any]) -> None:
        """Takes a record, new or changed."""
        self.drop(record["id"])
        self._rows[record["id"]] = tuple(record.get(field) or "" for field in FIELDS)
        for field, pairs in self._sorted.items():
            insort(pairs, self.pair(field, record["id"]))

    def drop(self, id: int) -> None:
        """Forgets a record, if it is known."""
        if id in self._rows:
            for field, pairs in self._sorted.items():
                del pairs[bisect_left(pairs, self.pair(field, id))]
            del self._rows[id]

    def pair(self, field: str, id: int) -> Pair:
        """The place of a known record."""
        return (id if field == "id" else self._rows[id][FIELDS.index(field)], id)

    def pairs(self, field: str) -> list[Pair]:
        """Every record, by a field, ascending; equal values by id. Must not be changed by the caller."""
        if field not in self._sorted:
            self._sorted[field] = sorted(self.pair(field, id) for id in self._rows)
        return self._sorted[field]

    def some(self, field: str, ids: Iterable[int]) -> list[Pair]:
        """The records among some ids, by a field."""
        return sorted(self.pair(field, id) for id in set(ids) if id in self._rows)

    def updated(self, since: str | None, until: str | None) -> list[int]:
        """The ids of records updated at or after a time and before another."""
        pairs = self.pairs("update_time")
        first = bisect_left(pairs, (since, 0)) if since else 0
        last = bisect_left(pairs, (until, 0)) if until else len(pairs)
        return [id for _, id in pairs[first:last]]

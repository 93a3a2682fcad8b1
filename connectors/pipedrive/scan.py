"""Reading persons: all of them in whole passes, or some by id (pipedrive.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain
from typing import TypeVar

from connectors.pipedrive import clock, records, schema
from connectors.pipedrive.client import Api, Invalid, Missing, Row, need
from connectors.pipedrive.clock import Inputs
from connectors.pipedrive.options import PipedriveOptions
from connectors.pipedrive.schema import Layout
from core.errors import NotAllowed
from core.model import Page, Query, Record, Ref

READS = 100
"""How many ids one list may be asked for."""
KEYS = 15
"""How many custom fields one list may be asked for."""

T = TypeVar("T")
Keys = tuple[str, ...]


class Reader:
    """Reads persons of one account. Keeps the person fields, and which optional ones the account answers."""

    def __init__(self, crm: str, api: Api, options: PipedriveOptions) -> None:
        self._crm, self._api, self._options = crm, api, options
        self.clock = clock.Clock(api, options)
        self._layout: Layout | None = None
        self._answered: dict[str, bool] = {}
        self._statuses = options.campaigns is True

    def layout(self, *, fresh: bool = False) -> Layout:
        """The person fields; read once, and again when they must be `fresh`."""
        if fresh or self._layout is None:
            self._layout = schema.read(self._api, self._options)
        return self._layout

    def scan(self, query: Query) -> Iterator[Page]:
        """Every person, page by page. More than 15 custom fields take several whole passes, merged by id."""
        known = self.layout(fresh=True)
        self._answered.clear()
        self.clock.start()
        keys = passes(known.keys(query.properties))
        trails = [_Trail(chain.from_iterable(page for page, _ in self._walk(some, ()))) for some in keys[1:]]
        for page, last in self._walk(keys[0], self._include(query.properties)):
            end = None if last else max((row["id"] for row in page), default=0)
            whole, torn = _joined(page, [trail.upto(end) for trail in trails])
            again = (self.rows(some, keys, query.properties).values() for some in batched(torn, READS))
            yield Page(self._records(chain(whole, *again), known, query.properties), last)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some persons, as `scan` reads them. What is deleted, merged away, hidden or no person is None."""
        known = self.layout()
        found: dict[Ref, Record | None] = dict.fromkeys(refs)
        ids = [int(ref.id) for ref in found if ref.kind == schema.PERSON and ref.id.isdecimal()]
        keys = passes(known.keys(properties))
        rows = [row for some in batched(ids, READS) for row in self.rows(some, keys, properties).values()]
        if rows:
            self.clock.refresh()
        return found | {item.ref: item for item in self._records(rows, known, properties) if item.ref in found}

    def rows(self, ids: Sequence[int], keys: Iterable[Keys], properties: Sequence[str] = ()) -> dict[int, Row]:
        """At most READS persons by id, one call for each of the passes `keys`; a deleted one is left out."""
        asked = ",".join(map(str, ids))
        reads: list[dict[int, Row]] = []
        for some in keys if ids else ():
            pages = self._walk(some, () if reads else self._include(properties), ids=asked)
            reads.append({row["id"]: row for page, _ in pages for row in page if not row.get("is_deleted")})
        whole, _ = _joined(list(reads[0].values()) if reads else [], reads[1:])
        return {row["id"]: row for row in whole}

    def again(self, row: Row, keys: Keys) -> Row:
        """A person read once more, with these custom fields for certain: a tenth of what a list costs. Raises Missing."""
        for some in passes(keys):
            lists = {"include_fields": ",".join(self._include(())), "custom_fields": ",".join(some)}
            given = {name: text for name, text in lists.items() if text}
            now = self._api.one("persons.get", f"persons/{row['id']}", **given)
            if now.get("is_deleted") or need(now, "id") != row["id"]:
                raise Missing("Pipedrive: the person was deleted, or merged into another one")
            others = {code: value for code, value in (row.get("custom_fields") or {}).items() if code not in some}
            row = {**row, **now, "custom_fields": others | (now.get("custom_fields") or {})}
        return row

    def _records(self, rows: Iterable[Row], known: Layout, wanted: Sequence[str]) -> tuple[Record, ...]:
        return tuple(
            records.record(self._crm, row, known, self._options, self._inputs(row), wanted)
            for row in rows
            if not row.get("is_deleted")
        )

    def _inputs(self, row: Row) -> Inputs:
        """What the clock knows; a status that others had, or must have, is unreadable: it may be an objection."""
        inputs = self.clock.of(row)
        self._statuses |= records.MARKETING in row
        lost = self._statuses and records.MARKETING not in row
        return replace(inputs, unreadable=(*inputs.unreadable, records.MARKETING)) if lost else inputs

    def _walk(self, keys: Keys, include: Keys, **asked: object) -> Iterator[tuple[list[Row], bool]]:
        lists = {"include_fields": ",".join(include), "custom_fields": ",".join(keys)}
        given = {name: text for name, text in lists.items() if text}
        for page, last in self._api.pages("persons.list", "persons", sort_by="id", **asked, **given):
            yield [row for row in page if need(row, "id") and need(row, "update_time")], last

    def _include(self, properties: Iterable[str]) -> Keys:
        """The optional fields to ask for: only what the account answers, since one it refuses fails the whole call."""
        fields = self.layout().fields
        asked = (name for name in properties if name in fields and fields[name].optional)
        status = () if self._options.campaigns is False else (records.MARKETING,)
        names = tuple(dict.fromkeys((*clock.INCLUDE, *status, *asked)))
        if unknown := tuple(name for name in names if name not in self._answered):
            every = self._answers(unknown)
            self._answered |= {name: every or self._answers((name,)) for name in unknown}
        return tuple(name for name in names if self._answered[name])

    def has_campaigns(self) -> bool | None:
        """True when persons come with a marketing status; None when there is no person to tell by. Asks anew."""
        self._answered.pop(records.MARKETING, None)
        include = self._include(())
        page, _ = next(self._api.pages("persons.probe", "persons", limit=1, include_fields=",".join(include)))
        return any(records.MARKETING in row for row in page) if page or records.MARKETING not in include else None

    def _answers(self, names: Keys) -> bool:
        try:
            next(self._api.pages("persons.probe", "persons", limit=1, include_fields=",".join(names)))
        except (NotAllowed, Invalid):
            return False
        return True


class _Trail:
    """Another pass over the persons, followed as far as the first one has got."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._head = next(rows, None)

    def upto(self, last: int | None) -> dict[int, Row]:
        """The persons up to an id, or all the rest."""
        taken: dict[int, Row] = {}
        while self._head is not None and (last is None or self._head["id"] <= last):
            taken[self._head["id"]] = self._head
            self._head = next(self._rows, None)
        return taken


def passes(codes: Keys) -> list[Keys]:
    """The custom fields in as many groups as the vendor needs; one empty group when there are none."""
    return batched(codes, KEYS) or [()]


def batched(items: Sequence[T], size: int) -> list[tuple[T, ...]]:
    """Groups of at most `size`."""
    return [tuple(items[start : start + size]) for start in range(0, len(items), size)]


def merged(row: Row, other: Row) -> Row:
    """One person out of two passes. It carries the older version, so that nothing is written on a mixed read."""
    fields = (row.get("custom_fields") or {}) | (other.get("custom_fields") or {})
    return {**row, "custom_fields": fields, "update_time": min(row["update_time"], other["update_time"])}


def _joined(page: list[Row], others: list[dict[int, Row]]) -> tuple[list[Row], list[int]]:
    """The persons whose every part is there, and the ids of the rest, which changed or went during the scan."""
    whole, torn = [], []
    for row in page:
        parts = [found for other in others if (found := other.get(row["id"]))]
        if len(parts) == len(others):
            whole.append(reduce(merged, parts, row))
        else:
            torn.append(row["id"])
    return whole, torn

"""The org's rows: sparse documents (null and false are left out), found by id or by an indexed field.

A row in the recycle bin has `_deleted` (when), `_root` (the id whose deletion took it along) and, once the bin was
emptied, `_emptied` (when).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from connectors.sandbox.salesforce import times
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.state import Doc

_LAG = timedelta(hours=24)
_Before = dict[tuple[str, str], tuple[Object, Doc | None]]


def is_live(row: Doc) -> bool:
    """True for a row that `query` shows: neither deleted nor an archived activity."""
    return "_deleted" not in row and not row.get("IsArchived")


def in_bin(row: Doc) -> bool:
    """True for a row that can still be undeleted."""
    return "_deleted" in row and "_emptied" not in row


class Rows:
    """Reads and writes rows of one org. Must be used under the state's lock."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._undo: list[_Before] = []

    def get(self, kind: Object, id: str) -> Doc | None:
        """A row by its 18-character id, deleted ones included; None when there is none or its time in the bin is up."""
        row = self.org.state.get(self.org.kind(kind.name), id)
        return None if row is None or self._expired(row) else row

    def locate(self, id: str) -> tuple[Object, Doc] | None:
        """A row by its id alone."""
        for kind in self.org.by_prefix(id):
            row = self.get(kind, id)
            if row is not None:
                return kind, row
        return None

    def ids(self, kind: Object, live: bool) -> list[str]:
        """The ids of all rows in id order: only the live ones, or (False) every one there is."""
        name = self.org.kind(kind.name)
        found = self.org.state.find(name, "live", "1")
        if not live:
            found += [id for id in self.org.state.find(name, "live", "0") if self.get(kind, id) is not None]
        return sorted(found)

    def find(self, kind: Object, field: str, value: str) -> list[str]:
        """The ids of the rows, deleted ones included, whose indexed field has this value, in any case."""
        return self.org.state.find(self.org.kind(kind.name), field, value.lower())

    def put(self, kind: Object, row: Doc) -> None:
        """Writes a row, new or again."""
        self._remember(kind, row["Id"])
        kept = {name: value for name, value in row.items() if value is not None and value is not False}
        self.org.state.put(self.org.kind(kind.name), row["Id"], kept, _tags(kind, kept))

    def drop(self, kind: Object, id: str) -> None:
        """Forgets a row for good."""
        self._remember(kind, id)
        self.org.state.delete(self.org.kind(kind.name), id)

    @contextmanager
    def undoable(self) -> Iterator[None]:
        """Takes back every change of the block when it raises Fail. May be nested."""
        self._undo.append({})
        try:
            yield
        except Fail:
            self._restore(self._undo.pop())
            raise
        done = self._undo.pop()
        if self._undo:
            self._undo[-1].update({key: value for key, value in done.items() if key not in self._undo[-1]})

    def _remember(self, kind: Object, id: str) -> None:
        if self._undo and (kind.name, id) not in self._undo[-1]:
            self._undo[-1][kind.name, id] = (kind, self.org.state.get(self.org.kind(kind.name), id))

    def _restore(self, before: _Before) -> None:
        undo, self._undo = self._undo, []
        for (_, id), (kind, row) in before.items():
            if row is None:
                self.drop(kind, id)
            else:
                self.put(kind, row)
        self._undo = undo

    def _expired(self, row: Doc) -> bool:
        if "_deleted" not in row:
            return False
        days = self.org.settings.recycle_bin_days
        ends = times.moment(row["_deleted"]) + timedelta(days=days)
        if "_emptied" in row:
            ends = min(ends, times.moment(row["_emptied"]) + _LAG)
        return self.org.now() >= ends


def _tags(kind: Object, row: Doc) -> dict[str, list[str]]:
    tags = {"live": ["1" if is_live(row) else "0"]}
    for field in kind.indexed:
        value = row.get(field.name)
        if value is not None:
            tags[field.name] = [str(value).lower()]
    if "_root" in row:
        tags["_root"] = [row["_root"].lower()]
    return tags
